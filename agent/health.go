package agent

import (
	"context"
	"net/netip"
	"slices"

	"github.com/postern/postern/dataplane/health"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// checks are the health checks of the targets behind a VPC's load balancers.
// Each is probed from the node in its zone, or from the first one. Two load
// balancers with one target group share its checks.
func checks(r records) []health.Check {
	var all []health.Check
	for _, b := range r.Balancers {
		for _, row := range b.Listeners {
			for _, f := range row.Forwards {
				for _, t := range f.Group.Targets {
					if node, ok := b.prober(f, t); ok && t.Draining.IsZero() {
						all = append(all, health.Check{Group: f.Group, Target: t, From: addressFor(node.ENI, t)})
					}
				}
			}
		}
	}
	return all
}

// prober is the node that probes a target: one that has an address of the
// target's family.
func (b balancer) prober(f forward, t vpc.Target) (zoned, bool) {
	able := func(n zoned) bool { return addressFor(n.ENI, t).IsValid() }
	i := slices.IndexFunc(b.Nodes, func(n zoned) bool { return able(n) && n.Zone == f.Zones[t.Zone] })
	if i < 0 {
		i = slices.IndexFunc(b.Nodes, able)
	}
	if i < 0 {
		return zoned{}, false
	}
	return b.Nodes[i], true
}

// addressFor is the address of an ENI that has the family of a target.
func addressFor(e vpc.ENI, t vpc.Target) netip.Addr {
	if t.Address.Is4() {
		return e.Address
	}
	return e.IPv6
}

// report writes what the health checks of a VPC have found out. A target that
// is gone meanwhile has no health. What cannot be written is found out again.
func (a *Agent) report(ctx context.Context, vpcID string, changed []vpc.TargetHealth) {
	_, err := a.Store.Update(ctx, func(tx *store.Tx) error {
		for _, h := range changed {
			g, ok := a.Store.TargetGroups.Get(tx, keyOf(h.Owner, vpc.ELBID(h.TargetGroup)))
			if ok && slices.ContainsFunc(g.Targets, func(t vpc.Target) bool { return t.Key() == h.Target }) {
				a.Store.TargetHealths.Put(tx, h)
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		a.Log.Error("health of targets is not recorded", "vpc", vpcID, "err", err)
	}
}
