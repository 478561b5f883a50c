package ec2

import (
	"context"
	"net/netip"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// The sizes of a VPC's and a subnet's CIDR ("Amazon VPC quotas").
const (
	minBits = 16
	maxBits = 28
)

// CreateVpc makes a VPC with its main route table, its default network ACL and
// its default security group.
func (s *Service) CreateVpc(ctx context.Context, in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	caller := auth.CallerFrom(ctx)
	amazon, err := wantsAmazonIPv6(caller.Region, in.AmazonProvidedIpv6CidrBlock, in.Ipv6CidrBlockNetworkBorderGroup,
		parameter{"Ipv6CidrBlock", in.Ipv6CidrBlock != nil},
		parameter{"Ipv6Pool", in.Ipv6Pool != nil},
		parameter{"Ipv4IpamPoolId", in.Ipv4IpamPoolId != nil},
		parameter{"Ipv4NetmaskLength", in.Ipv4NetmaskLength != nil},
		parameter{"Ipv6IpamPoolId", in.Ipv6IpamPoolId != nil},
		parameter{"Ipv6NetmaskLength", in.Ipv6NetmaskLength != nil},
		parameter{"VpcEncryptionControl", in.VpcEncryptionControl != nil},
	)
	if err != nil {
		return nil, err
	}
	n, err := s.newNetwork(caller, in)
	if err != nil {
		return nil, err
	}
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		if s.limits.Account && count(s.store.Networks.List(tx, n.Account, n.Region)) >= s.limits.VPCs {
			return nil, errVpcLimit()
		}
		group := defaultGroup(n.Owner, n.ID, n.Created)
		if amazon {
			n.IPv6 = s.newNetworkIPv6(tx)
			openIPv6(&group)
		}
		s.store.Networks.Put(tx, n)
		s.store.RouteTables.Put(tx, vpc.RouteTable{
			Owner: n.Owner, ID: vpc.NewID("rtb"), VPC: n.ID, Main: true, Association: vpc.NewID("rtbassoc"), Created: n.Created})
		s.store.SecurityGroups.Put(tx, group)
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	shape := networkShape(n)
	shape.State = wire.Ptr("pending")
	return &ec2.CreateVpcOutput{Vpc: &shape}, nil
}

func (s *Service) newNetwork(caller auth.Caller, in *ec2.CreateVpcInput) (vpc.Network, error) {
	if in.CidrBlock == nil {
		return vpc.Network{}, errMissing("cidrBlock")
	}
	cidr, ok := parseCIDR(*in.CidrBlock)
	if !ok {
		return vpc.Network{}, errInvalid("Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", *in.CidrBlock)
	}
	if cidr.Bits() < minBits || cidr.Bits() > maxBits {
		return vpc.Network{}, errVpcRange(*in.CidrBlock)
	}
	tenancy := "default"
	if in.InstanceTenancy != nil {
		tenancy = *in.InstanceTenancy
	}
	if tenancy != "default" && tenancy != "dedicated" {
		return vpc.Network{}, errInvalid("Value (%s) for parameter instanceTenancy is invalid.", tenancy)
	}
	tags, err := s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeVpc)
	if err != nil {
		return vpc.Network{}, err
	}
	return vpc.Network{
		Owner:       ownerOf(caller),
		ID:          vpc.NewID("vpc"),
		CIDR:        cidr,
		Tenancy:     tenancy,
		DNSSupport:  true,
		DHCPOptions: "default",
		NetworkACL:  vpc.NewID("acl"),
		Created:     s.now().UTC(),
		Tags:        tags,
	}, nil
}

// parseCIDR reads an IPv4 CIDR. Like EC2 it takes 10.0.0.1/16 for
// 10.0.0.0/16.
func parseCIDR(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil && p.Addr().Is4()
}

// DeleteVpc deletes a VPC in which nothing is left but what was made with it.
func (s *Service) DeleteVpc(ctx context.Context, in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		n, err := s.network(tx, auth.CallerFrom(ctx), wire.Value(in.VpcId))
		if err != nil {
			return nil, err
		}
		groups := slices.Collect(s.store.SecurityGroups.By(tx, "vpc", n.ID))
		if count(s.store.Subnets.By(tx, "vpc", n.ID)) > 0 || count(s.store.ENIs.By(tx, "vpc", n.ID)) > 0 ||
			count(s.store.Endpoints.By(tx, "vpc", n.ID)) > 0 || count(s.store.LoadBalancers.By(tx, "vpc", n.ID)) > 0 || len(groups) > 1 {
			return nil, errVpcInUse(n.ID)
		}
		for _, g := range groups {
			s.store.SecurityGroups.Delete(tx, ownKey(n.Owner, g.ID))
		}
		for rt := range s.store.RouteTables.By(tx, "vpc", n.ID) {
			s.store.RouteTables.Delete(tx, ownKey(n.Owner, rt.ID))
		}
		for f := range s.store.FlowLogs.By(tx, "resource", n.ID) {
			s.store.FlowLogs.Delete(tx, ownKey(n.Owner, f.ID))
		}
		s.store.Networks.Delete(tx, ownKey(n.Owner, n.ID))
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.DeleteVpcOutput{}, nil
}

// network reads one of the caller's VPCs.
func (s *Service) network(r store.Reader, caller auth.Caller, id string) (vpc.Network, error) {
	if !vpc.ValidID("vpc", id) {
		return vpc.Network{}, errMalformed("VpcID", id, "vpc")
	}
	n, ok := s.store.Networks.Get(r, key(caller, id))
	if !ok {
		return vpc.Network{}, errVpcNotFound(id)
	}
	return n, nil
}

// DescribeVpcs answers with the caller's VPCs.
func (s *Service) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	match, err := compileFilters(networkFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(in.VpcIds, s.store.Networks.List(r, caller.Account, caller.Region),
		func(id string) (vpc.Network, error) { return s.network(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcsOutput{}
	for _, n := range rows {
		if shape := networkShape(n); match(&shape) {
			out.Vpcs = append(out.Vpcs, shape)
		}
	}
	return out, nil
}

func networkShape(n vpc.Network) ec2.Vpc {
	shape := ec2.Vpc{
		CidrBlock: wire.Ptr(n.CIDR.String()),
		CidrBlockAssociationSet: []ec2.VpcCidrBlockAssociation{{
			AssociationId:  wire.Ptr(primaryAssociation(n)),
			CidrBlock:      wire.Ptr(n.CIDR.String()),
			CidrBlockState: &ec2.VpcCidrBlockState{State: wire.Ptr("associated")},
		}},
		DhcpOptionsId:   wire.Ptr(n.DHCP()),
		InstanceTenancy: wire.Ptr(n.Tenancy),
		IsDefault:       wire.Ptr(false),
		OwnerId:         wire.Ptr(n.Account),
		State:           wire.Ptr("available"),
		Tags:            tagList(n.Tags),
		VpcId:           wire.Ptr(n.ID),
	}
	if n.IPv6.CIDR.IsValid() {
		shape.Ipv6CidrBlockAssociationSet = []ec2.VpcIpv6CidrBlockAssociation{*networkIPv6Shape(n, "associated")}
	}
	return shape
}

var networkFilters = filters[*ec2.Vpc]{
	"cidr":            func(v *ec2.Vpc) []string { return one(v.CidrBlock) },
	"cidr-block":      func(v *ec2.Vpc) []string { return one(v.CidrBlock) },
	"dhcp-options-id": func(v *ec2.Vpc) []string { return one(v.DhcpOptionsId) },
	"is-default":      func(v *ec2.Vpc) []string { return flag(v.IsDefault) },
	"isDefault":       func(v *ec2.Vpc) []string { return flag(v.IsDefault) },
	"owner-id":        func(v *ec2.Vpc) []string { return one(v.OwnerId) },
	"state":           func(v *ec2.Vpc) []string { return one(v.State) },
	"vpc-id":          func(v *ec2.Vpc) []string { return one(v.VpcId) },
	"cidr-block-association.cidr-block": func(v *ec2.Vpc) []string {
		return texts(v.CidrBlockAssociationSet, func(a ec2.VpcCidrBlockAssociation) *string { return a.CidrBlock })
	},
	"cidr-block-association.association-id": func(v *ec2.Vpc) []string {
		return texts(v.CidrBlockAssociationSet, func(a ec2.VpcCidrBlockAssociation) *string { return a.AssociationId })
	},
	"cidr-block-association.state": func(v *ec2.Vpc) []string {
		return texts(v.CidrBlockAssociationSet, func(a ec2.VpcCidrBlockAssociation) *string { return a.CidrBlockState.State })
	},
	"ipv6-cidr-block-association.ipv6-cidr-block": func(v *ec2.Vpc) []string {
		return texts(v.Ipv6CidrBlockAssociationSet, func(a ec2.VpcIpv6CidrBlockAssociation) *string { return a.Ipv6CidrBlock })
	},
	"ipv6-cidr-block-association.ipv6-pool": func(v *ec2.Vpc) []string {
		return texts(v.Ipv6CidrBlockAssociationSet, func(a ec2.VpcIpv6CidrBlockAssociation) *string { return a.Ipv6Pool })
	},
	"ipv6-cidr-block-association.association-id": func(v *ec2.Vpc) []string {
		return texts(v.Ipv6CidrBlockAssociationSet, func(a ec2.VpcIpv6CidrBlockAssociation) *string { return a.AssociationId })
	},
	"ipv6-cidr-block-association.state": func(v *ec2.Vpc) []string {
		return texts(v.Ipv6CidrBlockAssociationSet, func(a ec2.VpcIpv6CidrBlockAssociation) *string { return a.Ipv6CidrBlockState.State })
	},
	tagFilter: func(v *ec2.Vpc) []string { return tagSetPairs(v.Tags) },
}
