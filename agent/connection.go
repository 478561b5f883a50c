package agent

import (
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// connection is an endpoint with the service of a customer behind it.
type connection struct {
	Endpoint  vpc.Endpoint
	Service   vpc.ServiceConfiguration
	ENIs      []zoned // of the endpoint
	Balancers []balancer
}

// zoned is an ENI with the id of its availability zone: zone names are each
// account's own.
type zoned struct {
	vpc.ENI
	Zone string
}

// balancer is a load balancer with all that hangs off it.
type balancer struct {
	vpc.LoadBalancer
	Nodes     []zoned
	Listeners []listener
}

// listener is a port of a load balancer with where its connections go.
type listener struct {
	vpc.Listener
	Forwards []forward
}

type forward struct {
	Weight int
	Group  vpc.TargetGroup
	Health map[string]string // states by Target.Key
	Zones  map[string]string // ids of the zones by their names in the provider's account
}

// gatherConnection reads what is behind an endpoint; false when that is not
// the service of a customer, or one that is gone.
func gatherConnection(s *store.Store, r store.Reader, e vpc.Endpoint) (connection, bool) {
	service, ok := findService(s, r, e.Service)
	if !ok {
		return connection{}, false
	}
	return connect(s, r, e, service, gatherBalancers(s, r, service)), true
}

// gatherServes reads the endpoints whose service has this load balancer. What
// is behind a service is read once for all its endpoints.
func gatherServes(s *store.Store, r store.Reader, l vpc.LoadBalancer) []connection {
	var all []connection
	for service := range s.ServiceConfigurations.By(r, "loadbalancer", l.ARN) {
		balancers := gatherBalancers(s, r, service)
		for e := range s.Endpoints.By(r, "service", service.ServiceName()) {
			all = append(all, connect(s, r, e, service, balancers))
		}
	}
	return all
}

func connect(s *store.Store, r store.Reader, e vpc.Endpoint, service vpc.ServiceConfiguration, balancers []balancer) connection {
	c := connection{Endpoint: e, Service: service, Balancers: balancers}
	for _, id := range e.ENIs {
		if eni, ok := s.ENIs.Get(r, keyOf(e.Owner, id)); ok {
			c.ENIs = append(c.ENIs, inZone(s, r, eni))
		}
	}
	return c
}

func gatherBalancers(s *store.Store, r store.Reader, service vpc.ServiceConfiguration) []balancer {
	var all []balancer
	for _, arn := range service.LoadBalancers {
		if l, ok := s.LoadBalancers.Get(r, keyOf(service.Owner, vpc.ELBID(arn))); ok {
			all = append(all, gatherBalancer(s, r, l))
		}
	}
	return all
}

func gatherBalancer(s *store.Store, r store.Reader, l vpc.LoadBalancer) balancer {
	b := balancer{LoadBalancer: l}
	for _, n := range l.Nodes {
		if eni, ok := s.ENIs.Get(r, keyOf(l.Owner, n.ENI)); ok {
			b.Nodes = append(b.Nodes, inZone(s, r, eni))
		}
	}
	zones := map[string]string{}
	for sn := range s.Subnets.By(r, "vpc", l.VPC) {
		zones[sn.Zone] = sn.ZoneID
	}
	for row := range s.Listeners.By(r, "loadbalancer", l.ARN) {
		listening := listener{Listener: row}
		for _, f := range row.Forwards {
			g, ok := s.TargetGroups.Get(r, keyOf(row.Owner, vpc.ELBID(f.TargetGroup)))
			if !ok {
				continue
			}
			states := map[string]string{}
			for h := range s.TargetHealths.By(r, "targetgroup", g.ARN) {
				states[h.Target] = h.State
			}
			listening.Forwards = append(listening.Forwards, forward{Weight: f.Weight, Group: g, Health: states, Zones: zones})
		}
		b.Listeners = append(b.Listeners, listening)
	}
	slices.SortFunc(b.Listeners, func(x, y listener) int { return strings.Compare(x.ARN, y.ARN) })
	return b
}

func inZone(s *store.Store, r store.Reader, e vpc.ENI) zoned {
	sn, _ := s.Subnets.Get(r, keyOf(e.Owner, e.Subnet))
	return zoned{ENI: e, Zone: sn.ZoneID}
}

// findService returns the customer's service of that name.
func findService(s *store.Store, r store.Reader, name string) (vpc.ServiceConfiguration, bool) {
	id := name[strings.LastIndexByte(name, '.')+1:]
	for c := range s.ServiceConfigurations.By(r, "id", id) {
		if c.ServiceName() == name {
			return c, true
		}
	}
	return vpc.ServiceConfiguration{}, false
}
