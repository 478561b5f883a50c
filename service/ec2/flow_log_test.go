package ec2

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

const (
	logRole  = "arn:aws:iam::111122223333:role/flow"
	groupARN = "arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow"
)

// flowLogRequest asks for all traffic of the VPC in a log group; edit changes
// it.
func flowLogRequest(edit ...func(*ec2.CreateFlowLogsInput)) *ec2.CreateFlowLogsInput {
	in := &ec2.CreateFlowLogsInput{
		ResourceIds:              []string{vpcID},
		ResourceType:             wire.Ptr("VPC"),
		TrafficType:              wire.Ptr("ALL"),
		LogGroupName:             wire.Ptr("/vpc/flow"),
		DeliverLogsPermissionArn: wire.Ptr(logRole),
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func on(kind string, ids ...string) func(*ec2.CreateFlowLogsInput) {
	return func(in *ec2.CreateFlowLogsInput) { in.ResourceType, in.ResourceIds = &kind, ids }
}

func toARN(arn string) func(*ec2.CreateFlowLogsInput) {
	return func(in *ec2.CreateFlowLogsInput) { in.LogGroupName, in.LogDestination = nil, &arn }
}

// toType asks for another type of destination, which takes no role.
func toType(kind, arn string) func(*ec2.CreateFlowLogsInput) {
	return func(in *ec2.CreateFlowLogsInput) {
		in.LogGroupName, in.DeliverLogsPermissionArn = nil, nil
		in.LogDestinationType, in.LogDestination = &kind, &arn
	}
}

func TestCreateFlowLogs(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	createEndpoint(t, s, ctx, inSubnets(subnetA))
	eni := enis(s)[0].ID
	rows := []struct {
		edit []func(*ec2.CreateFlowLogsInput)
		want ec2.FlowLog
	}{
		{nil, ec2.FlowLog{ResourceId: wire.Ptr(vpcID)}},
		{[]func(*ec2.CreateFlowLogsInput){on("Subnet", subnetA), toARN(groupARN)}, ec2.FlowLog{ResourceId: wire.Ptr(subnetA), LogDestination: wire.Ptr(groupARN)}},
		{[]func(*ec2.CreateFlowLogsInput){on("NetworkInterface", eni), toARN(groupARN + ":*"), func(in *ec2.CreateFlowLogsInput) {
			in.TrafficType = wire.Ptr("REJECT")
			in.MaxAggregationInterval = wire.Ptr(int32(60))
			in.LogFormat = wire.Ptr("${srcaddr} ${dstaddr} ${action}")
			in.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-flow-log"), Tags: []ec2.Tag{{Key: wire.Ptr("k"), Value: wire.Ptr("v")}}}}
		}}, ec2.FlowLog{
			ResourceId: &eni, LogDestination: wire.Ptr(groupARN + ":*"), TrafficType: wire.Ptr("REJECT"),
			MaxAggregationInterval: wire.Ptr(int32(60)), LogFormat: wire.Ptr("${srcaddr} ${dstaddr} ${action}"),
			Tags: []ec2.Tag{{Key: wire.Ptr("k"), Value: wire.Ptr("v")}},
		}},
	}
	for _, row := range rows {
		out, err := s.CreateFlowLogs(ctx, flowLogRequest(row.edit...))
		if err != nil || len(out.FlowLogIds) != 1 || len(out.Unsuccessful) != 0 {
			t.Fatalf("%+v, %v", out, err)
		}
		want := row.want
		want.FlowLogId = &out.FlowLogIds[0]
		want.FlowLogStatus, want.DeliverLogsStatus = wire.Ptr("ACTIVE"), wire.Ptr("SUCCESS")
		want.LogDestinationType, want.LogGroupName = wire.Ptr("cloud-watch-logs"), wire.Ptr("/vpc/flow")
		want.DeliverLogsPermissionArn, want.CreationTime = wire.Ptr(logRole), &then
		if want.TrafficType == nil {
			want.TrafficType, want.MaxAggregationInterval, want.LogFormat = wire.Ptr("ALL"), wire.Ptr(int32(600)), wire.Ptr(vpc.DefaultFlowFormat)
		}
		got, err := s.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{FlowLogIds: out.FlowLogIds})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]ec2.FlowLog{want}, got.FlowLogs); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestCreateFlowLogsRefuses(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	type in = ec2.CreateFlowLogsInput
	format := func(f string) func(*in) { return func(c *in) { c.LogFormat = &f } }
	const badFormat = "Invalid LogFormat. Fields must have the form ${field} and be separated by single spaces."
	rows := []struct {
		edit          func(*in)
		code, message string
	}{
		{func(c *in) { c.TrafficType = nil }, "MissingParameter", "The request must contain the parameter TrafficType"},
		{func(c *in) { c.ResourceType = wire.Ptr("TransitGateway") }, "InvalidParameter", "TrafficType can't be provided if ResourceType is TransitGateway."},
		{func(c *in) { c.ResourceIds = slices.Repeat([]string{"vpc-1"}, 1001) }, "InvalidParameter", "The number of resource IDs (1001) exceeds the limit of 1000"},
		{func(c *in) { c.MaxAggregationInterval = wire.Ptr(int32(300)) }, "InvalidParameter", "Invalid Flow Log Max Aggregation Interval"},
		{format("${vpc-id}"), "InvalidParameter", "Invalid LogFormat. The field ${vpc-id} is not supported."},
		{format("${version}  ${bytes}"), "InvalidParameter", badFormat},
		{format("version"), "InvalidParameter", badFormat},
		{format(" "), "InvalidParameter", badFormat},
		{func(c *in) { c.DeliverLogsPermissionArn = nil }, "InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."},
		{func(c *in) { c.DeliverLogsPermissionArn = wire.Ptr("flow") }, "InvalidParameter", "Invalid DeliverLogsPermissionArn: flow"},
		{func(c *in) { c.LogDestinationType = wire.Ptr("s3") }, "InvalidParameter", "LogDestination type must be cloud-watch-logs if LogGroupName is provided."},
		{func(c *in) { c.LogDestination = wire.Ptr(groupARN) }, "InvalidParameter", "Please only provide LogGroupName or only provide LogDestination."},
		{func(c *in) { c.LogGroupName = nil }, "InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided."},
		{func(c *in) { c.LogGroupName = wire.Ptr("a b") }, "InvalidParameter", "Invalid log group name: a b"},
		{toARN("/vpc/flow"), "InvalidParameter", "Invalid LogDestination: /vpc/flow"},
		{toARN("arn:aws:logs:us-east-2:111122223333:log-group:g"), "InvalidParameter", "Invalid LogDestination: arn:aws:logs:us-east-2:111122223333:log-group:g"},
		{toARN("arn:aws:logs:us-east-1:111122223333:log-group::*"), "InvalidParameter", "Invalid log group name: "},
		{toType("s3", "my-bucket"), "InvalidParameter", "Invalid LogDestination: my-bucket"},
		{toType("s3", "arn:aws:s3:::b-1/AWSLogs/"), "InvalidParameter", "Invalid LogDestination: arn:aws:s3:::b-1/AWSLogs/. AWSLogs is reserved."},
		{toType("kinesis-data-firehose", "arn:aws:s3:::bucket"), "InvalidParameter", "Invalid LogDestination: arn:aws:s3:::bucket"},
		{func(c *in) { toType("s3", "arn:aws:s3:::bucket")(c); c.DeliverLogsPermissionArn = wire.Ptr(logRole) }, "InvalidParameter", "DeliverLogsPermissionArn can't be provided if LogDestinationType is s3."},
		{func(c *in) { c.DeliverCrossAccountRole = wire.Ptr(logRole) }, "InvalidParameter", "DeliverCrossAccountRole can't be provided if LogDestinationType is cloud-watch-logs."},
		{func(c *in) { c.DestinationOptions = &ec2.DestinationOptionsRequest{} }, "InvalidParameter", "DestinationOptions can't be provided if LogDestinationType is cloud-watch-logs."},
	}
	for i, row := range rows {
		_, err := s.CreateFlowLogs(ctx, flowLogRequest(row.edit))
		refused(t, "row "+strconv.Itoa(i), err, row.code, row.message)
	}
}

func TestCreateFlowLogsUnsuccessful(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	type in = ec2.CreateFlowLogsInput
	const exists = "Error. There is an existing Flow Log with the same configuration and log destination."
	rows := []struct {
		edit              []func(*in)
		made              int
		id, code, message string // of the one that fails
	}{
		{[]func(*in){on("VPC", vpcID, "vpc-0f", otherVPC)}, 2, "vpc-0f", "InvalidVpcID.NotFound", "The vpc ID 'vpc-0f' does not exist"},
		{nil, 0, vpcID, "FlowLogAlreadyExists", exists},
		{[]func(*in){toARN(groupARN)}, 0, vpcID, "FlowLogAlreadyExists", exists},
		{[]func(*in){func(c *in) { c.TrafficType = wire.Ptr("ACCEPT") }}, 1, "", "", ""}, // to the same group, other traffic
		{[]func(*in){on("Subnet", vpcID)}, 0, vpcID, "InvalidSubnetID.NotFound", "The subnet ID '" + vpcID + "' does not exist"},
		{[]func(*in){on("NetworkInterface", "eni-0f")}, 0, "eni-0f", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-0f' does not exist"},
		{[]func(*in){on("TransitGateway", "tgw-1"), func(c *in) { c.TrafficType = nil }}, 0, "tgw-1", "InvalidParameterValue", "The resource ID 'tgw-1' does not exist"},
		{[]func(*in){toType("s3", "arn:aws:s3:::my-bucket/logs/")}, 0, vpcID, "LogDestinationNotFound", "LogDestination: my-bucket does not exist."},
		{[]func(*in){toType("kinesis-data-firehose", "arn:aws:firehose:us-east-1:111122223333:deliverystream/d")}, 0, vpcID, "LogDestinationNotFound", "LogDestination: d does not exist."},
	}
	for _, row := range rows {
		out, err := s.CreateFlowLogs(ctx, flowLogRequest(row.edit...))
		if err != nil {
			t.Fatal(err)
		}
		var want []ec2.UnsuccessfulItem
		if row.id != "" {
			want = []ec2.UnsuccessfulItem{{ResourceId: &row.id, Error: &ec2.UnsuccessfulItemError{Code: &row.code, Message: &row.message}}}
		}
		if d := cmp.Diff(want, out.Unsuccessful); d != "" || len(out.FlowLogIds) != row.made {
			t.Errorf("%d made, want %d; unsuccessful (-want +got):\n%s", len(out.FlowLogIds), row.made, d)
		}
	}
	s.limits.FlowLogsPer = 2
	out, err := s.CreateFlowLogs(ctx, flowLogRequest(func(c *in) { c.TrafficType = wire.Ptr("REJECT") }))
	if err != nil || len(out.Unsuccessful) != 1 || *out.Unsuccessful[0].Error.Code != "FlowLogsLimitExceeded" {
		t.Errorf("at the limit: %+v, %v", out, err)
	}
}

func TestCreateFlowLogsToken(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	token := func(in *ec2.CreateFlowLogsInput) { in.ClientToken = wire.Ptr("t-1") }
	both := on("VPC", otherVPC, vpcID)
	first, err := s.CreateFlowLogs(ctx, flowLogRequest(token, both))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.CreateFlowLogs(ctx, flowLogRequest(token, both))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the same request again (-first +again):\n%s", d)
	}
	if ids := distinct(first.FlowLogIds); len(ids) != 2 {
		t.Errorf("two resources got the flow logs %v", ids)
	}
	_, err = s.CreateFlowLogs(ctx, flowLogRequest(token))
	refused(t, "other parameters", err, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
}

func TestDescribeAndDeleteFlowLogs(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	made, err := s.CreateFlowLogs(ctx, flowLogRequest(on("VPC", vpcID, otherVPC)))
	if err != nil {
		t.Fatal(err)
	}
	first, second := made.FlowLogIds[0], made.FlowLogIds[1]
	filters := []struct {
		name, value string
		want        []string
	}{
		{"resource-id", vpcID, []string{first}},
		{"flow-log-id", second, []string{second}},
		{"log-group-name", "/vpc/*", []string{first, second}},
		{"log-destination-type", "s3", nil},
		{"traffic-type", "ALL", []string{first, second}},
		{"deliver-log-status", "SUCCESS", []string{first, second}},
	}
	for _, f := range filters {
		out, err := s.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{Filter: []ec2.Filter{{Name: &f.name, Values: []string{f.value}}}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range out.FlowLogs {
			got = append(got, *l.FlowLogId)
		}
		slices.Sort(f.want)
		if d := cmp.Diff(f.want, got); d != "" {
			t.Errorf("%s=%s (-want +got):\n%s", f.name, f.value, d)
		}
	}
	const absent = "These flow log ids in the input list are not found: [TotalCount: 1] fl-0f"
	_, err = s.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{FlowLogIds: []string{first, "fl-0f"}})
	refused(t, "describe", err, "InvalidFlowLogId.NotFound", absent)
	_, err = s.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: []string{first, "fl-0f"}})
	refused(t, "delete", err, "InvalidFlowLogId.NotFound", absent)
	if _, err := s.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: []string{second, first}}); err != nil {
		t.Fatal(err)
	}
	if out, err := s.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{}); err != nil || len(out.FlowLogs) != 0 {
		t.Errorf("%v are left, %v", out, err)
	}
}

// TestDeletedInterfaceTakesItsFlowLogs: the flow logs of a network interface
// end with it.
func TestDeletedInterfaceTakesItsFlowLogs(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, inSubnets(subnetA))
	if _, err := s.CreateFlowLogs(ctx, flowLogRequest(on("NetworkInterface", enis(s)[0].ID))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if out, err := s.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{}); err != nil || len(out.FlowLogs) != 0 {
		t.Errorf("%v are left, %v", out, err)
	}
}

// TestDeleteFlowLogOfDeletedVPC must not wait for a VPC that is not there.
func TestDeleteFlowLogOfDeletedVPC(t *testing.T) {
	s, ctx := endpointFixture(t)
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		s.store.FlowLogs.Put(tx, vpc.FlowLog{Owner: me, ID: "fl-0a000000000000001", Resource: "vpc-0f", Interval: time.Minute})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: []string{"fl-0a000000000000001"}}); err != nil {
		t.Fatal(err)
	}
}
