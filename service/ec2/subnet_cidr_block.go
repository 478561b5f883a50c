package ec2

import (
	"context"
	"net/netip"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// AssociateSubnetCidrBlock gives a subnet a part of its VPC's IPv6 block.
func (s *Service) AssociateSubnetCidrBlock(ctx context.Context, in *ec2.AssociateSubnetCidrBlockInput) (*ec2.AssociateSubnetCidrBlockOutput, error) {
	if err := refuseGiven(
		parameter{"Ipv6IpamPoolId", in.Ipv6IpamPoolId != nil},
		parameter{"Ipv6NetmaskLength", in.Ipv6NetmaskLength != nil},
	); err != nil {
		return nil, err
	}
	if in.Ipv6CidrBlock == nil {
		return nil, errMissing("ipv6CidrBlock")
	}
	block, err := newSubnetIPv6(*in.Ipv6CidrBlock)
	if err != nil {
		return nil, err
	}
	var sn vpc.Subnet
	err = s.apply(ctx, func(tx *store.Tx) (_ []string, err error) {
		caller := auth.CallerFrom(ctx)
		if sn, err = s.subnet(tx, caller, wire.Value(in.SubnetId)); err != nil {
			return nil, err
		}
		if sn.IPv6.CIDR.IsValid() {
			return nil, errCIDRLimit("subnet", sn.ID)
		}
		n, err := s.network(tx, caller, sn.VPC)
		if err != nil {
			return nil, err
		}
		sn.IPv6 = block
		if err := s.checkSubnetIPv6(tx, n, sn); err != nil {
			return nil, err
		}
		s.store.Subnets.Put(tx, sn)
		return []string{sn.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.AssociateSubnetCidrBlockOutput{SubnetId: &sn.ID, Ipv6CidrBlockAssociation: subnetIPv6Shape(sn, "associating")}, nil
}

// newSubnetIPv6 reads a subnet's IPv6 CIDR, which is a /64.
func newSubnetIPv6(text string) (vpc.IPv6Block, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() || p.Bits() != vpc.SubnetIPv6Bits {
		return vpc.IPv6Block{}, errInvalid("invalid value for parameter ipv6-cidr-block: %s", text)
	}
	return vpc.IPv6Block{CIDR: p.Masked(), Association: vpc.NewID("subnet-cidr-assoc")}, nil
}

// checkSubnetIPv6 checks that the IPv6 block of sn lies in that of its VPC and
// overlaps with no other subnet's.
func (s *Service) checkSubnetIPv6(tx *store.Tx, n vpc.Network, sn vpc.Subnet) error {
	if !vpc.Within(n.IPv6.CIDR, sn.IPv6.CIDR) {
		return errSubnetIPv6Range(sn.IPv6.CIDR)
	}
	for other := range s.store.Subnets.By(tx, "vpc", n.ID) {
		if other.ID != sn.ID && other.IPv6.CIDR.Overlaps(sn.IPv6.CIDR) {
			return errSubnetIPv6Conflict(sn.IPv6.CIDR)
		}
	}
	return nil
}

// DisassociateSubnetCidrBlock takes a subnet's IPv6 block away when no network
// interface has an address of it, and none will get one.
func (s *Service) DisassociateSubnetCidrBlock(ctx context.Context, in *ec2.DisassociateSubnetCidrBlockInput) (*ec2.DisassociateSubnetCidrBlockOutput, error) {
	var before vpc.Subnet
	err := s.apply(ctx, func(tx *store.Tx) (_ []string, err error) {
		if before, err = s.subnetOfIPv6(tx, auth.CallerFrom(ctx), wire.Value(in.AssociationId)); err != nil {
			return nil, err
		}
		if use := s.useOfIPv6(tx, before); use != "" {
			return nil, errSubnetIPv6InUse(before.IPv6.Association, use)
		}
		sn := before
		sn.IPv6 = vpc.IPv6Block{}
		s.store.Subnets.Put(tx, sn)
		return []string{sn.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.DisassociateSubnetCidrBlockOutput{SubnetId: &before.ID, Ipv6CidrBlockAssociation: subnetIPv6Shape(before, "disassociating")}, nil
}

// useOfIPv6 says what needs the IPv6 block of sn; empty when nothing does.
func (s *Service) useOfIPv6(tx *store.Tx, sn vpc.Subnet) string {
	switch {
	case sn.AssignIPv6:
		return "its subnet has assign-ipv6-address-on-creation set to true"
	case sn.Names.AAAA:
		return "its subnet has enable-resource-name-dns-aaaa-record-on-launch set to true"
	}
	for eni := range s.store.ENIs.By(tx, "subnet", sn.ID) {
		if eni.IPv6.IsValid() {
			return "it has in-use addresses"
		}
	}
	return ""
}

// subnetOfIPv6 finds the caller's subnet whose IPv6 block has that association.
func (s *Service) subnetOfIPv6(tx store.Reader, caller auth.Caller, association string) (vpc.Subnet, error) {
	if !vpc.ValidID("subnet-cidr-assoc", association) {
		return vpc.Subnet{}, errSubnetAssociationMalformed(association)
	}
	for sn := range s.store.Subnets.List(tx, caller.Account, caller.Region) {
		if sn.IPv6.Association == association {
			return sn, nil
		}
	}
	return vpc.Subnet{}, errSubnetAssociationNotFound(association)
}

func subnetIPv6Shape(sn vpc.Subnet, state string) *ec2.SubnetIpv6CidrBlockAssociation {
	return &ec2.SubnetIpv6CidrBlockAssociation{
		AssociationId:        wire.Ptr(sn.IPv6.Association),
		IpSource:             wire.Ptr("amazon"),
		Ipv6AddressAttribute: wire.Ptr("public"),
		Ipv6CidrBlock:        wire.Ptr(sn.IPv6.CIDR.String()),
		Ipv6CidrBlockState:   &ec2.SubnetCidrBlockState{State: &state},
	}
}
