package ec2

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// connectionStates are the states of the caller's connections by endpoint.
func connectionStates(t *testing.T, s *Service, ctx context.Context, filters ...ec2.Filter) map[string]string {
	t.Helper()
	out, err := s.DescribeVpcEndpointConnections(ctx, &ec2.DescribeVpcEndpointConnectionsInput{Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	if ids := texts(out.VpcEndpointConnections, func(v ec2.VpcEndpointConnection) *string { return v.VpcEndpointConnectionId }); !slices.IsSorted(ids) {
		t.Errorf("pages need an order: %v", ids)
	}
	states := map[string]string{}
	for _, v := range out.VpcEndpointConnections {
		states[*v.VpcEndpointId] = *v.VpcEndpointState
	}
	return states
}

// A provider sees an endpoint of another account and Region as far as it
// concerns the service.
func TestDescribeVpcEndpointConnections(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx, behind(nlbA, nlbDual))
	endpoint := attach(t, s, id, func(e *vpc.Endpoint) {
		e.ID, e.Connection, e.Region = "vpce-0a1b2c3d4e5f60718", "vpce-con-0a1b2c3d4e5f60718", "us-east-2"
		e.Admission, e.Subnets, e.Tags = vpc.AdmissionPending, []string{"subnet-0e000000000000001"}, vpc.Tags{"secret": "of the consumer"}
	})
	out, err := s.DescribeVpcEndpointConnections(ctx, &ec2.DescribeVpcEndpointConnectionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := []ec2.VpcEndpointConnection{{
		VpcEndpointConnectionId: wire.Ptr("vpce-con-0a1b2c3d4e5f60718"),
		VpcEndpointId:           &endpoint,
		VpcEndpointOwner:        wire.Ptr("444455556666"),
		VpcEndpointRegion:       wire.Ptr("us-east-2"),
		VpcEndpointState:        wire.Ptr("pendingAcceptance"),
		ServiceId:               &id,
		CreationTimestamp:       wire.Ptr(then),
		DnsEntries:              []ec2.DnsEntry{{DnsName: wire.Ptr("vpce-0a1b2c3d4e5f60718-q1w2e3r4." + id + ".us-east-2.vpce.amazonaws.com"), HostedZoneId: wire.Ptr("ZC8PG0KIFKBRI")}},
		IpAddressType:           wire.Ptr("ipv4"),
		NetworkLoadBalancerArns: []string{nlbA, nlbDual},
	}}
	if d := cmp.Diff(want, out.VpcEndpointConnections); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// In the service's own Region there are zonal names.
func TestConnectionNames(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	attach(t, s, id, func(e *vpc.Endpoint) {
		e.Owner, e.VPC, e.ID, e.Subnets = me, vpcID, "vpce-0a1b2c3d4e5f60718", []string{subnetB, subnetA}
	})
	out, err := s.DescribeVpcEndpointConnections(ctx, &ec2.DescribeVpcEndpointConnectionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	base := "." + id + ".us-east-1.vpce.amazonaws.com"
	want := []string{"vpce-0a1b2c3d4e5f60718-q1w2e3r4" + base, "vpce-0a1b2c3d4e5f60718-q1w2e3r4-us-east-1a" + base, "vpce-0a1b2c3d4e5f60718-q1w2e3r4-us-east-1b" + base}
	if d := cmp.Diff(want, texts(out.VpcEndpointConnections[0].DnsEntries, func(e ec2.DnsEntry) *string { return e.DnsName })); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConnectionFilters(t *testing.T) {
	s, ctx := serviceFixture(t)
	a, b := offerService(t, s, ctx), offerService(t, s, ctx, behind(nlbB))
	own := attach(t, s, a, func(e *vpc.Endpoint) { e.Owner, e.VPC = me, otherVPC })
	waits := attach(t, s, a, answered(vpc.AdmissionPending), func(e *vpc.Endpoint) { e.IPAddressType = "dualstack" })
	late := attach(t, s, b, answered(vpc.AdmissionPending), madeBefore(vpc.AnswerTime), func(e *vpc.Endpoint) { e.Region = "eu-west-1" })
	all := map[string]string{own: "available", waits: "pendingAcceptance", late: "expired"}
	for _, row := range []struct {
		name  string
		value []string
		want  []string
	}{
		{"service-id", []string{a}, []string{own, waits}},
		{"service-id", []string{a, b}, []string{own, waits, late}},
		{"service-id", []string{noService}, nil},
		{"vpc-endpoint-id", []string{late}, []string{late}},
		{"vpc-endpoint-owner", []string{consumer.Account}, []string{waits, late}},
		{"vpc-endpoint-region", []string{"eu-*"}, []string{late}},
		{"vpc-endpoint-state", []string{"pendingAcceptance", "expired"}, []string{waits, late}},
		{"vpc-endpoint-state", []string{"rejected"}, nil},
		{"ip-address-type", []string{"dualstack"}, []string{waits}},
	} {
		want := map[string]string{}
		for _, id := range row.want {
			want[id] = all[id]
		}
		if d := cmp.Diff(want, connectionStates(t, s, ctx, ec2.Filter{Name: &row.name, Values: row.value})); d != "" {
			t.Errorf("%s=%v (-want +got):\n%s", row.name, row.value, d)
		}
	}
	_, err := s.DescribeVpcEndpointConnections(ctx, &ec2.DescribeVpcEndpointConnectionsInput{Filters: []ec2.Filter{{Name: wire.Ptr("vpc-id"), Values: []string{"*"}}}})
	refused(t, "filter", err, "InvalidParameterValue", "The filter 'vpc-id' is invalid")
	_, err = s.DescribeVpcEndpointConnections(ctx, &ec2.DescribeVpcEndpointConnectionsInput{MaxResults: wire.Ptr(int32(0))})
	refused(t, "page", err, "InvalidParameterValue", "Value ( 0 ) for parameter maxResults is invalid. Expecting a value greater than or equal to 5.")
}

// Which answers a provider may give in which state, and what comes of them.
func TestAnswerConnections(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	accept := func(endpoint string) []ec2.UnsuccessfulItem {
		out, err := s.AcceptVpcEndpointConnections(ctx, &ec2.AcceptVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{endpoint}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Unsuccessful
	}
	reject := func(endpoint string) []ec2.UnsuccessfulItem {
		out, err := s.RejectVpcEndpointConnections(ctx, &ec2.RejectVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{endpoint}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Unsuccessful
	}
	fresh, stale := madeBefore(vpc.AnswerTime-time.Second), madeBefore(vpc.AnswerTime)
	rows := []struct {
		what    string
		is      vpc.Admission
		made    func(*vpc.Endpoint)
		answer  func(string) []ec2.UnsuccessfulItem
		state   string
		refusal string
	}{
		{"accept one that waits", vpc.AdmissionPending, fresh, accept, "available", ""},
		{"accept one that is accepted", vpc.Admitted, stale, accept, "available", "is in the state available. Expecting pendingAcceptance."},
		{"accept one that was rejected", vpc.AdmissionRejected, fresh, accept, "rejected", "is in the state rejected. Expecting pendingAcceptance."},
		{"accept one that has expired", vpc.AdmissionPending, stale, accept, "expired", "is in the state expired. Expecting pendingAcceptance."},
		{"accept one that has failed", vpc.AdmissionFailed, fresh, accept, "failed", "is in the state failed. Expecting pendingAcceptance."},
		{"reject one that waits", vpc.AdmissionPending, fresh, reject, "rejected", ""},
		{"reject one that is accepted", vpc.Admitted, stale, reject, "rejected", ""},
		{"reject one twice", vpc.AdmissionRejected, fresh, reject, "rejected", "is in the state rejected. Expecting pendingAcceptance or available."},
		{"reject one that has expired", vpc.AdmissionPending, stale, reject, "expired", "is in the state expired. Expecting pendingAcceptance or available."},
	}
	for _, row := range rows {
		endpoint := attach(t, s, id, answered(row.is), row.made)
		var want []ec2.UnsuccessfulItem
		if row.refusal != "" {
			want = []ec2.UnsuccessfulItem{{ResourceId: &endpoint, Error: &ec2.UnsuccessfulItemError{
				Code: wire.Ptr("InvalidState"), Message: wire.Ptr("The VPC endpoint " + endpoint + " " + row.refusal)}}}
		}
		if d := cmp.Diff(want, row.answer(endpoint)); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.what, d)
		}
		if got := connectionStates(t, s, ctx)[endpoint]; got != row.state {
			t.Errorf("%s: the endpoint is %s, want %s", row.what, got, row.state)
		}
	}
}

// One call answers many endpoints; those that it cannot answer do not keep the
// others.
func TestAnswerConnectionsInBulk(t *testing.T) {
	s, ctx := serviceFixture(t)
	id, other := offerService(t, s, ctx), offerService(t, s, ctx, behind(nlbB))
	a, b := attach(t, s, id, answered(vpc.AdmissionPending)), attach(t, s, id, answered(vpc.AdmissionPending))
	rejected, elsewhere := attach(t, s, id, answered(vpc.AdmissionRejected)), attach(t, s, other, answered(vpc.AdmissionPending))
	out, err := s.AcceptVpcEndpointConnections(ctx, &ec2.AcceptVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{a, noEndpoint, rejected, elsewhere, b, a}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{noEndpoint + " InvalidVpcEndpoint.NotFound", rejected + " InvalidState", elsewhere + " InvalidVpcEndpoint.NotFound"}
	slices.Sort(want)
	if d := cmp.Diff(want, items(out.Unsuccessful)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	states := map[string]string{a: "available", b: "available", rejected: "rejected", elsewhere: "pendingAcceptance"}
	if d := cmp.Diff(states, connectionStates(t, s, ctx)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = s.RejectVpcEndpointConnections(ctx, &ec2.RejectVpcEndpointConnectionsInput{ServiceId: wire.Ptr(noService), VpcEndpointIds: []string{a}})
	refused(t, "absent service", err, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '"+noService+"' does not exist")
}

// An answer is given when the network at both ends obeys it.
func TestRejectWaitsForBothEnds(t *testing.T) {
	ends := map[string]string{consumerVPC: vpcID, vpcID: consumerVPC}
	for behindHand, other := range ends {
		s, ctx := endpointFixture(t) // without an agent
		putLoadBalancers(t, s)
		id := offerService(t, s, ctx)
		e, _ := putEndpoint(t, s, id)
		s.store.SetApplied(other, math.MaxInt64, nil)
		waiting, cancel := context.WithTimeout(ctx, time.Second)
		_, err := s.RejectVpcEndpointConnections(waiting, &ec2.RejectVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{e.ID}})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), behindHand) {
			t.Errorf("while %s is behind: %v", behindHand, err)
		}
		if got := connectionStates(t, s, ctx)[e.ID]; got != "rejected" {
			t.Errorf("the endpoint is %s", got)
		}
	}
}
