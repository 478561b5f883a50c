package ec2

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestCreateVpcEndpoint(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	out, err := s.CreateVpcEndpoint(ctx, endpointRequest(inSubnets(subnetB, subnetA), func(in *ec2.CreateVpcEndpointInput) {
		in.SecurityGroupIds = []string{groupEp, groupApp, groupEp}
		in.ClientToken = wire.Ptr("t-1")
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.Value(out.ClientToken); got != "t-1" {
		t.Errorf("client token %q is answered", got)
	}
	e := *out.VpcEndpoint
	id, name := *e.VpcEndpointId, *e.DnsEntries[0].DnsName
	suffix := strings.TrimSuffix(strings.TrimPrefix(name, id+"-"), ".eks.us-east-1.vpce.amazonaws.com")
	if !vpc.ValidID("vpce", id) || len(suffix) != 8 {
		t.Errorf("id %s or regional name %s has another form than AWS's", id, name)
	}
	entry := func(name, zone string) ec2.DnsEntry { return ec2.DnsEntry{DnsName: &name, HostedZoneId: &zone} }
	want := ec2.VpcEndpoint{
		VpcEndpointId:     &id,
		VpcEndpointType:   wire.Ptr("Interface"),
		VpcId:             wire.Ptr(vpcID),
		ServiceName:       wire.Ptr(eksService),
		ServiceRegion:     wire.Ptr("us-east-1"),
		State:             wire.Ptr("pending"),
		PolicyDocument:    wire.Ptr("{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"),
		SubnetIds:         []string{subnetB, subnetA},
		IpAddressType:     wire.Ptr("ipv4"),
		DnsOptions:        &ec2.DnsOptions{DnsRecordIpType: wire.Ptr("ipv4")},
		PrivateDnsEnabled: wire.Ptr(true),
		RequesterManaged:  wire.Ptr(false),
		Groups: []ec2.SecurityGroupIdentifier{
			{GroupId: wire.Ptr(groupEp), GroupName: wire.Ptr("ep")},
			{GroupId: wire.Ptr(groupApp), GroupName: wire.Ptr("app")},
		},
		NetworkInterfaceIds: e.NetworkInterfaceIds,
		DnsEntries: []ec2.DnsEntry{
			entry(name, "Z7HUB22UULQXV"),
			entry(id+"-"+suffix+"-us-east-1a.eks.us-east-1.vpce.amazonaws.com", "Z7HUB22UULQXV"),
			entry(id+"-"+suffix+"-us-east-1b.eks.us-east-1.vpce.amazonaws.com", "Z7HUB22UULQXV"),
			entry("eks.us-east-1.amazonaws.com", wire.Value(e.DnsEntries[3].HostedZoneId)),
			entry("eks.us-east-1.api.aws", wire.Value(e.DnsEntries[4].HostedZoneId)),
		},
		CreationTimestamp: &then,
		OwnerId:           wire.Ptr("111122223333"),
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Errorf("answer of create (-want +got):\n%s", d)
	}
	want.State = wire.Ptr("available")
	if d := cmp.Diff(want, describeEndpoint(t, s, ctx, id)); d != "" {
		t.Errorf("answer of describe (-want +got):\n%s", d)
	}
	if zones := e.DnsEntries[3:]; *zones[0].HostedZoneId == *zones[1].HostedZoneId || !strings.HasPrefix(*zones[0].HostedZoneId, "Z") {
		t.Errorf("hidden zones %s and %s", *zones[0].HostedZoneId, *zones[1].HostedZoneId)
	}
	for i, eni := range enis(s) { // by address: a, then b
		if want := []string{subnetA, subnetB}[i]; eni.Subnet != want || eni.Endpoint != id || e.NetworkInterfaceIds[1-i] != eni.ID {
			t.Errorf("network interface %d is %s in %s for %s", i, eni.ID, eni.Subnet, eni.Endpoint)
		}
		if d := cmp.Diff([]string{groupEp, groupApp}, eni.Groups); d != "" {
			t.Errorf("groups of %s (-want +got):\n%s", eni.ID, d)
		}
	}
}

func TestCreateVpcEndpointDefaults(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	e := describeEndpoint(t, s, ctx, createEndpoint(t, s, ctx))
	facts := []struct {
		what      string
		got, want any
	}{
		{"no subnets", e.SubnetIds, []string(nil)},
		{"no interfaces", e.NetworkInterfaceIds, []string(nil)},
		{"available without subnets", *e.State, "available"},
		{"the default group", *e.Groups[0].GroupId, groupDef},
		{"private DNS", *e.PrivateDnsEnabled, true},
	}
	for _, f := range facts {
		if d := cmp.Diff(f.want, f.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.what, d)
		}
	}
	// A policy comes back byte for byte; private names only where wanted.
	policy := "{ \"Statement\":\t[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"eks:*\",\"Resource\":\"*\"}]}\n"
	e = describeEndpoint(t, s, ctx, createEndpoint(t, s, ctx, forService(stsService), privateDNS(false), inSubnets(subnetC),
		func(in *ec2.CreateVpcEndpointInput) { in.PolicyDocument = &policy }))
	if *e.PolicyDocument != policy || len(e.DnsEntries) != 2 {
		t.Errorf("policy %q, names %v", *e.PolicyDocument, e.DnsEntries)
	}
}

func TestCreateVpcEndpointWaitsForTheNetwork(t *testing.T) {
	s, ctx := endpointFixture(t)
	done := make(chan error, 1)
	go func() {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(inSubnets(subnetA)))
		done <- err
	}()
	var rows []ec2.VpcEndpoint
	for deadline := time.Now().Add(10 * time.Second); len(rows) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the endpoint is never recorded")
		}
		out, err := s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{})
		if err != nil {
			t.Fatal(err)
		}
		rows = out.VpcEndpoints
	}
	if got := *rows[0].State; got != "pending" {
		t.Errorf("state %s before the network has the endpoint", got)
	}
	s.store.SetApplied(vpcID, 1, nil) // a state of long ago
	select {
	case err := <-done:
		t.Fatalf("answered before the network has the endpoint: %v", err)
	default:
	}
	s.store.SetApplied(vpcID, s.store.Snapshot().Revision(), nil)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := *describeEndpoint(t, s, ctx, *rows[0].VpcEndpointId).State; got != "available" {
		t.Errorf("state %s once the network has the endpoint", got)
	}
	s.store.SetApplied(vpcID, s.store.Snapshot().Revision(), errors.New("no netns"))
	if got := *describeEndpoint(t, s, ctx, *rows[0].VpcEndpointId).State; got != "pending" {
		t.Errorf("state %s where the network fails", got)
	}
}

func TestDescribeVpcEndpoints(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	eks := createEndpoint(t, s, ctx, inSubnets(subnetA))
	sts := createEndpoint(t, s, ctx, forService(stsService), privateDNS(false), func(in *ec2.CreateVpcEndpointInput) {
		in.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-endpoint"), Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("net")}}}}
	})
	where := func(name string, values ...string) []ec2.Filter { return []ec2.Filter{{Name: &name, Values: values}} }
	rows := []struct {
		filters []ec2.Filter
		want    []string
	}{
		{nil, []string{eks, sts}},
		{where("service-name", eksService), []string{eks}},
		{where("service-name", "com.amazonaws.*.sts"), []string{sts}},
		{where("service-region", "us-east-1"), []string{eks, sts}},
		{where("vpc-id", vpcID, "vpc-1"), []string{eks, sts}},
		{where("vpc-endpoint-id", sts), []string{sts}},
		{where("vpc-endpoint-state", "pending"), nil},
		{where("vpc-endpoint-state", "available"), []string{eks, sts}},
		{where("vpc-endpoint-type", "Interface"), []string{eks, sts}},
		{where("ip-address-type", "dualstack"), nil},
		{where("tag:team", "net"), []string{sts}},
		{where("tag-key", "team"), []string{sts}},
		{append(where("vpc-id", vpcID), where("service-name", stsService)...), []string{sts}},
	}
	for _, row := range rows {
		out, err := s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: row.filters})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, e := range out.VpcEndpoints {
			got[*e.VpcEndpointId] = true
		}
		want := map[string]bool{}
		for _, id := range row.want {
			want[id] = true
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("filters %v (-want +got):\n%s", row.filters, d)
		}
	}
	_, err := s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: where("colour", "red")})
	refused(t, "unknown filter", err, "InvalidParameterValue", "The filter 'colour' is invalid")
	_, err = s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{eks, "vpce-0f"}})
	refused(t, "unknown id", err, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id 'vpce-0f' does not exist")
	_, err = s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{"x"}})
	refused(t, "malformed id", err, "InvalidVpcEndpointId.Malformed", "Invalid Id: 'x' (expecting 'vpce-...')")
	for _, other := range []context.Context{as(t, "444455556666", "us-east-1"), as(t, me.Account, "us-east-2")} {
		_, err = s.DescribeVpcEndpoints(other, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{eks}})
		refused(t, "another account or Region", err, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '"+eks+"' does not exist")
	}
}

func TestDeleteVpcEndpoints(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	first := createEndpoint(t, s, ctx, inSubnets(subnetA, subnetB))
	second := createEndpoint(t, s, ctx, forService(stsService), inSubnets(subnetA))
	if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
		for id, of := range map[string]string{"vpce-nfn-0a": first, "vpce-nfn-0b": first, "vpce-nfn-0c": second} {
			s.store.ConnectionNotifications.Put(tx, vpc.ConnectionNotification{Owner: me, ID: id, Endpoint: of})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{"vpce-0f", first, first, "x"}})
	if err != nil {
		t.Fatal(err)
	}
	item := func(id, code, message string) ec2.UnsuccessfulItem {
		return ec2.UnsuccessfulItem{ResourceId: &id, Error: &ec2.UnsuccessfulItemError{Code: &code, Message: &message}}
	}
	want := []ec2.UnsuccessfulItem{
		item("vpce-0f", "InvalidVpcEndpoint.NotFound", "The Vpc Endpoint Id 'vpce-0f' does not exist"),
		item("x", "InvalidVpcEndpointId.Malformed", "Invalid Id: 'x' (expecting 'vpce-...')"),
	}
	if d := cmp.Diff(want, out.Unsuccessful); d != "" {
		t.Errorf("unsuccessful (-want +got):\n%s", d)
	}
	_, err = s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{first}})
	refused(t, "deleted endpoint", err, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '"+first+"' does not exist")
	if left := enis(s); len(left) != 1 || left[0].Endpoint != second {
		t.Errorf("interfaces %v are left, want the one of %s", left, second)
	}
	for n := range s.store.ConnectionNotifications.List(s.store.Snapshot(), "", "") {
		if n.Endpoint != second {
			t.Errorf("the notification %s of a deleted endpoint is left", n.ID)
		}
	}
	if n := count(s.store.ConnectionNotifications.By(s.store.Snapshot(), "endpoint", second)); n != 1 {
		t.Errorf("the other endpoint has %d notifications", n)
	}
	// The private name is free again.
	createEndpoint(t, s, ctx)
}
