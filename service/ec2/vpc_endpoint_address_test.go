package ec2

import (
	"cmp"
	"net/netip"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// TestEndpointAddressTypes: which subnets and which records an address type
// goes with, and what its network interfaces have.
func TestEndpointAddressTypes(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	bySubnet := func(kind, subnet string) string {
		return "IpAddressType " + kind + " is not supported by subnet " + subnet
	}
	byType := func(records, kind string) string {
		return "DnsRecordIpType " + records + " is not supported by the IpAddressType " + kind
	}
	for _, row := range []struct {
		kind, records string // records "": not given
		subnets       []string
		want          string // the record type
		refusal       string
	}{
		{"", "", []string{subnetA}, "ipv4", ""},
		{"ipv4", "", []string{dualA, subnetB}, "ipv4", ""},
		{"ipv4", "ipv4", []string{subnetA}, "ipv4", ""},
		{"ipv4", "", []string{subnetA, nativeC}, "", bySubnet("ipv4", nativeC)},
		{"ipv4", "dualstack", nil, "", byType("dualstack", "ipv4")},
		{"ipv4", "ipv6", nil, "", byType("ipv6", "ipv4")},
		{"ipv4", "service-defined", nil, "", byType("service-defined", "ipv4")},
		{"ipv6", "", []string{nativeC}, "ipv6", ""},
		{"ipv6", "ipv6", nil, "ipv6", ""},
		{"ipv6", "", []string{dualA}, "", bySubnet("ipv6", dualA)},
		{"ipv6", "", []string{subnetA}, "", bySubnet("ipv6", subnetA)},
		{"ipv6", "ipv4", nil, "", byType("ipv4", "ipv6")},
		{"ipv6", "dualstack", nil, "", byType("dualstack", "ipv6")},
		{"ipv6", "service-defined", nil, "", byType("service-defined", "ipv6")},
		{"dualstack", "", []string{dualA, dualB}, "dualstack", ""},
		{"dualstack", "dualstack", []string{dualA}, "dualstack", ""},
		{"dualstack", "ipv4", []string{dualA}, "ipv4", ""},
		{"dualstack", "ipv6", []string{dualA}, "ipv6", ""},
		{"dualstack", "service-defined", nil, "service-defined", ""},
		{"dualstack", "", []string{dualA, subnetB}, "", bySubnet("dualstack", subnetB)},
		{"dualstack", "", []string{nativeC}, "", bySubnet("dualstack", nativeC)},
	} {
		edit := []func(*ec2.CreateVpcEndpointInput){privateDNS(false), inSubnets(row.subnets...)}
		if row.kind != "" {
			edit = append(edit, ofType(row.kind))
		}
		if row.records != "" {
			edit = append(edit, withRecords(row.records))
		}
		out, err := s.CreateVpcEndpoint(ctx, endpointRequest(edit...))
		if row.refusal != "" {
			refused(t, row.kind+" "+row.records, err, "InvalidParameter", row.refusal)
			continue
		}
		if err != nil {
			t.Errorf("%s %s in %v: %v", row.kind, row.records, row.subnets, err)
			continue
		}
		e := *out.VpcEndpoint
		if *e.IpAddressType != cmp.Or(row.kind, "ipv4") || *e.DnsOptions.DnsRecordIpType != row.want {
			t.Errorf("%s %s: answers %s, %s", row.kind, row.records, *e.IpAddressType, *e.DnsOptions.DnsRecordIpType)
		}
		for _, eni := range endpointENIs(s, e) {
			if got, want := has(eni), vpc.FamiliesOf(row.kind); got != want {
				t.Errorf("%s: %s in %s has %+v", row.kind, eni.ID, eni.Subnet, got)
			}
		}
	}
}

func has(eni vpc.ENI) vpc.Families {
	return vpc.Families{IPv4: eni.Address.IsValid(), IPv6: eni.IPv6.IsValid()}
}

// endpointENIs are the network interfaces of an endpoint in the order of its
// answer.
func endpointENIs(s *Service, e ec2.VpcEndpoint) []vpc.ENI {
	var all []vpc.ENI
	for _, id := range e.NetworkInterfaceIds {
		eni, _ := s.store.ENIs.Get(s.store.Snapshot(), ownKey(me, id))
		all = append(all, eni)
	}
	return all
}

// TestEndpointAddressesDesignated: an address of each family that the
// endpoint has, and of no other.
func TestEndpointAddressesDesignated(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	only6 := func(subnet, a string) func(*ec2.CreateVpcEndpointInput) {
		return func(in *ec2.CreateVpcEndpointInput) {
			in.SubnetConfigurations = append(in.SubnetConfigurations, ec2.SubnetConfiguration{SubnetId: &subnet, Ipv6: &a})
		}
	}
	type edits = []func(*ec2.CreateVpcEndpointInput)
	for _, row := range []struct {
		edit          edits
		code, message string
	}{
		{edits{ofType("dualstack"), at(dualA, "10.0.5.10")}, "InvalidParameter", "SubnetConfigurations must supply an IPv6 address for subnet " + dualA},
		{edits{ofType("dualstack"), only6(dualA, "2001:db8:0:5::10")}, "InvalidParameter", "SubnetConfigurations must supply an IPv4 address for subnet " + dualA},
		{edits{ofType("ipv6"), dualAt(nativeC, "10.0.5.10", "2001:db8:0:7::10")}, "InvalidParameter", "SubnetConfigurations can't supply an IPv4 address for subnet " + nativeC + " because the IpAddressType is ipv6"},
		{edits{dualAt(dualA, "10.0.5.10", "2001:db8:0:5::10")}, "InvalidParameter", "SubnetConfigurations can't supply an IPv6 address for subnet " + dualA + " because the IpAddressType is ipv4"},
		{edits{ofType("dualstack"), dualAt(dualA, "10.0.5.10", "2001:db8:0:6::10")}, "InvalidParameterValue", "Address does not fall within the subnet's address range"},
		{edits{ofType("dualstack"), dualAt(dualA, "10.0.5.10", "2001:db8:0:5::3")}, "InvalidParameterValue", "Address 2001:db8:0:5::3 is in subnet's reserved address range"},
		{edits{ofType("dualstack"), dualAt(dualA, "2001:db8:0:5::10", "2001:db8:0:5::10")}, "InvalidParameterValue", "invalid value for parameter address: 2001:db8:0:5::10"},
		{edits{ofType("ipv6"), only6(nativeC, "10.0.5.10")}, "InvalidParameterValue", "invalid value for parameter address: 10.0.5.10"},
		{edits{ofType("ipv6"), only6(nativeC, "fe80::1%eth0")}, "InvalidParameterValue", "invalid value for parameter address: fe80::1%eth0"},
		{edits{at(subnetA, "10.0.1.10"), at(subnetA, "10.0.1.11")}, "InvalidParameter", "SubnetConfigurations names subnet " + subnetA + " more than once"},
	} {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(row.edit...))
		refused(t, "designated", err, row.code, row.message)
	}

	e := describeEndpoint(t, s, ctx, createEndpoint(t, s, ctx, ofType("dualstack"),
		dualAt(dualA, "10.0.5.10", "2001:db8:0:5::10"), dualAt(dualB, "10.0.6.10", "2001:db8:0:6::10")))
	var got []string
	for _, eni := range endpointENIs(s, e) {
		got = append(got, eni.Address.String(), eni.IPv6.String())
	}
	if d := gocmp.Diff([]string{"10.0.5.10", "2001:db8:0:5::10", "10.0.6.10", "2001:db8:0:6::10"}, got); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	_, err := s.CreateVpcEndpoint(ctx, endpointRequest(privateDNS(false), ofType("dualstack"), dualAt(dualA, "10.0.5.11", "2001:db8:0:5::10")))
	refused(t, "taken", err, "InvalidIPAddress.InUse", "Address 2001:db8:0:5::10 is in use.")
	createEndpoint(t, s, ctx, forService(stsService), ofType("ipv6"), only6(nativeC, "2001:db8:0:7::4"))
}

// TestModifyEndpointAddressType: the second family comes and goes, the network
// interfaces and their first addresses stay.
func TestModifyEndpointAddressType(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, inSubnets(dualA, dualB))
	was := endpointENIs(s, describeEndpoint(t, s, ctx, id))
	for _, row := range []struct {
		kind, records string // "": not given
		want, wanted  string
	}{
		{"dualstack", "", "dualstack", "dualstack"},
		{"", "service-defined", "dualstack", "service-defined"},
		{"dualstack", "", "dualstack", "service-defined"}, // no change is no reset
		{"", "ipv6", "dualstack", "ipv6"},
		{"ipv4", "", "ipv4", "ipv4"},
		{"dualstack", "ipv4", "dualstack", "ipv4"},
		{"ipv4", "ipv4", "ipv4", "ipv4"},
	} {
		if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { addressType(in, row.kind, row.records) }); err != nil {
			t.Fatalf("%+v: %v", row, err)
		}
		e := describeEndpoint(t, s, ctx, id)
		if *e.IpAddressType != row.want || *e.DnsOptions.DnsRecordIpType != row.wanted {
			t.Errorf("%+v: %s, %s", row, *e.IpAddressType, *e.DnsOptions.DnsRecordIpType)
		}
		for i, eni := range endpointENIs(s, e) {
			if eni.ID != was[i].ID || eni.Address != was[i].Address || eni.MAC != was[i].MAC {
				t.Errorf("%+v: %s, %v became %s, %v", row, was[i].ID, was[i].Address, eni.ID, eni.Address)
			}
			if has(eni) != vpc.FamiliesOf(row.want) {
				t.Errorf("%+v: %s has %+v", row, eni.ID, has(eni))
			}
		}
	}
}

func addressType(in *ec2.ModifyVpcEndpointInput, kind, records string) {
	if kind != "" {
		in.IpAddressType = &kind
	}
	if records != "" {
		in.DnsOptions = &ec2.DnsOptionsSpecification{DnsRecordIpType: &records}
	}
}

// TestModifyEndpointAddressTypeAndSubnets: all subnets that the endpoint has
// after the call must fit, those that go need not.
func TestModifyEndpointAddressTypeAndSubnets(t *testing.T) {
	s, ctx := dualFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, inSubnets(dualA, subnetB))
	refused(t, "a subnet that stays", modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { addressType(in, "dualstack", "") }),
		"InvalidParameter", "IpAddressType dualstack is not supported by subnet "+subnetB)
	refused(t, "to IPv6 only", modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { addressType(in, "ipv6", "") }),
		"InvalidParameter", "IpAddressType ipv6 is not supported by subnet "+dualA)
	refused(t, "records of another type", modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { addressType(in, "", "dualstack") }),
		"InvalidParameter", "DnsRecordIpType dualstack is not supported by the IpAddressType ipv4")
	before := endpointENIs(s, describeEndpoint(t, s, ctx, id))

	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) {
		addressType(in, "dualstack", "")
		in.RemoveSubnetIds = []string{subnetB}
		in.SubnetConfigurations = []ec2.SubnetConfiguration{{SubnetId: wire.Ptr(dualA), Ipv4: wire.Ptr(before[0].Address.String()), Ipv6: wire.Ptr("2001:db8:0:5::99")}}
	}); err != nil {
		t.Fatal(err)
	}
	after := endpointENIs(s, describeEndpoint(t, s, ctx, id))
	if len(after) != 1 || after[0].ID == before[0].ID || after[0].Address != before[0].Address || after[0].IPv6 != netip.MustParseAddr("2001:db8:0:5::99") {
		t.Errorf("after the designation of addresses: %+v", after)
	}

	// The last subnet goes, and an endpoint without any can become what it likes.
	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.RemoveSubnetIds = []string{dualA} }); err != nil {
		t.Fatal(err)
	}
	e := describeEndpoint(t, s, ctx, id)
	if len(e.SubnetIds) != 0 || len(e.NetworkInterfaceIds) != 0 || *e.State != "available" || len(enis(s)) != 0 {
		t.Errorf("without subnets: %v, %v, %s", e.SubnetIds, e.NetworkInterfaceIds, *e.State)
	}
	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) {
		addressType(in, "ipv6", "")
		in.AddSubnetIds = []string{nativeC}
	}); err != nil {
		t.Fatal(err)
	}
	e = describeEndpoint(t, s, ctx, id)
	if got := endpointENIs(s, e); len(got) != 1 || has(got[0]) != vpc.FamiliesOf("ipv6") || *e.DnsOptions.DnsRecordIpType != "ipv6" {
		t.Errorf("with IPv6 only: %+v, records %s", got, *e.DnsOptions.DnsRecordIpType)
	}
}
