package ec2

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeRegions lists the Regions of the partition; all of them are open
// to every account here.
func (s *Service) DescribeRegions(ctx context.Context, in *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	match, err := compileFilters(regionFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	for _, name := range in.RegionNames {
		if _, ok := vpc.FindRegion(name); !ok {
			return nil, errInvalid("Invalid region names: [%s]", name)
		}
	}
	out := &ec2.DescribeRegionsOutput{}
	for _, r := range vpc.Regions(vpc.PartitionOf(auth.CallerFrom(ctx).Region)) {
		if len(in.RegionNames) > 0 && !slices.Contains(in.RegionNames, r.Name) {
			continue
		}
		shape := ec2.Region{
			Endpoint:    wire.Ptr(vpc.Hostnames("ec2", r.Name)[0].Name),
			OptInStatus: wire.Ptr("opt-in-not-required"),
			RegionName:  wire.Ptr(r.Name),
		}
		if match(&shape) {
			out.Regions = append(out.Regions, shape)
		}
	}
	return out, nil
}

var regionFilters = filters[*ec2.Region]{
	"endpoint":      func(r *ec2.Region) []string { return one(r.Endpoint) },
	"opt-in-status": func(r *ec2.Region) []string { return one(r.OptInStatus) },
	"region-name":   func(r *ec2.Region) []string { return one(r.RegionName) },
}

// DescribeAvailabilityZones lists the zones of the Region that is called.
func (s *Service) DescribeAvailabilityZones(ctx context.Context, in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	match, err := compileFilters(zoneFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	region, _ := vpc.FindRegion(auth.CallerFrom(ctx).Region)
	for _, name := range slices.Concat(in.ZoneNames, in.ZoneIds) {
		if _, ok := region.Zone(name); !ok {
			return nil, errInvalid("Invalid availability zone: [%s]", name)
		}
	}
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for _, z := range region.AvailabilityZones() {
		if len(in.ZoneNames) > 0 && !slices.Contains(in.ZoneNames, z.Name) || len(in.ZoneIds) > 0 && !slices.Contains(in.ZoneIds, z.ID) {
			continue
		}
		if shape := zoneShape(region, z); match(&shape) {
			out.AvailabilityZones = append(out.AvailabilityZones, shape)
		}
	}
	return out, nil
}

func zoneShape(r vpc.Region, z vpc.Zone) ec2.AvailabilityZone {
	return ec2.AvailabilityZone{
		GroupName:          wire.Ptr(r.Name + "-zg-1"),
		NetworkBorderGroup: wire.Ptr(r.Name),
		OptInStatus:        wire.Ptr("opt-in-not-required"),
		RegionName:         wire.Ptr(r.Name),
		State:              wire.Ptr("available"),
		ZoneId:             wire.Ptr(z.ID),
		ZoneName:           wire.Ptr(z.Name),
		ZoneType:           wire.Ptr("availability-zone"),
	}
}

var zoneFilters = filters[*ec2.AvailabilityZone]{
	"group-name":    func(z *ec2.AvailabilityZone) []string { return one(z.GroupName) },
	"opt-in-status": func(z *ec2.AvailabilityZone) []string { return one(z.OptInStatus) },
	"region-name":   func(z *ec2.AvailabilityZone) []string { return one(z.RegionName) },
	"state":         func(z *ec2.AvailabilityZone) []string { return one(z.State) },
	"zone-id":       func(z *ec2.AvailabilityZone) []string { return one(z.ZoneId) },
	"zone-name":     func(z *ec2.AvailabilityZone) []string { return one(z.ZoneName) },
	"zone-type":     func(z *ec2.AvailabilityZone) []string { return one(z.ZoneType) },
}

// zoneNames lists a Region's zones for a message.
func zoneNames(region string) string {
	r, _ := vpc.FindRegion(region)
	var names []string
	for _, z := range r.AvailabilityZones() {
		names = append(names, z.Name)
	}
	return strings.Join(names, ", ")
}

// DescribeAccountAttributes tells what an account may do. There is no default
// VPC, and no EC2-Classic.
func (s *Service) DescribeAccountAttributes(_ context.Context, in *ec2.DescribeAccountAttributesInput) (*ec2.DescribeAccountAttributesOutput, error) {
	attributes := []struct{ name, value string }{
		{"supported-platforms", "VPC"},
		{"vpc-max-security-groups-per-interface", strconv.Itoa(s.limits.GroupsPerENI)},
		{"default-vpc", "none"},
	}
	out := &ec2.DescribeAccountAttributesOutput{}
	for _, a := range attributes {
		if len(in.AttributeNames) == 0 || slices.Contains(in.AttributeNames, a.name) {
			out.AccountAttributes = append(out.AccountAttributes, ec2.AccountAttribute{
				AttributeName:   wire.Ptr(a.name),
				AttributeValues: []ec2.AccountAttributeValue{{AttributeValue: wire.Ptr(a.value)}},
			})
		}
	}
	return out, nil
}
