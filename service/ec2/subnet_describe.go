package ec2

import (
	"context"
	"strconv"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeSubnets answers with the caller's subnets.
func (s *Service) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	match, err := compileFilters(subnetFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(in.SubnetIds, s.store.Subnets.List(r, caller.Account, caller.Region),
		func(id string) (vpc.Subnet, error) { return s.subnet(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSubnetsOutput{}
	for _, sn := range rows {
		if shape := s.subnetShape(r, sn); match(&shape) {
			out.Subnets = append(out.Subnets, shape)
		}
	}
	return out, nil
}

func (s *Service) subnetShape(r store.Reader, sn vpc.Subnet) ec2.Subnet {
	free := vpc.Usable(sn.CIDR)
	for eni := range s.store.ENIs.By(r, "subnet", sn.ID) {
		if eni.Address.IsValid() {
			free--
		}
	}
	kind := ec2.HostnameTypeIpName
	if sn.Names.ByResource {
		kind = ec2.HostnameTypeResourceName
	}
	shape := ec2.Subnet{
		AssignIpv6AddressOnCreation: wire.Ptr(sn.AssignIPv6),
		AvailabilityZone:            wire.Ptr(sn.Zone),
		AvailabilityZoneId:          wire.Ptr(sn.ZoneID),
		AvailableIpAddressCount:     wire.Ptr(int32(free)),
		DefaultForAz:                wire.Ptr(false),
		EnableDns64:                 wire.Ptr(false),
		Ipv6Native:                  wire.Ptr(sn.Native),
		MapCustomerOwnedIpOnLaunch:  wire.Ptr(false),
		MapPublicIpOnLaunch:         wire.Ptr(sn.MapPublicIP),
		OwnerId:                     wire.Ptr(sn.Account),
		PrivateDnsNameOptionsOnLaunch: &ec2.PrivateDnsNameOptionsOnLaunch{
			EnableResourceNameDnsAAAARecord: wire.Ptr(sn.Names.AAAA),
			EnableResourceNameDnsARecord:    wire.Ptr(sn.Names.A),
			HostnameType:                    &kind,
		},
		State:     wire.Ptr("available"),
		SubnetArn: wire.Ptr(arn(sn.Owner, "subnet", sn.ID)),
		SubnetId:  wire.Ptr(sn.ID),
		Tags:      tagList(sn.Tags),
		VpcId:     wire.Ptr(sn.VPC),
	}
	if !sn.Native {
		shape.CidrBlock = wire.Ptr(sn.CIDR.String())
	}
	if sn.IPv6.CIDR.IsValid() {
		shape.Ipv6CidrBlockAssociationSet = []ec2.SubnetIpv6CidrBlockAssociation{*subnetIPv6Shape(sn, "associated")}
	}
	return shape
}

var subnetFilters = filters[*ec2.Subnet]{
	"availability-zone":    func(n *ec2.Subnet) []string { return one(n.AvailabilityZone) },
	"availabilityZone":     func(n *ec2.Subnet) []string { return one(n.AvailabilityZone) },
	"availability-zone-id": func(n *ec2.Subnet) []string { return one(n.AvailabilityZoneId) },
	"availabilityZoneId":   func(n *ec2.Subnet) []string { return one(n.AvailabilityZoneId) },
	"available-ip-address-count": func(n *ec2.Subnet) []string {
		return []string{strconv.Itoa(int(*n.AvailableIpAddressCount))}
	},
	"cidr":           func(n *ec2.Subnet) []string { return one(n.CidrBlock) },
	"cidr-block":     func(n *ec2.Subnet) []string { return one(n.CidrBlock) },
	"cidrBlock":      func(n *ec2.Subnet) []string { return one(n.CidrBlock) },
	"default-for-az": func(n *ec2.Subnet) []string { return flag(n.DefaultForAz) },
	"defaultForAz":   func(n *ec2.Subnet) []string { return flag(n.DefaultForAz) },
	"ipv6-native":    func(n *ec2.Subnet) []string { return flag(n.Ipv6Native) },
	"enable-dns64":   func(n *ec2.Subnet) []string { return flag(n.EnableDns64) },
	"ipv6-cidr-block-association.ipv6-cidr-block": func(n *ec2.Subnet) []string {
		return texts(n.Ipv6CidrBlockAssociationSet, func(a ec2.SubnetIpv6CidrBlockAssociation) *string { return a.Ipv6CidrBlock })
	},
	"ipv6-cidr-block-association.association-id": func(n *ec2.Subnet) []string {
		return texts(n.Ipv6CidrBlockAssociationSet, func(a ec2.SubnetIpv6CidrBlockAssociation) *string { return a.AssociationId })
	},
	"ipv6-cidr-block-association.state": func(n *ec2.Subnet) []string {
		return texts(n.Ipv6CidrBlockAssociationSet, func(a ec2.SubnetIpv6CidrBlockAssociation) *string { return a.Ipv6CidrBlockState.State })
	},
	"private-dns-name-options-on-launch.hostname-type": func(n *ec2.Subnet) []string {
		return one(n.PrivateDnsNameOptionsOnLaunch.HostnameType)
	},
	"private-dns-name-options-on-launch.enable-resource-name-dns-a-record": func(n *ec2.Subnet) []string {
		return flag(n.PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord)
	},
	"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": func(n *ec2.Subnet) []string {
		return flag(n.PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord)
	},
	"customer-owned-ipv4-pool":        func(*ec2.Subnet) []string { return nil }, // there are no outposts
	"outpost-arn":                     func(*ec2.Subnet) []string { return nil },
	"enable-lni-at-device-index":      func(*ec2.Subnet) []string { return nil },
	"map-customer-owned-ip-on-launch": func(n *ec2.Subnet) []string { return flag(n.MapCustomerOwnedIpOnLaunch) },
	"map-public-ip-on-launch":         func(n *ec2.Subnet) []string { return flag(n.MapPublicIpOnLaunch) },
	"owner-id":                        func(n *ec2.Subnet) []string { return one(n.OwnerId) },
	"state":                           func(n *ec2.Subnet) []string { return one(n.State) },
	"subnet-arn":                      func(n *ec2.Subnet) []string { return one(n.SubnetArn) },
	"subnet-id":                       func(n *ec2.Subnet) []string { return one(n.SubnetId) },
	"vpc-id":                          func(n *ec2.Subnet) []string { return one(n.VpcId) },
	tagFilter:                         func(n *ec2.Subnet) []string { return tagSetPairs(n.Tags) },
}
