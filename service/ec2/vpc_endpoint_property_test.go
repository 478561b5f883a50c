package ec2

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// TestModifiedEndpointIsWhole: whatever is done to an endpoint, accepted or
// refused, it has one network interface a subnet, of its families and with its
// groups, at most one a zone, and no other interface is left.
func TestModifiedEndpointIsWhole(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	subnets := []string{subnetA, subnetB, subnetB2, subnetC, dualA, dualB, nativeC}
	groups := []string{groupDef, groupEp, groupApp}
	rapid.Check(t, func(rt *rapid.T) {
		some := func(of []string, name string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 2, rapid.ID[string]).Draw(rt, name)
		}
		id := createEndpoint(t, s, ctx, privateDNS(false), inSubnets(dualA))
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			in := &ec2.ModifyVpcEndpointInput{VpcEndpointId: &id,
				AddSubnetIds: some(subnets, "add"), RemoveSubnetIds: some(subnets, "remove"),
				AddSecurityGroupIds: some(groups, "add groups"), RemoveSecurityGroupIds: some(groups, "remove groups"),
			}
			if kind := rapid.SampledFrom([]string{"", "ipv4", "ipv6", "dualstack"}).Draw(rt, "type"); kind != "" {
				in.IpAddressType = wire.Ptr(kind)
			}
			before := describeEndpoint(t, s, ctx, id)
			_, err := s.ModifyVpcEndpoint(ctx, in)
			after := describeEndpoint(t, s, ctx, id)
			if _, isRefusal := errors.AsType[*wire.Error](err); err != nil && !isRefusal {
				rt.Fatal(err)
			}
			if err != nil && !slices.Equal(before.NetworkInterfaceIds, after.NetworkInterfaceIds) {
				rt.Fatalf("the refusal %v changed the interfaces", err)
			}
			whole(rt, s, after)
		}
		if _, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id}}); err != nil {
			rt.Fatal(err)
		}
		if left := enis(s); len(left) != 0 {
			rt.Fatalf("%d interfaces are left", len(left))
		}
	})
}

func whole(rt *rapid.T, s *Service, e ec2.VpcEndpoint) {
	kept := endpointENIs(s, e)
	if len(kept) != len(e.SubnetIds) || len(enis(s)) != len(kept) {
		rt.Fatalf("%d interfaces of %d in %d subnets", len(kept), len(enis(s)), len(e.SubnetIds))
	}
	var groups, zones []string
	for _, g := range e.Groups {
		groups = append(groups, *g.GroupId)
	}
	for i, eni := range kept {
		sn, _ := s.store.Subnets.Get(s.store.Snapshot(), ownKey(me, eni.Subnet))
		if eni.Subnet != e.SubnetIds[i] || has(eni) != vpc.FamiliesOf(*e.IpAddressType) || !fits(sn, *e.IpAddressType) || !slices.Equal(eni.Groups, groups) {
			rt.Fatalf("%s endpoint with groups %v: %+v", *e.IpAddressType, groups, eni)
		}
		zones = append(zones, sn.Zone)
	}
	slices.Sort(zones)
	if len(slices.Compact(slices.Clone(zones))) != len(zones) {
		rt.Fatalf("zones %v", zones)
	}
	if !slices.Contains(recordTypes[*e.IpAddressType], *e.DnsOptions.DnsRecordIpType) {
		rt.Fatalf("records %s of an %s endpoint", *e.DnsOptions.DnsRecordIpType, *e.IpAddressType)
	}
}
