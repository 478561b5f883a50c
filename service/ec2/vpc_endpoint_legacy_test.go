package ec2

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// endpointNames are the private names of an endpoint.
func endpointNames(e ec2.VpcEndpoint) []string {
	var names []string
	for _, entry := range e.DnsEntries {
		if !strings.HasPrefix(*entry.DnsName, "vpce-") {
			names = append(names, *entry.DnsName)
		}
	}
	return names
}

// TestLegacyEndpoint: an endpoint of before August 2024 has one private name,
// also after it is made dual-stack, and IPv4 until then.
func TestLegacyEndpoint(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	const first, second = "eks.us-east-1.amazonaws.com", "eks.us-east-1.api.aws"
	legacy := tagged("postern:legacy", "true")
	names := func(id string) []string { return endpointNames(describeEndpoint(t, s, ctx, id)) }
	same := func(what string, want, got any) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	for _, kind := range []string{"dualstack", "ipv6"} {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(legacy, ofType(kind)))
		refused(t, kind, err, "InvalidParameter", "IpAddressType "+kind+" is not supported by a VPC endpoint with the tag postern:legacy")
	}
	id := createEndpoint(t, s, ctx, legacy, inSubnets(dualA))
	same("the one name", []string{first}, names(id))

	// The tag decided once.
	if _, err := s.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}}); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true} {
		if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = &on }); err != nil {
			t.Fatal(err)
		}
	}
	same("the one name without its tag", []string{first}, names(id))
	zone := describeEndpoint(t, s, ctx, id).DnsEntries[2].HostedZoneId

	dualstack := func(in *ec2.ModifyVpcEndpointInput) { addressType(in, "dualstack", "") }
	if err := modify(t, s, id, dualstack); err != nil {
		t.Fatal(err)
	}
	same("names of the upgraded endpoint", []string{first}, names(id))
	same("the hidden zone that it had", zone, describeEndpoint(t, s, ctx, id).DnsEntries[2].HostedZoneId)
	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { addressType(in, "ipv4", "") }); err != nil {
		t.Fatal(err)
	}
	same("names back in IPv4", []string{first}, names(id))

	// The tag given later, or with another value, marks nothing.
	if _, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	id = createEndpoint(t, s, ctx, tagged("postern:legacy", "false"))
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2.Tag{{Key: wire.Ptr("postern:legacy"), Value: wire.Ptr("true")}}}); err != nil {
		t.Fatal(err)
	}
	same("names with a late tag", []string{first, second}, names(id))
}
