package ec2

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// An IPv6-only subnet has no IPv4 CIDR, and gives what lives in it an IPv6
// address and a name by its id.
func TestCreateIPv6OnlySubnet(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	v := dualStackVPC(t, s, ctx)
	cidr := part(t, v, 7)
	out, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, Ipv6CidrBlock: &cidr, Ipv6Native: wire.Ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	block := out.Subnet.Ipv6CidrBlockAssociationSet[0]
	want := ec2.Subnet{
		AssignIpv6AddressOnCreation: wire.Ptr(true), AvailabilityZone: wire.Ptr("us-east-1a"), AvailabilityZoneId: wire.Ptr("use1-az1"),
		AvailableIpAddressCount: wire.Ptr(int32(0)), DefaultForAz: wire.Ptr(false), EnableDns64: wire.Ptr(false), Ipv6Native: wire.Ptr(true),
		Ipv6CidrBlockAssociationSet: []ec2.SubnetIpv6CidrBlockAssociation{{
			AssociationId: block.AssociationId, IpSource: wire.Ptr("amazon"), Ipv6AddressAttribute: wire.Ptr("public"),
			Ipv6CidrBlock: &cidr, Ipv6CidrBlockState: &ec2.SubnetCidrBlockState{State: wire.Ptr("associated")},
		}},
		MapCustomerOwnedIpOnLaunch: wire.Ptr(false), MapPublicIpOnLaunch: wire.Ptr(false), OwnerId: wire.Ptr("111122223333"),
		PrivateDnsNameOptionsOnLaunch: &ec2.PrivateDnsNameOptionsOnLaunch{
			EnableResourceNameDnsAAAARecord: wire.Ptr(true), EnableResourceNameDnsARecord: wire.Ptr(false), HostnameType: wire.Ptr("resource-name"),
		},
		State: wire.Ptr("available"), SubnetArn: out.Subnet.SubnetArn, SubnetId: out.Subnet.SubnetId, VpcId: v.VpcId,
	}
	if d := cmp.Diff(want, *out.Subnet); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.1.0/24")}); err != nil {
		t.Fatal(err) // which none of the filters lets through
	}
	for name, value := range map[string]string{
		"ipv6-native": "true",
		"ipv6-cidr-block-association.ipv6-cidr-block":                             cidr,
		"ipv6-cidr-block-association.association-id":                              *block.AssociationId,
		"ipv6-cidr-block-association.state":                                       "associated",
		"private-dns-name-options-on-launch.hostname-type":                        "resource-name",
		"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": "true",
		"available-ip-address-count":                                              "0",
	} {
		got, err := s.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2.Filter{
			{Name: &name, Values: []string{value}}, {Name: wire.Ptr("vpc-id"), Values: []string{*v.VpcId}}}})
		if err != nil || len(got.Subnets) != 1 || *got.Subnets[0].SubnetId != *out.Subnet.SubnetId {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	eni, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: *out.Subnet.SubnetId})
	if err != nil {
		t.Fatal(err)
	}
	if eni.Address.IsValid() || !netip.MustParsePrefix(cidr).Contains(eni.IPv6) {
		t.Errorf("attached at %v", eni.Addresses())
	}
}

// A dual-stack subnet gives IPv6 addresses only when it is told to, and keeps
// its block as long as someone has one.
func TestDualStackSubnet(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	v := dualStackVPC(t, s, ctx)
	cidr := part(t, v, 1)
	made, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.1.0/28"), Ipv6CidrBlock: &cidr})
	if err != nil {
		t.Fatal(err)
	}
	id, association := *made.Subnet.SubnetId, *made.Subnet.Ipv6CidrBlockAssociationSet[0].AssociationId
	attach := func() vpc.ENI {
		t.Helper()
		eni, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: id})
		if err != nil {
			t.Fatal(err)
		}
		return eni
	}
	assign := func(on bool) {
		t.Helper()
		_, err := s.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &id,
			AssignIpv6AddressOnCreation: &ec2.AttributeBooleanValue{Value: &on}})
		if err != nil {
			t.Fatal(err)
		}
	}
	take := func() error {
		_, err := s.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: &association})
		return err
	}
	why := func(text string) string {
		return "The subnet IPv6 CIDR block with association ID " + association + " may not be disassociated, because " + text + "."
	}
	if eni := attach(); !eni.Address.IsValid() || eni.IPv6.IsValid() {
		t.Errorf("attached at %v", eni.Addresses())
	}
	assign(true)
	eni := attach()
	if !eni.Address.IsValid() || !netip.MustParsePrefix(cidr).Contains(eni.IPv6) {
		t.Errorf("attached at %v", eni.Addresses())
	}
	got, err := s.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})
	if err != nil || *got.Subnets[0].AvailableIpAddressCount != 9 || !*got.Subnets[0].AssignIpv6AddressOnCreation {
		t.Errorf("described %+v, %v", got, err)
	}
	wantError(t, "InvalidCidrBlock.InUse", why("its subnet has assign-ipv6-address-on-creation set to true"), take)
	assign(false)
	wantError(t, "InvalidCidrBlock.InUse", why("it has in-use addresses"), take)
	if err := s.DetachWorkload(t.Context(), me, eni.ID); err != nil {
		t.Fatal(err)
	}
	if err := take(); err != nil {
		t.Fatal(err)
	}
	wantError(t, "InvalidSubnetCidrBlockAssociationID.NotFound", "The subnet CIDR block with association ID '"+association+"' does not exist", take)
	if _, err := s.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &id, Ipv6CidrBlock: &cidr}); err != nil {
		t.Errorf("associate again: %v", err)
	}
}

func TestSubnetIPv6Refusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	v := dualStackVPC(t, s, ctx)
	taken, free, block := part(t, v, 1), part(t, v, 2), *v.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	made, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.1.0/24"), Ipv6CidrBlock: &taken})
	if err != nil {
		t.Fatal(err)
	}
	native := wire.Ptr(true)
	for _, row := range []struct {
		in            ec2.CreateSubnetInput
		code, message string
	}{
		{ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.2.0/24"), Ipv6CidrBlock: &taken},
			"InvalidSubnet.Conflict", "The IPv6 CIDR '" + taken + "' conflicts with another subnet"},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.2.0/24"), Ipv6CidrBlock: wire.Ptr("2001:db8::/64")},
			"InvalidSubnet.Range", "The IPv6 CIDR '2001:db8::/64' is invalid."},
		{ec2.CreateSubnetInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("10.0.9.0/24"), Ipv6CidrBlock: &free},
			"InvalidSubnet.Range", "The IPv6 CIDR '" + free + "' is invalid."},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.2.0/24"), Ipv6CidrBlock: &block},
			"InvalidParameterValue", "invalid value for parameter ipv6-cidr-block: " + block},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.2.0/24"), Ipv6CidrBlock: wire.Ptr("::ffff:10.9.2.0/64")},
			"InvalidParameterValue", "invalid value for parameter ipv6-cidr-block: ::ffff:10.9.2.0/64"},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, Ipv6Native: native}, "MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided."},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, CidrBlock: wire.Ptr("10.9.2.0/24"), Ipv6CidrBlock: &free, Ipv6Native: native}, "InvalidParameterCombination",
			"When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true."},
		{ec2.CreateSubnetInput{VpcId: v.VpcId, Ipv6CidrBlock: &free}, "MissingParameter", "The request must contain the parameter cidrBlock"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.CreateSubnet(ctx, &row.in)
			return err
		})
	}
	for _, row := range []struct {
		in            ec2.AssociateSubnetCidrBlockInput
		code, message string
	}{
		{ec2.AssociateSubnetCidrBlockInput{SubnetId: made.Subnet.SubnetId, Ipv6CidrBlock: &free}, "CidrLimitExceeded",
			"This subnet '" + *made.Subnet.SubnetId + "' has met its maximum number of allowed CIDRs: 1"},
		{ec2.AssociateSubnetCidrBlockInput{SubnetId: wire.Ptr(subnetA), Ipv6CidrBlock: &free}, "InvalidSubnet.Range", "The IPv6 CIDR '" + free + "' is invalid."},
		{ec2.AssociateSubnetCidrBlockInput{SubnetId: wire.Ptr(subnetA)}, "MissingParameter", "The request must contain the parameter ipv6CidrBlock"},
		{ec2.AssociateSubnetCidrBlockInput{SubnetId: wire.Ptr("subnet-00000000000000000"), Ipv6CidrBlock: &free}, "InvalidSubnetID.NotFound",
			"The subnet ID 'subnet-00000000000000000' does not exist"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.AssociateSubnetCidrBlock(ctx, &row.in)
			return err
		})
	}
	wantError(t, "InvalidSubnetCidrBlockAssociationId.Malformed", "The subnet CIDR block with association ID  is malformed", func() error {
		_, err := s.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{})
		return err
	})
}

func TestModifySubnetAttribute(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	v := dualStackVPC(t, s, ctx)
	cidr := part(t, v, 1)
	made, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, Ipv6CidrBlock: &cidr, Ipv6Native: wire.Ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	only := *made.Subnet.SubnetId
	on, off := &ec2.AttributeBooleanValue{Value: wire.Ptr(true)}, &ec2.AttributeBooleanValue{Value: wire.Ptr(false)}
	needs := func(attribute string) string {
		return "Invalid value 'true' for " + attribute + ". Cannot set " + attribute + " to true unless the subnet (" + subnetA +
			") has an IPv6 CIDR block associated with it."
	}
	cannot := func(attribute, value string) string {
		return "Invalid value '" + value + "' for " + attribute + ". Cannot set " + attribute + " to " + value + " for the IPv6-only subnet (" + only + ")."
	}
	for _, row := range []struct {
		in            ec2.ModifySubnetAttributeInput
		code, message string
	}{
		{ec2.ModifySubnetAttributeInput{SubnetId: wire.Ptr(subnetA), AssignIpv6AddressOnCreation: on}, "InvalidParameterValue", needs("assign-ipv6-address-on-creation")},
		{ec2.ModifySubnetAttributeInput{SubnetId: wire.Ptr(subnetA), EnableResourceNameDnsAAAARecordOnLaunch: on}, "InvalidParameterValue",
			needs("enable-resource-name-dns-aaaa-record-on-launch")},
		{ec2.ModifySubnetAttributeInput{SubnetId: wire.Ptr(subnetA), EnableDns64: on}, "InvalidParameterValue", needs("enable-dns64")},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, EnableDns64: on}, "UnsupportedOperation", "The parameter EnableDns64 is not supported"},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, MapCustomerOwnedIpOnLaunch: on}, "UnsupportedOperation",
			"The parameter MapCustomerOwnedIpOnLaunch is not supported"},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, AssignIpv6AddressOnCreation: off}, "InvalidParameterValue", cannot("assign-ipv6-address-on-creation", "false")},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, EnableResourceNameDnsARecordOnLaunch: on}, "InvalidParameterValue",
			cannot("enable-resource-name-dns-a-record-on-launch", "true")},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, MapPublicIpOnLaunch: on}, "InvalidParameterValue", cannot("map-public-ip-on-launch", "true")},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, PrivateDnsHostnameTypeOnLaunch: wire.Ptr("ip-name")}, "InvalidParameterValue",
			cannot("private-dns-hostname-type-on-launch", "ip-name")},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, PrivateDnsHostnameTypeOnLaunch: wire.Ptr("x")}, "InvalidParameterValue",
			"Invalid value 'x' for private-dns-hostname-type-on-launch."},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only}, "InvalidParameterCombination", "No attributes specified."},
		{ec2.ModifySubnetAttributeInput{SubnetId: &only, AssignIpv6AddressOnCreation: on, EnableDns64: off}, "InvalidParameterCombination",
			"Fields for multiple attribute types specified"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.ModifySubnetAttribute(ctx, &row.in)
			return err
		})
	}
	for _, in := range []ec2.ModifySubnetAttributeInput{
		{PrivateDnsHostnameTypeOnLaunch: wire.Ptr("resource-name")}, {EnableResourceNameDnsARecordOnLaunch: on}, {MapPublicIpOnLaunch: on},
		{EnableDns64: off}, {AssignIpv6AddressOnCreation: off},
	} {
		in.SubnetId = wire.Ptr(subnetA)
		if _, err := s.ModifySubnetAttribute(ctx, &in); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
	sn, _ := s.store.Subnets.Get(s.store.Snapshot(), ownKey(me, subnetA))
	if want := (vpc.HostNames{ByResource: true, A: true}); sn.Names != want || !sn.MapPublicIP || sn.AssignIPv6 {
		t.Errorf("subnet %+v", sn)
	}
}
