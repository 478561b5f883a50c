package ec2

import (
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// deregister takes a workload that ends out of the target groups that name its
// interface. It does not drain: what gets its address next is another target.
func (s *Service) deregister(tx *store.Tx, eni vpc.ENI) {
	for g := range s.store.TargetGroups.By(tx, "vpc", eni.VPC) {
		ended := func(t vpc.Target) bool { return t.ID == eni.ID }
		if !slices.ContainsFunc(g.Targets, ended) {
			continue
		}
		for h := range s.store.TargetHealths.By(tx, "targetgroup", g.ARN) {
			if slices.ContainsFunc(g.Targets, func(t vpc.Target) bool { return ended(t) && t.Key() == h.Target }) {
				s.store.TargetHealths.Delete(tx, s.store.TargetHealths.Key(h))
			}
		}
		g.Targets = slices.DeleteFunc(slices.Clone(g.Targets), ended)
		s.store.TargetGroups.Put(tx, g)
	}
}
