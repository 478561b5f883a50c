package ec2

import (
	"context"

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
		if sn.CIDR.Bits() < n.CIDR.Bits() || !n.CIDR.Contains(sn.CIDR.Addr()) {
			return nil, errSubnetRange(*in.CidrBlock)
		}
		others := 0
		for other := range s.store.Subnets.By(tx, "vpc", n.ID) {
			if others++; other.CIDR.Overlaps(sn.CIDR) {
				return nil, errSubnetConflict(*in.CidrBlock)
			}
		}
		if others >= s.limits.SubnetsPerVPC {
			return nil, errSubnetLimit()
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

func (s *Service) newSubnet(caller auth.Caller, in *ec2.CreateSubnetInput) (vpc.Subnet, error) {
	if err := refuseGiven(
		parameter{"Ipv6CidrBlock", in.Ipv6CidrBlock != nil},
		parameter{"Ipv6Native", wire.Value(in.Ipv6Native)},
		parameter{"OutpostArn", in.OutpostArn != nil},
		parameter{"Ipv4IpamPoolId", in.Ipv4IpamPoolId != nil},
		parameter{"Ipv4NetmaskLength", in.Ipv4NetmaskLength != nil},
		parameter{"Ipv6IpamPoolId", in.Ipv6IpamPoolId != nil},
		parameter{"Ipv6NetmaskLength", in.Ipv6NetmaskLength != nil},
	); err != nil {
		return vpc.Subnet{}, err
	}
	if in.CidrBlock == nil {
		return vpc.Subnet{}, errMissing("cidrBlock")
	}
	cidr, ok := parseCIDR(*in.CidrBlock)
	if !ok {
		return vpc.Subnet{}, errInvalid("Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", *in.CidrBlock)
	}
	if cidr.Bits() < minBits || cidr.Bits() > maxBits {
		return vpc.Subnet{}, errSubnetRange(*in.CidrBlock)
	}
	zone, err := subnetZone(caller.Region, in)
	if err != nil {
		return vpc.Subnet{}, err
	}
	tags, err := s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeSubnet)
	if err != nil {
		return vpc.Subnet{}, err
	}
	return vpc.Subnet{
		Owner:   ownerOf(caller),
		ID:      vpc.NewID("subnet"),
		VPC:     wire.Value(in.VpcId),
		CIDR:    cidr,
		Zone:    zone.Name,
		ZoneID:  zone.ID,
		Created: s.now().UTC(),
		Tags:    tags,
	}, nil
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

// DeleteSubnet deletes a subnet without network interfaces.
func (s *Service) DeleteSubnet(ctx context.Context, in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		sn, err := s.subnet(tx, auth.CallerFrom(ctx), wire.Value(in.SubnetId))
		if err != nil {
			return nil, err
		}
		if count(s.store.ENIs.By(tx, "subnet", sn.ID)) > 0 {
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

// ModifySubnetAttribute sets one attribute of a subnet.
func (s *Service) ModifySubnetAttribute(ctx context.Context, in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	if err := refuseGiven(
		parameter{"AssignIpv6AddressOnCreation", given(in.AssignIpv6AddressOnCreation)},
		parameter{"CustomerOwnedIpv4Pool", in.CustomerOwnedIpv4Pool != nil},
		parameter{"EnableDns64", given(in.EnableDns64)},
		parameter{"EnableLniAtDeviceIndex", in.EnableLniAtDeviceIndex != nil},
		parameter{"DisableLniAtDeviceIndex", given(in.DisableLniAtDeviceIndex)},
		parameter{"EnableResourceNameDnsAAAARecordOnLaunch", given(in.EnableResourceNameDnsAAAARecordOnLaunch)},
		parameter{"EnableResourceNameDnsARecordOnLaunch", given(in.EnableResourceNameDnsARecordOnLaunch)},
		parameter{"MapCustomerOwnedIpOnLaunch", given(in.MapCustomerOwnedIpOnLaunch)},
		parameter{"PrivateDnsHostnameTypeOnLaunch", in.PrivateDnsHostnameTypeOnLaunch != nil && *in.PrivateDnsHostnameTypeOnLaunch != "ip-name"},
	); err != nil {
		return nil, err
	}
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		sn, err := s.subnet(tx, auth.CallerFrom(ctx), wire.Value(in.SubnetId))
		if err != nil {
			return nil, err
		}
		if a := in.MapPublicIpOnLaunch; a != nil && a.Value != nil {
			sn.MapPublicIP = *a.Value
		}
		s.store.Subnets.Put(tx, sn)
		return []string{sn.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifySubnetAttributeOutput{}, nil
}

// given reports whether an attribute is asked for; switched off is what it is.
func given(a *ec2.AttributeBooleanValue) bool { return a != nil && wire.Value(a.Value) }
