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

// CreateSubnet makes a subnet in a VPC's CIDR and one zone.
func (s *Service) CreateSubnet(ctx context.Context, in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	sn, err := s.newSubnet(auth.CallerFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		n, err := s.network(tx, auth.CallerFrom(ctx), sn.VPC)
		if err != nil {
			return nil, err
		}
		if err := s.checkSubnet(tx, n, sn); err != nil {
			return nil, err
		}
		s.store.Subnets.Put(tx, sn)
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	shape := s.subnetShape(s.store.Snapshot(), sn)
	return &ec2.CreateSubnetOutput{Subnet: &shape}, nil
}

// checkSubnet checks that the CIDRs of a new subnet lie in those of its VPC
// and overlap with no other subnet's.
func (s *Service) checkSubnet(tx *store.Tx, n vpc.Network, sn vpc.Subnet) error {
	if !sn.Native && !vpc.Within(n.CIDR, sn.CIDR) {
		return errSubnetRange(sn.CIDR.String())
	}
	others := 0
	for other := range s.store.Subnets.By(tx, "vpc", n.ID) {
		if others++; other.CIDR.Overlaps(sn.CIDR) {
			return errSubnetConflict(sn.CIDR.String())
		}
	}
	if others >= s.limits.SubnetsPerVPC {
		return errSubnetLimit()
	}
	if sn.IPv6.CIDR.IsValid() {
		return s.checkSubnetIPv6(tx, n, sn)
	}
	return nil
}

func (s *Service) newSubnet(caller auth.Caller, in *ec2.CreateSubnetInput) (vpc.Subnet, error) {
	if err := refuseGiven(
		parameter{"OutpostArn", in.OutpostArn != nil},
		parameter{"Ipv4IpamPoolId", in.Ipv4IpamPoolId != nil},
		parameter{"Ipv4NetmaskLength", in.Ipv4NetmaskLength != nil},
		parameter{"Ipv6IpamPoolId", in.Ipv6IpamPoolId != nil},
		parameter{"Ipv6NetmaskLength", in.Ipv6NetmaskLength != nil},
	); err != nil {
		return vpc.Subnet{}, err
	}
	sn := vpc.Subnet{
		Owner:   ownerOf(caller),
		ID:      vpc.NewID("subnet"),
		VPC:     wire.Value(in.VpcId),
		Created: s.now().UTC(),
	}
	if err := setCIDRs(&sn, in); err != nil {
		return vpc.Subnet{}, err
	}
	zone, err := subnetZone(caller.Region, in)
	if err != nil {
		return vpc.Subnet{}, err
	}
	tags, err := s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeSubnet)
	if err != nil {
		return vpc.Subnet{}, err
	}
	sn.Zone, sn.ZoneID, sn.Tags = zone.Name, zone.ID, tags
	return sn, nil
}

// setCIDRs reads the CIDRs that a request gives a subnet. An IPv6-only subnet
// gives its network interfaces addresses and names without being asked.
func setCIDRs(sn *vpc.Subnet, in *ec2.CreateSubnetInput) (err error) {
	sn.Native = wire.Value(in.Ipv6Native)
	switch {
	case sn.Native && in.CidrBlock != nil:
		return errIPv6OnlyCIDRs()
	case sn.Native && in.Ipv6CidrBlock == nil:
		return errIPv6OnlyWithoutBlock()
	case sn.Native:
		sn.AssignIPv6, sn.Names = true, vpc.HostNames{ByResource: true, AAAA: true}
	case in.CidrBlock == nil:
		return errMissing("cidrBlock")
	default:
		if sn.CIDR, err = subnetCIDR(*in.CidrBlock); err != nil {
			return err
		}
	}
	if in.Ipv6CidrBlock != nil {
		sn.IPv6, err = newSubnetIPv6(*in.Ipv6CidrBlock)
	}
	return err
}

func subnetCIDR(text string) (netip.Prefix, error) {
	cidr, ok := parseCIDR(text)
	if !ok {
		return netip.Prefix{}, errInvalid("Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", text)
	}
	if cidr.Bits() < minBits || cidr.Bits() > maxBits {
		return netip.Prefix{}, errSubnetRange(text)
	}
	return cidr, nil
}

// subnetZone is the zone that a request names, by name or id; the Region's
// first one where it names none.
func subnetZone(region string, in *ec2.CreateSubnetInput) (vpc.Zone, error) {
	r, ok := vpc.FindRegion(region)
	if !ok {
		return vpc.Zone{}, errInvalid("Region %s has no availability zones", region)
	}
	if in.AvailabilityZone != nil && in.AvailabilityZoneId != nil {
		return vpc.Zone{}, errCombination("Only one of AvailabilityZone and AvailabilityZoneId can be specified")
	}
	for _, named := range []*string{in.AvailabilityZone, in.AvailabilityZoneId} {
		if named == nil {
			continue
		}
		if z, ok := r.Zone(*named); ok {
			return z, nil
		}
		return vpc.Zone{}, errZone(*named, region)
	}
	return r.AvailabilityZones()[0], nil
}

// DeleteSubnet deletes a subnet without network interfaces, which no endpoint
// and no load balancer has.
func (s *Service) DeleteSubnet(ctx context.Context, in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		sn, err := s.subnet(tx, auth.CallerFrom(ctx), wire.Value(in.SubnetId))
		if err != nil {
			return nil, err
		}
		if s.subnetInUse(tx, sn) {
			return nil, errSubnetInUse(sn.ID)
		}
		for f := range s.store.FlowLogs.By(tx, "resource", sn.ID) {
			s.store.FlowLogs.Delete(tx, ownKey(sn.Owner, f.ID))
		}
		s.store.Subnets.Delete(tx, ownKey(sn.Owner, sn.ID))
		return []string{sn.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.DeleteSubnetOutput{}, nil
}

// subnetInUse reports whether something lives in a subnet, or will: an endpoint
// has its subnets before its provider accepts it and it gets interfaces.
func (s *Service) subnetInUse(tx *store.Tx, sn vpc.Subnet) bool {
	if count(s.store.ENIs.By(tx, "subnet", sn.ID)) > 0 {
		return true
	}
	for e := range s.store.Endpoints.By(tx, "vpc", sn.VPC) {
		if slices.Contains(e.Subnets, sn.ID) {
			return true
		}
	}
	for l := range s.store.LoadBalancers.By(tx, "vpc", sn.VPC) {
		if slices.ContainsFunc(l.Nodes, func(n vpc.LoadBalancerNode) bool { return n.Subnet == sn.ID }) {
			return true
		}
	}
	return false
}

// subnet reads one of the caller's subnets.
func (s *Service) subnet(r store.Reader, caller auth.Caller, id string) (vpc.Subnet, error) {
	if !vpc.ValidID("subnet", id) {
		return vpc.Subnet{}, errMalformed("SubnetID", id, "subnet")
	}
	sn, ok := s.store.Subnets.Get(r, key(caller, id))
	if !ok {
		return vpc.Subnet{}, errSubnetNotFound(id)
	}
	return sn, nil
}
