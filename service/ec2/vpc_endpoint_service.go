package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeVpcEndpointServices answers with the services that an endpoint in
// the caller's Region can lead to.
func (s *Service) DescribeVpcEndpointServices(ctx context.Context, in *ec2.DescribeVpcEndpointServicesInput) (*ec2.DescribeVpcEndpointServicesOutput, error) {
	match, err := compileFilters(serviceFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	region := auth.CallerFrom(ctx).Region
	services, err := endpointServices(region, in)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointServicesOutput{}
	for _, service := range services {
		if d := serviceShape(service); match(d) {
			out.ServiceDetails = append(out.ServiceDetails, *d)
			out.ServiceNames = append(out.ServiceNames, service.Name)
		}
	}
	return out, nil
}

var serviceFilters = filters[*ec2.ServiceDetail]{
	"owner":          func(d *ec2.ServiceDetail) []string { return one(d.Owner) },
	"service-name":   func(d *ec2.ServiceDetail) []string { return one(d.ServiceName) },
	"service-region": func(d *ec2.ServiceDetail) []string { return one(d.ServiceRegion) },
	"service-type":   func(d *ec2.ServiceDetail) []string { return one(d.ServiceType[0].ServiceType) },
	"supported-ip-address-types": func(d *ec2.ServiceDetail) []string {
		return d.SupportedIpAddressTypes
	},
	tagFilter: func(*ec2.ServiceDetail) []string { return nil }, // AWS's services have none
}

// endpointServices are those that a request asks for by name and Region. The
// services of other Regions cannot be reached from this one.
func endpointServices(region string, in *ec2.DescribeVpcEndpointServicesInput) ([]vpc.EndpointService, error) {
	all := vpc.EndpointServices(region)
	for _, name := range in.ServiceNames {
		if !slices.ContainsFunc(all, func(s vpc.EndpointService) bool { return s.Name == name }) {
			return nil, errServiceNotFound(name)
		}
	}
	if len(in.ServiceRegions) > 0 && !slices.Contains(in.ServiceRegions, region) {
		return nil, nil
	}
	if len(in.ServiceNames) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(s vpc.EndpointService) bool { return !slices.Contains(in.ServiceNames, s.Name) }), nil
}

// serviceShape is a service as it is answered.
func serviceShape(service vpc.EndpointService) *ec2.ServiceDetail {
	d := &ec2.ServiceDetail{
		ServiceName:                     &service.Name,
		ServiceId:                       &service.ID,
		ServiceType:                     []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr(ec2.ServiceTypeInterface)}},
		ServiceRegion:                   &service.Region,
		Owner:                           wire.Ptr("amazon"),
		BaseEndpointDnsNames:            []string{service.BaseName()},
		PrivateDnsName:                  &service.PrivateNames[0],
		PrivateDnsNameVerificationState: wire.Ptr(ec2.DnsNameStateVerified),
		VpcEndpointPolicySupported:      &service.Policy,
		AcceptanceRequired:              wire.Ptr(false),
		ManagesVpcEndpoints:             wire.Ptr(false),
		SupportedIpAddressTypes:         service.AddressTypes,
	}
	for _, name := range service.PrivateNames {
		d.PrivateDnsNames = append(d.PrivateDnsNames, ec2.PrivateDnsDetails{PrivateDnsName: &name})
	}
	region, _ := vpc.FindRegion(service.Region)
	for _, z := range region.AvailabilityZones() {
		d.AvailabilityZones = append(d.AvailabilityZones, z.Name)
		d.AvailabilityZoneIds = append(d.AvailabilityZoneIds, z.ID)
	}
	return d
}
