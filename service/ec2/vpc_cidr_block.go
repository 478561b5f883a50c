package ec2

import (
	"context"
	"net/netip"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// cidrsPerNetwork is how many CIDRs of each family a VPC has at most.
const cidrsPerNetwork = 1

// AssociateVpcCidrBlock gives a VPC an IPv6 block of Amazon's pool. Security
// groups that let out everything over IPv4 do so over IPv6 from now on.
func (s *Service) AssociateVpcCidrBlock(ctx context.Context, in *ec2.AssociateVpcCidrBlockInput) (*ec2.AssociateVpcCidrBlockOutput, error) {
	caller := auth.CallerFrom(ctx)
	amazon, err := wantsAmazonIPv6(caller.Region, in.AmazonProvidedIpv6CidrBlock, in.Ipv6CidrBlockNetworkBorderGroup,
		parameter{"Ipv4IpamPoolId", in.Ipv4IpamPoolId != nil},
		parameter{"Ipv4NetmaskLength", in.Ipv4NetmaskLength != nil},
		parameter{"Ipv6CidrBlock", in.Ipv6CidrBlock != nil},
		parameter{"Ipv6IpamPoolId", in.Ipv6IpamPoolId != nil},
		parameter{"Ipv6NetmaskLength", in.Ipv6NetmaskLength != nil},
		parameter{"Ipv6Pool", in.Ipv6Pool != nil},
	)
	switch {
	case err != nil:
		return nil, err
	case amazon && in.CidrBlock != nil:
		return nil, errCombination("Only one of cidrBlock and amazonProvidedIpv6CidrBlock can be specified")
	case !amazon && in.CidrBlock == nil:
		return nil, errMissing("cidrBlock")
	}
	var n vpc.Network
	err = s.apply(ctx, func(tx *store.Tx) (_ []string, err error) {
		if n, err = s.network(tx, caller, wire.Value(in.VpcId)); err != nil {
			return nil, err
		}
		if in.CidrBlock != nil {
			return nil, refuseSecondaryCIDR(n.ID, *in.CidrBlock)
		}
		if n.IPv6.CIDR.IsValid() {
			return nil, errCIDRLimit("network", n.ID)
		}
		n.IPv6 = s.newNetworkIPv6(tx)
		s.store.Networks.Put(tx, n)
		for g := range s.store.SecurityGroups.By(tx, "vpc", n.ID) {
			if openIPv6(&g) {
				s.store.SecurityGroups.Put(tx, g)
			}
		}
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.AssociateVpcCidrBlockOutput{VpcId: &n.ID, Ipv6CidrBlockAssociation: networkIPv6Shape(n, "associating")}, nil
}

// wantsAmazonIPv6 reports whether a request asks for a block of Amazon's pool.
// It refuses the other sources of blocks, and other places than the Region.
func wantsAmazonIPv6(region string, amazon *bool, borderGroup *string, others ...parameter) (bool, error) {
	if err := refuseGiven(others...); err != nil {
		return false, err
	}
	wanted := wire.Value(amazon)
	switch {
	case borderGroup == nil:
		return wanted, nil
	case !wanted:
		return false, errCombination("The parameter ipv6CidrBlockNetworkBorderGroup can only be used with amazonProvidedIpv6CidrBlock")
	case *borderGroup != region:
		return false, errInvalid("Value (%s) for parameter ipv6CidrBlockNetworkBorderGroup is invalid.", *borderGroup)
	}
	return true, nil
}

// refuseSecondaryCIDR says why a VPC does not get a further IPv4 CIDR.
func refuseSecondaryCIDR(vpcID, text string) error {
	cidr, ok := parseCIDR(text)
	switch {
	case !ok:
		return errInvalid("Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", text)
	case cidr.Bits() < minBits || cidr.Bits() > maxBits:
		return errVpcRange(text)
	}
	return errCIDRLimit("network", vpcID)
}

// newNetworkIPv6 draws an IPv6 block that no VPC has, of any account and Region.
func (s *Service) newNetworkIPv6(tx *store.Tx) vpc.IPv6Block {
	var taken []netip.Prefix
	for n := range s.store.Networks.List(tx, "", "") {
		taken = append(taken, n.IPv6.CIDR)
	}
	return vpc.NewNetworkIPv6(taken)
}

// DisassociateVpcCidrBlock takes a VPC's IPv6 block away when no subnet has a
// part of it.
func (s *Service) DisassociateVpcCidrBlock(ctx context.Context, in *ec2.DisassociateVpcCidrBlockInput) (*ec2.DisassociateVpcCidrBlockOutput, error) {
	var before vpc.Network
	err := s.apply(ctx, func(tx *store.Tx) (_ []string, err error) {
		if before, err = s.networkOfIPv6(tx, auth.CallerFrom(ctx), wire.Value(in.AssociationId)); err != nil {
			return nil, err
		}
		for sn := range s.store.Subnets.By(tx, "vpc", before.ID) {
			if sn.IPv6.CIDR.IsValid() {
				return nil, errNetworkIPv6InUse(before.ID, before.IPv6.CIDR)
			}
		}
		n := before
		n.IPv6 = vpc.IPv6Block{}
		s.store.Networks.Put(tx, n)
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.DisassociateVpcCidrBlockOutput{VpcId: &before.ID, Ipv6CidrBlockAssociation: networkIPv6Shape(before, "disassociating")}, nil
}

// networkOfIPv6 finds the caller's VPC whose IPv6 block has that association.
func (s *Service) networkOfIPv6(tx store.Reader, caller auth.Caller, association string) (vpc.Network, error) {
	if !vpc.ValidID("vpc-cidr-assoc", association) {
		return vpc.Network{}, errNetworkAssociationMalformed(association)
	}
	for n := range s.store.Networks.List(tx, caller.Account, caller.Region) {
		switch association {
		case n.IPv6.Association:
			return n, nil
		case primaryAssociation(n):
			return vpc.Network{}, errPrimaryCIDR(association)
		}
	}
	return vpc.Network{}, errNetworkAssociationNotFound(association)
}

// primaryAssociation is the id of the association of a VPC's primary CIDR.
func primaryAssociation(n vpc.Network) string {
	return "vpc-cidr-assoc-" + strings.TrimPrefix(n.ID, "vpc-")
}

func networkIPv6Shape(n vpc.Network, state string) *ec2.VpcIpv6CidrBlockAssociation {
	return &ec2.VpcIpv6CidrBlockAssociation{
		AssociationId:        wire.Ptr(n.IPv6.Association),
		IpSource:             wire.Ptr("amazon"),
		Ipv6AddressAttribute: wire.Ptr("public"),
		Ipv6CidrBlock:        wire.Ptr(n.IPv6.CIDR.String()),
		Ipv6CidrBlockState:   &ec2.VpcCidrBlockState{State: &state},
		Ipv6Pool:             wire.Ptr("Amazon"),
		NetworkBorderGroup:   wire.Ptr(n.Region),
	}
}
