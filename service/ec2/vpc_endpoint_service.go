package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeVpcEndpointServices answers with the services that an endpoint of
// the caller can lead to: those of AWS, and those that customers offer to the
// caller.
func (s *Service) DescribeVpcEndpointServices(ctx context.Context, in *ec2.DescribeVpcEndpointServicesInput) (*ec2.DescribeVpcEndpointServicesOutput, error) {
	match, err := compileFilters(serviceFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerFrom(ctx)
	targets, err := named(in.ServiceNames, s.endpointTargets(s.store.Snapshot(), caller, in.ServiceRegions))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointServicesOutput{}
	for _, t := range targets {
		if d := s.serviceShape(t, caller); match(d) {
			out.ServiceDetails = append(out.ServiceDetails, *d)
			out.ServiceNames = append(out.ServiceNames, t.name())
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
	tagFilter: func(d *ec2.ServiceDetail) []string { return tagSetPairs(d.Tags) },
}

// endpointTargets are the services in some Regions that a caller can make
// endpoints to, ordered by name. Without Regions it is the caller's own.
func (s *Service) endpointTargets(r store.Reader, caller auth.Caller, regions []string) []endpointTarget {
	if len(regions) == 0 {
		regions = []string{caller.Region}
	}
	var all []endpointTarget
	for _, service := range vpc.EndpointServices(caller.Region) {
		all = append(all, endpointTarget{service: service, region: caller.Region})
	}
	for c := range s.store.ServiceConfigurations.List(r, "", "") {
		all = append(all, s.customerTarget(r, c, caller.Region))
	}
	all = slices.DeleteFunc(all, func(t endpointTarget) bool {
		return !slices.Contains(regions, t.home()) || !s.offers(t, caller)
	})
	slices.SortFunc(all, func(a, b endpointTarget) int { return strings.Compare(a.name(), b.name()) })
	return all
}

// named are the services that a request names, or all if it names none.
func named(names []string, all []endpointTarget) ([]endpointTarget, error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(t endpointTarget) bool { return t.name() == name }) {
			return nil, errServiceNotFound(name)
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(t endpointTarget) bool { return !slices.Contains(names, t.name()) }), nil
}

// serviceShape is a service as it is answered to a caller.
func (s *Service) serviceShape(t endpointTarget, caller auth.Caller) *ec2.ServiceDetail {
	d := &ec2.ServiceDetail{
		ServiceName:                wire.Ptr(t.name()),
		ServiceId:                  &t.service.ID,
		ServiceType:                []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr(ec2.ServiceTypeInterface)}},
		ServiceRegion:              wire.Ptr(t.home()),
		Owner:                      wire.Ptr("amazon"),
		BaseEndpointDnsNames:       []string{t.base()},
		VpcEndpointPolicySupported: wire.Ptr(t.policies()),
		AcceptanceRequired:         wire.Ptr(t.acceptance()),
		ManagesVpcEndpoints:        wire.Ptr(false),
		SupportedIpAddressTypes:    t.addressTypes(),
	}
	for _, z := range t.zones() {
		d.AvailabilityZones = append(d.AvailabilityZones, z.Name)
		d.AvailabilityZoneIds = append(d.AvailabilityZoneIds, z.ID)
	}
	if t.configuration != nil {
		s.customerShape(d, *t.configuration, caller)
		return d
	}
	setPrivateNames(d, t.service.PrivateNames, vpc.VerificationVerified)
	return d
}

// customerShape fills in what only a customer's service has. Its tags are its
// owner's own.
func (s *Service) customerShape(d *ec2.ServiceDetail, c vpc.ServiceConfiguration, caller auth.Caller) {
	d.ServiceId, d.Owner = &c.ID, &c.Account
	if c.Payer != "" {
		d.PayerResponsibility = &c.Payer
	}
	if c.PrivateName != "" && c.Verification != nil {
		setPrivateNames(d, []string{c.PrivateName}, c.Verification.StateAt(s.now()))
	}
	if c.Account == caller.Account {
		d.Tags = tagList(c.Tags)
	}
}

func setPrivateNames(d *ec2.ServiceDetail, names []string, state string) {
	d.PrivateDnsName, d.PrivateDnsNameVerificationState = &names[0], &state
	for _, name := range names {
		d.PrivateDnsNames = append(d.PrivateDnsNames, ec2.PrivateDnsDetails{PrivateDnsName: &name})
	}
}
