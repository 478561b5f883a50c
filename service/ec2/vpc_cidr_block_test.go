package ec2

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// dualStackVPC makes a VPC of 10.9.0.0/16 and a block of Amazon's.
func dualStackVPC(t *testing.T, s *Service, ctx context.Context) ec2.Vpc {
	t.Helper()
	out, err := s.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.9.0.0/16"), AmazonProvidedIpv6CidrBlock: wire.Ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	return describeVPC(t, s, ctx, *out.Vpc.VpcId)
}

func describeVPC(t *testing.T, s *Service, ctx context.Context, id string) ec2.Vpc {
	t.Helper()
	out, err := s.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Vpcs[0]
}

// part is the /64 of that number in a VPC's IPv6 block.
func part(t *testing.T, v ec2.Vpc, n byte) string {
	t.Helper()
	block := netip.MustParsePrefix(*v.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock)
	b := block.Addr().As16()
	b[7] = n
	return netip.PrefixFrom(netip.AddrFrom16(b), 64).String()
}

func TestCreateDualStackVpc(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	v := dualStackVPC(t, s, ctx)
	block := v.Ipv6CidrBlockAssociationSet[0]
	want := ec2.VpcIpv6CidrBlockAssociation{
		AssociationId: block.AssociationId, Ipv6CidrBlock: block.Ipv6CidrBlock, Ipv6CidrBlockState: &ec2.VpcCidrBlockState{State: wire.Ptr("associated")},
		IpSource: wire.Ptr("amazon"), Ipv6AddressAttribute: wire.Ptr("public"), Ipv6Pool: wire.Ptr("Amazon"), NetworkBorderGroup: wire.Ptr("us-east-1"),
	}
	if d := cmp.Diff(want, block); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if p := netip.MustParsePrefix(*block.Ipv6CidrBlock); p.Bits() != 56 || !vpc.Within(vpc.AmazonPool, p) {
		t.Errorf("block %v", p)
	}

	// Both local routes, and everything out over both families.
	tables, err := s.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2.Filter{
		{Name: wire.Ptr("route.destination-ipv6-cidr-block"), Values: []string{*block.Ipv6CidrBlock}}}})
	if err != nil || len(tables.RouteTables) != 1 || len(tables.RouteTables[0].Routes) != 2 {
		t.Fatalf("route tables %+v, %v", tables, err)
	}
	if r := tables.RouteTables[0].Routes[1]; *r.GatewayId != "local" || r.DestinationCidrBlock != nil {
		t.Errorf("route %+v", r)
	}
	made, err := s.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: wire.Ptr("web"), Description: wire.Ptr("web"), VpcId: v.VpcId})
	if err != nil {
		t.Fatal(err)
	}
	for g := range s.store.SecurityGroups.By(s.store.Snapshot(), "vpc", *v.VpcId) {
		if got := egress(g); !slices.Equal(got, []netip.Prefix{allIPv4, allIPv6}) {
			t.Errorf("group %s (made: %s) lets out %v", g.Name, *made.GroupId, got)
		}
	}

	for name, value := range map[string]string{
		"ipv6-cidr-block-association.ipv6-cidr-block": *block.Ipv6CidrBlock,
		"ipv6-cidr-block-association.association-id":  *block.AssociationId,
		"ipv6-cidr-block-association.ipv6-pool":       "Amazon",
		"ipv6-cidr-block-association.state":           "associated",
	} {
		out, err := s.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2.Filter{{Name: &name, Values: []string{value}}}})
		if err != nil || len(out.Vpcs) != 1 || *out.Vpcs[0].VpcId != *v.VpcId {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

// egress are the CIDRs that a group lets everything out to.
func egress(g vpc.SecurityGroup) []netip.Prefix {
	var all []netip.Prefix
	for _, r := range g.Rules {
		if r.Egress && r.Protocol == vpc.ProtocolAll {
			all = append(all, r.CIDR)
		}
	}
	return all
}

// A VPC gets its block later; groups whose egress was changed stay as they are.
func TestAssociateVpcCidrBlock(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const narrowGroup, closedGroup = "sg-0d000000000000002", "sg-0d000000000000003"
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		for id, cidr := range map[string]netip.Prefix{otherGroup: allIPv4, narrowGroup: netip.MustParsePrefix("10.0.0.0/8")} {
			s.store.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: me, ID: id, VPC: otherVPC, Rules: []vpc.SecurityGroupRule{
				{ID: "sgr-0a", Egress: true, Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: cidr}}})
		}
		s.store.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: me, ID: closedGroup, VPC: otherVPC})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(otherVPC), AmazonProvidedIpv6CidrBlock: wire.Ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	a := out.Ipv6CidrBlockAssociation
	if *out.VpcId != otherVPC || *a.Ipv6CidrBlockState.State != "associating" || out.CidrBlockAssociation != nil {
		t.Errorf("answer %+v", out)
	}
	if got := describeVPC(t, s, ctx, otherVPC).Ipv6CidrBlockAssociationSet; len(got) != 1 || *got[0].Ipv6CidrBlock != *a.Ipv6CidrBlock {
		t.Errorf("described %+v", got)
	}
	for id, want := range map[string]int{otherGroup: 2, narrowGroup: 1, closedGroup: 0} {
		g, _ := s.store.SecurityGroups.Get(s.store.Snapshot(), ownKey(me, id))
		if got := egress(g); len(got) != want {
			t.Errorf("%s lets out %v", g.ID, got)
		}
	}

	// It goes when no subnet has a part of it.
	cidr := part(t, describeVPC(t, s, ctx, otherVPC), 1)
	sub, err := s.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: wire.Ptr(otherSubnet), Ipv6CidrBlock: &cidr})
	if err != nil {
		t.Fatal(err)
	}
	take := func() error {
		_, err := s.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: a.AssociationId})
		return err
	}
	wantError(t, "InvalidCidrBlock.InUse", "The vpc "+otherVPC+" currently has a subnet within CIDR block "+*a.Ipv6CidrBlock, take)
	_, err = s.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: sub.Ipv6CidrBlockAssociation.AssociationId})
	if err != nil {
		t.Fatal(err)
	}
	if err := take(); err != nil {
		t.Fatal(err)
	}
	if got := describeVPC(t, s, ctx, otherVPC).Ipv6CidrBlockAssociationSet; len(got) != 0 {
		t.Errorf("left: %+v", got)
	}
	wantError(t, "InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block with association ID '"+*a.AssociationId+"' does not exist", take)
}

func TestVpcCidrBlockRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	dual := dualStackVPC(t, s, ctx)
	for _, row := range []struct {
		in            ec2.AssociateVpcCidrBlockInput
		code, message string
	}{
		{ec2.AssociateVpcCidrBlockInput{VpcId: dual.VpcId, AmazonProvidedIpv6CidrBlock: wire.Ptr(true)}, "CidrLimitExceeded",
			"This network '" + *dual.VpcId + "' has met its maximum number of allowed CIDRs: 1"},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("10.1.0.0/16")}, "CidrLimitExceeded",
			"This network '" + vpcID + "' has met its maximum number of allowed CIDRs: 1"},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("10.1.0.0/8")}, "InvalidVpc.Range", "The CIDR '10.1.0.0/8' is invalid."},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("x")}, "InvalidParameterValue",
			"Value (x) for parameter cidrBlock is invalid. This is not a valid CIDR block."},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID)}, "MissingParameter", "The request must contain the parameter cidrBlock"},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("10.1.0.0/16"), AmazonProvidedIpv6CidrBlock: wire.Ptr(true)},
			"InvalidParameterCombination", "Only one of cidrBlock and amazonProvidedIpv6CidrBlock can be specified"},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr(vpcID), Ipv6Pool: wire.Ptr("ipv6pool-ec2-0a")}, "UnsupportedOperation",
			"The parameter Ipv6Pool is not supported"},
		{ec2.AssociateVpcCidrBlockInput{VpcId: wire.Ptr("vpc-00000000000000000"), AmazonProvidedIpv6CidrBlock: wire.Ptr(true)}, "InvalidVpcID.NotFound",
			"The vpc ID 'vpc-00000000000000000' does not exist"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.AssociateVpcCidrBlock(ctx, &row.in)
			return err
		})
	}
	primary := *dual.CidrBlockAssociationSet[0].AssociationId
	for _, row := range []struct{ id, code, message string }{
		{primary, "OperationNotPermitted",
			"The vpc CIDR block with association ID " + primary + " may not be disassociated. It is the primary IPv4 CIDR block of the VPC"},
		{"vpc-cidr-assoc-00000000000000000", "InvalidVpcCidrBlockAssociationID.NotFound",
			"The vpc CIDR block with association ID 'vpc-cidr-assoc-00000000000000000' does not exist"},
		{"x", "InvalidVpcCidrBlockAssociationId.Malformed", "The vpc CIDR block with association ID x is malformed"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: &row.id})
			return err
		})
	}
	stranger := as(t, "444455556666", "us-east-1")
	id := *dual.Ipv6CidrBlockAssociationSet[0].AssociationId
	wantError(t, "InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block with association ID '"+id+"' does not exist", func() error {
		_, err := s.DisassociateVpcCidrBlock(stranger, &ec2.DisassociateVpcCidrBlockInput{AssociationId: &id})
		return err
	})
}
