package elbv2

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// api is the service in ARNs.
const api = "elasticloadbalancing"

// newARN names an owner's resource; id begins with its kind.
func newARN(o vpc.Owner, id string) string { return o.ARN(api, id) }

// newHash returns the 16 hex digits that tell resources of one name apart.
func newHash() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// isARN reports whether arn names a resource of that kind: loadbalancer,
// listener or targetgroup.
func isARN(arn, kind string) bool {
	a, ok := vpc.ParseARN(arn)
	return ok && a.Partition == vpc.PartitionOf(a.Region).Name && a.Service == api && strings.HasPrefix(a.Resource, kind+"/")
}

// loadBalancer reads an owner's load balancer.
func (s *Service) loadBalancer(r store.Reader, o vpc.Owner, arn string) (vpc.LoadBalancer, error) {
	if !isARN(arn, "loadbalancer") {
		return vpc.LoadBalancer{}, errARN(arn, "load balancer")
	}
	l, ok := s.store.LoadBalancers.Get(r, key(o, vpc.ELBID(arn)))
	if !ok || l.ARN != arn {
		return vpc.LoadBalancer{}, errLoadBalancerNotFound(arn)
	}
	return l, nil
}

// listener reads an owner's listener.
func (s *Service) listener(r store.Reader, o vpc.Owner, arn string) (vpc.Listener, error) {
	if !isARN(arn, "listener") {
		return vpc.Listener{}, errARN(arn, "listener")
	}
	l, ok := s.store.Listeners.Get(r, key(o, vpc.ELBID(arn)))
	if !ok || l.ARN != arn {
		return vpc.Listener{}, errListenerNotFound()
	}
	return l, nil
}

// targetGroup reads an owner's target group.
func (s *Service) targetGroup(r store.Reader, o vpc.Owner, arn string) (vpc.TargetGroup, error) {
	if !isARN(arn, "targetgroup") {
		return vpc.TargetGroup{}, errARN(arn, "target group")
	}
	g, ok := s.store.TargetGroups.Get(r, key(o, vpc.ELBID(arn)))
	if !ok || g.ARN != arn {
		return vpc.TargetGroup{}, errTargetGroupNotFound()
	}
	return g, nil
}

// loadBalancersOf are the load balancers with a listener that forwards to a
// target group: one, or none.
func (s *Service) loadBalancersOf(r store.Reader, g vpc.TargetGroup) []vpc.LoadBalancer {
	var all []vpc.LoadBalancer
	seen := map[string]bool{}
	for l := range s.store.Listeners.By(r, "targetgroup", g.ARN) {
		if seen[l.LoadBalancer] {
			continue
		}
		seen[l.LoadBalancer] = true
		if lb, ok := s.store.LoadBalancers.Get(r, key(l.Owner, vpc.ELBID(l.LoadBalancer))); ok {
			all = append(all, lb)
		}
	}
	return all
}
