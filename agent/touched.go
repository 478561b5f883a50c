package agent

import (
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// touched names the VPCs that a record concerns: the one that it belongs to,
// and those at the other ends of endpoint services.
func touched(s *store.Store, r store.Reader, record any) []store.Key {
	switch v := record.(type) {
	case vpc.Network:
		return []store.Key{keyOf(v.Owner, v.ID)}
	case vpc.Subnet:
		return []store.Key{keyOf(v.Owner, v.VPC)}
	case vpc.ENI:
		return append(touchedByENI(s, r, v), keyOf(v.Owner, v.VPC))
	case vpc.SecurityGroup:
		return []store.Key{keyOf(v.Owner, v.VPC)}
	case vpc.RouteTable:
		return []store.Key{keyOf(v.Owner, v.VPC)}
	case vpc.Endpoint:
		return append(providersOf(s, r, v.Service), keyOf(v.Owner, v.VPC))
	case vpc.FlowLog:
		return monitored(s, r, v)
	case vpc.ServiceConfiguration:
		return append(balancersOf(s, r, v), consumersOf(s, r, v)...)
	case vpc.LoadBalancer:
		return append(touchedByBalancer(s, r, v), keyOf(v.Owner, v.VPC))
	case vpc.Listener:
		return touchedByBalancerOf(s, r, v)
	case vpc.TargetGroup:
		return touchedByGroup(s, r, v.Owner, v.ARN)
	case vpc.TargetHealth:
		return touchedByGroup(s, r, v.Owner, v.TargetGroup)
	}
	return nil
}

// monitored names the VPC of the resource that a flow log watches.
func monitored(s *store.Store, r store.Reader, f vpc.FlowLog) []store.Key {
	k := keyOf(f.Owner, f.Resource)
	if subnet, ok := s.Subnets.Get(r, k); ok {
		return []store.Key{keyOf(subnet.Owner, subnet.VPC)}
	}
	if eni, ok := s.ENIs.Get(r, k); ok {
		return []store.Key{keyOf(eni.Owner, eni.VPC)}
	}
	if _, ok := s.Networks.Get(r, k); ok {
		return []store.Key{k}
	}
	return nil
}

// touchedByENI are the VPCs of the service behind an endpoint's interface.
func touchedByENI(s *store.Store, r store.Reader, e vpc.ENI) []store.Key {
	if e.Type != vpc.InterfaceEndpoint {
		return nil
	}
	endpoint, ok := s.Endpoints.Get(r, keyOf(e.Owner, e.Endpoint))
	if !ok {
		return nil
	}
	return providersOf(s, r, endpoint.Service)
}

// providersOf are the VPCs of the load balancers of a customer's service.
func providersOf(s *store.Store, r store.Reader, service string) []store.Key {
	c, ok := findService(s, r, service)
	if !ok {
		return nil
	}
	return balancersOf(s, r, c)
}

func balancersOf(s *store.Store, r store.Reader, c vpc.ServiceConfiguration) []store.Key {
	var keys []store.Key
	for _, arn := range c.LoadBalancers {
		if l, ok := s.LoadBalancers.Get(r, keyOf(c.Owner, vpc.ELBID(arn))); ok {
			keys = append(keys, keyOf(l.Owner, l.VPC))
		}
	}
	return keys
}

// consumersOf are the VPCs with endpoints to a customer's service.
func consumersOf(s *store.Store, r store.Reader, c vpc.ServiceConfiguration) []store.Key {
	var keys []store.Key
	for e := range s.Endpoints.By(r, "service", c.ServiceName()) {
		keys = append(keys, keyOf(e.Owner, e.VPC))
	}
	return keys
}

// touchedByBalancer are the VPCs of the consumers of a load balancer.
func touchedByBalancer(s *store.Store, r store.Reader, l vpc.LoadBalancer) []store.Key {
	var keys []store.Key
	for c := range s.ServiceConfigurations.By(r, "loadbalancer", l.ARN) {
		keys = append(keys, consumersOf(s, r, c)...)
	}
	return keys
}

func touchedByBalancerOf(s *store.Store, r store.Reader, l vpc.Listener) []store.Key {
	balancer, ok := s.LoadBalancers.Get(r, keyOf(l.Owner, vpc.ELBID(l.LoadBalancer)))
	if !ok {
		return nil // gone too, and its own record says what that touches
	}
	return append(touchedByBalancer(s, r, balancer), keyOf(balancer.Owner, balancer.VPC))
}

func touchedByGroup(s *store.Store, r store.Reader, o vpc.Owner, arn string) []store.Key {
	var keys []store.Key
	for l := range s.Listeners.By(r, "targetgroup", arn) {
		if l.Owner == o {
			keys = append(keys, touchedByBalancerOf(s, r, l)...)
		}
	}
	return keys
}
