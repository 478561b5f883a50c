package ec2

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// endpointTarget is the service that an endpoint leads to, as consumers in one
// Region see it: one of AWS's, or a customer's.
type endpointTarget struct {
	service       vpc.EndpointService       // AWS's; zero when configuration is set
	configuration *vpc.ServiceConfiguration // a customer's
	balancers     []vpc.LoadBalancer        // that stand behind configuration
	region        string                    // of the consumers
}

// findTarget resolves a service name for a caller who wants an endpoint to it;
// serviceRegion is where the caller believes the service to be, empty for the
// caller's own Region. A service that the caller may not use does not exist.
func (s *Service) findTarget(r store.Reader, caller auth.Caller, name, serviceRegion string) (endpointTarget, error) {
	serviceRegion = cmp.Or(serviceRegion, caller.Region)
	t, ok := s.target(r, name, caller.Region)
	if !ok || t.home() != serviceRegion || !s.offers(t, caller) {
		return endpointTarget{}, errServiceNotFound(name)
	}
	return t, nil
}

// targetOf is the service of an endpoint that exists, whatever its provider
// has changed since.
func (s *Service) targetOf(r store.Reader, e vpc.Endpoint) (endpointTarget, bool) {
	return s.target(r, e.Service, e.Region)
}

func (s *Service) target(r store.Reader, name, region string) (endpointTarget, bool) {
	if service, ok := vpc.FindEndpointService(name); ok {
		return endpointTarget{service: service, region: region}, true
	}
	id := name[strings.LastIndexByte(name, '.')+1:]
	for c := range s.store.ServiceConfigurations.By(r, "id", id) {
		if c.ServiceName() == name {
			return s.customerTarget(r, c, region), true
		}
	}
	return endpointTarget{}, false
}

func (s *Service) customerTarget(r store.Reader, c vpc.ServiceConfiguration, region string) endpointTarget {
	t := endpointTarget{configuration: &c, region: region}
	for _, arn := range c.LoadBalancers {
		if l, ok := s.store.LoadBalancers.Get(r, ownKey(c.Owner, vpc.ELBID(arn))); ok {
			t.balancers = append(t.balancers, l)
		}
	}
	return t
}

// offers reports whether a caller may make endpoints to the service: from this
// Region, and by the permissions that a provider has given.
func (s *Service) offers(t endpointTarget, caller auth.Caller) bool {
	if t.configuration == nil {
		return !t.crossRegion() && s.availability.Offers(t.service)
	}
	c := t.configuration
	if t.crossRegion() && !slices.Contains(c.Regions, t.region) {
		return false
	}
	return c.Account == caller.Account || slices.ContainsFunc(c.Permissions, func(p vpc.ServicePermission) bool {
		return slices.Contains(principalsOf(caller), p.Principal)
	})
}

// principalsOf are the principals of a service permission that stand for a
// caller. A role's session is its role.
func principalsOf(caller auth.Caller) []string {
	iam := "arn:aws:iam::" + caller.Account + ":"
	all := []string{"*", iam + "root", caller.ARN, caller.Identity}
	if session, ok := strings.CutPrefix(caller.ARN, "arn:aws:sts::"+caller.Account+":assumed-role/"); ok {
		role, _, _ := strings.Cut(session, "/")
		all = append(all, iam+"role/"+role)
	}
	return all
}

func (t endpointTarget) name() string {
	if t.configuration != nil {
		return t.configuration.ServiceName()
	}
	return t.service.Name
}

// home is the Region of the service itself.
func (t endpointTarget) home() string {
	if t.configuration != nil {
		return t.configuration.Region
	}
	return t.service.Region
}

func (t endpointTarget) crossRegion() bool { return t.home() != t.region }

// base is the parent of the public names of the service's endpoints.
func (t endpointTarget) base() string {
	if t.configuration != nil {
		return t.configuration.BaseName(t.region)
	}
	return t.service.BaseName()
}

// privateNames are those that an endpoint with private DNS answers to; a
// customer's only once it is proven to be theirs.
func (t endpointTarget) privateNames() []string {
	c := t.configuration
	switch {
	case c == nil:
		return t.service.PrivateNames
	case c.PrivateName == "" || c.Verification == nil || c.Verification.State != vpc.VerificationVerified:
		return nil
	}
	return []string{c.PrivateName}
}

// policies reports whether endpoints to the service have policies.
func (t endpointTarget) policies() bool { return t.configuration == nil && t.service.Policy }

// acceptance reports whether the provider decides on each endpoint.
func (t endpointTarget) acceptance() bool {
	return t.configuration != nil && t.configuration.AcceptanceRequired
}

// supports reports whether the service can be reached over all families of an
// endpoint's IpAddressType.
func (t endpointTarget) supports(kind string) bool {
	f, offered := vpc.FamiliesOf(kind), t.addressTypes()
	return (!f.IPv4 || slices.Contains(offered, ec2.ServiceConnectivityTypeIpv4)) &&
		(!f.IPv6 || slices.Contains(offered, ec2.ServiceConnectivityTypeIpv6))
}

func (t endpointTarget) addressTypes() []string {
	if t.configuration != nil {
		return t.configuration.AddressTypes
	}
	return t.service.AddressTypes
}

// crossRegionExcept are the ids of the zones that no endpoint to a service of
// another Region may have ("Cross-Region enabled endpoint services").
var crossRegionExcept = []string{"use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "apne2-az4"}

// zones are the availability zones of the consumers' Region in which the
// service takes endpoints, ordered. For a customer's service in the same
// Region they are those of its load balancers; zones are compared by their
// ids, since their names are each account's own.
func (t endpointTarget) zones() []vpc.Zone {
	region, _ := vpc.FindRegion(t.region)
	all := region.AvailabilityZones()
	switch {
	case t.configuration == nil:
		return all
	case t.crossRegion():
		return slices.DeleteFunc(all, func(z vpc.Zone) bool { return slices.Contains(crossRegionExcept, z.ID) })
	}
	return slices.DeleteFunc(all, func(z vpc.Zone) bool {
		return !slices.ContainsFunc(t.balancers, func(l vpc.LoadBalancer) bool { return standsIn(l, z) })
	})
}

// standsIn reports whether a load balancer has a node in a zone.
func standsIn(l vpc.LoadBalancer, z vpc.Zone) bool {
	region, _ := vpc.FindRegion(l.Region)
	return slices.ContainsFunc(l.Nodes, func(n vpc.LoadBalancerNode) bool {
		at, ok := region.Zone(n.Zone)
		return ok && at.ID == z.ID
	})
}

// vpcs are those of the provider's load balancers.
func (t endpointTarget) vpcs() []string {
	var all []string
	for _, l := range t.balancers {
		all = append(all, l.VPC)
	}
	return distinct(all)
}

// endpointVPCs are the VPCs in which the network must match an endpoint's
// record: its own, and those of the provider.
func (s *Service) endpointVPCs(r store.Reader, e vpc.Endpoint) []string {
	t, _ := s.targetOf(r, e)
	return distinct(append([]string{e.VPC}, t.vpcs()...))
}
