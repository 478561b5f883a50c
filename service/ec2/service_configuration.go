package ec2

import (
	"context"
	"iter"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeVpcEndpointServiceConfigurations answers with the endpoint services
// that the caller offers.
func (s *Service) DescribeVpcEndpointServiceConfigurations(ctx context.Context, in *ec2.DescribeVpcEndpointServiceConfigurationsInput) (*ec2.DescribeVpcEndpointServiceConfigurationsOutput, error) {
	if err := checkPageSize(in.MaxResults); err != nil {
		return nil, err
	}
	match, err := compileFilters(serviceConfigurationFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(in.ServiceIds, s.store.ServiceConfigurations.List(r, caller.Account, caller.Region),
		func(id string) (vpc.ServiceConfiguration, error) { return s.serviceConfiguration(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointServiceConfigurationsOutput{}
	for _, c := range rows {
		if v := s.serviceConfigurationShape(r, c); match(v) {
			out.ServiceConfigurations = append(out.ServiceConfigurations, *v)
		}
	}
	return out, nil
}

var serviceConfigurationFilters = filters[*ec2.ServiceConfiguration]{
	"service-name":  func(v *ec2.ServiceConfiguration) []string { return one(v.ServiceName) },
	"service-id":    func(v *ec2.ServiceConfiguration) []string { return one(v.ServiceId) },
	"service-state": func(v *ec2.ServiceConfiguration) []string { return one(v.ServiceState) },
	"supported-ip-address-types": func(v *ec2.ServiceConfiguration) []string {
		return v.SupportedIpAddressTypes
	},
	tagFilter: func(v *ec2.ServiceConfiguration) []string { return tagSetPairs(v.Tags) },
}

// serviceConfiguration reads the caller's endpoint service of that id.
func (s *Service) serviceConfiguration(r store.Reader, caller auth.Caller, id string) (vpc.ServiceConfiguration, error) {
	if !vpc.ValidID("vpce-svc", id) {
		return vpc.ServiceConfiguration{}, errServiceIDMalformed(id)
	}
	c, ok := s.store.ServiceConfigurations.Get(r, key(caller, id))
	if !ok {
		return vpc.ServiceConfiguration{}, errServiceIDNotFound(id)
	}
	return c, nil
}

// serviceConfigurationShape is an endpoint service as it is answered. A service
// is Available as long as it exists: nothing has to be built for it.
func (s *Service) serviceConfigurationShape(r store.Reader, c vpc.ServiceConfiguration) *ec2.ServiceConfiguration {
	v := &ec2.ServiceConfiguration{
		ServiceId:               &c.ID,
		ServiceName:             wire.Ptr(c.ServiceName()),
		ServiceState:            wire.Ptr(ec2.ServiceStateAvailable),
		ServiceType:             []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr(ec2.ServiceTypeInterface)}},
		AcceptanceRequired:      &c.AcceptanceRequired,
		ManagesVpcEndpoints:     wire.Ptr(false),
		NetworkLoadBalancerArns: c.LoadBalancers,
		BaseEndpointDnsNames:    []string{c.BaseName(c.Region)},
		SupportedIpAddressTypes: c.AddressTypes,
		SupportedRegions:        s.supportedRegions(r, c),
		RemoteAccessEnabled:     wire.Ptr(len(c.Regions) > 1),
		Tags:                    tagList(c.Tags),
	}
	for _, z := range s.customerTarget(r, c, c.Region).zones() {
		v.AvailabilityZones = append(v.AvailabilityZones, z.Name)
		v.AvailabilityZoneIds = append(v.AvailabilityZoneIds, z.ID)
	}
	if c.PrivateName != "" {
		v.PrivateDnsName = &c.PrivateName
		v.PrivateDnsNameConfiguration = s.verificationShape(*c.Verification)
	}
	if c.Payer != "" {
		v.PayerResponsibility = &c.Payer
	}
	return v
}

// regionClosed is the state of a Region from which no more endpoints may be
// made, although some are there.
const regionClosed = "Closed"

// supportedRegions are the Regions from where endpoints may be made, and those
// from where that was possible when the endpoints there were made.
func (s *Service) supportedRegions(r store.Reader, c vpc.ServiceConfiguration) []ec2.SupportedRegionDetail {
	states := map[string]string{}
	for e := range s.attached(r, c) {
		states[e.Region] = regionClosed
	}
	for _, name := range c.Regions {
		states[name] = ec2.ServiceStateAvailable
	}
	var all []ec2.SupportedRegionDetail
	for _, region := range vpc.Regions(vpc.PartitionOf(c.Region)) {
		if state := states[region.Name]; state != "" {
			all = append(all, ec2.SupportedRegionDetail{Region: wire.Ptr(region.Name), ServiceState: &state})
		}
	}
	return all
}

// attached yields the endpoints of all accounts that stand in a service's way:
// those that the provider has accepted or has not answered yet.
func (s *Service) attached(r store.Reader, c vpc.ServiceConfiguration) iter.Seq[vpc.Endpoint] {
	now := s.now()
	return func(yield func(vpc.Endpoint) bool) {
		for e := range s.store.Endpoints.By(r, "service", c.ServiceName()) {
			a := e.AdmissionAt(now)
			if (a == vpc.Admitted || a == vpc.AdmissionPending) && !yield(e) {
				return
			}
		}
	}
}

// serviceVPCs are the VPCs at both ends of a service's endpoints, which feel a
// change of the service; none while it has no endpoints.
func (s *Service) serviceVPCs(r store.Reader, c vpc.ServiceConfiguration) []string {
	var vpcs []string
	for e := range s.attached(r, c) {
		vpcs = append(vpcs, e.VPC)
	}
	if len(vpcs) == 0 {
		return nil
	}
	return distinct(append(vpcs, s.customerTarget(r, c, c.Region).vpcs()...))
}
