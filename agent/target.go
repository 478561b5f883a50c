package agent

import (
	"net/netip"
	"slices"

	"github.com/postern/postern/vpc"
)

// maxWeight is the largest share of a target, as of a target group in a
// listener's action.
const maxWeight = 999

// targets are where a listener of a load balancer sends new connections that
// come to its node in a zone, ordered by address. A group's share is split
// evenly among its targets.
func targets(l vpc.LoadBalancer, row listener, zone string) []target {
	usable := make([][]vpc.Target, len(row.Forwards))
	common := 1 // multiple of the sizes of all groups
	for i, f := range row.Forwards {
		if f.Weight == 0 && len(row.Forwards) > 1 {
			continue
		}
		usable[i] = f.usable(f.Group.CrossZone(l), zone)
		if n := len(usable[i]); n > 0 {
			common = lcm(common, n)
		}
	}
	var all []target
	for i, f := range row.Forwards {
		for _, t := range usable[i] {
			weight := 1
			if len(row.Forwards) > 1 {
				weight = f.Weight * (common / len(usable[i]))
			}
			all = append(all, target{
				Address: netip.AddrPortFrom(t.Address, t.Port),
				Weight:  weight,
				Header:  f.Group.ProxyProtocol(),
			})
		}
	}
	shrink(all)
	slices.SortFunc(all, func(x, y target) int { return x.Address.Compare(y.Address) })
	return all
}

// usable are the targets of a group for a zone's new connections: the healthy
// ones, or all that are in service where none is (the load balancer fails open).
func (f forward) usable(crossZone bool, zone string) []vpc.Target {
	var healthy, others []vpc.Target
	for _, t := range f.Group.Targets {
		switch {
		case !t.Draining.IsZero():
		case !crossZone && t.Zone != "all" && f.Zones[t.Zone] != zone:
		case f.Health[t.Key()] == "healthy":
			healthy = append(healthy, t)
		default:
			others = append(others, t)
		}
	}
	if len(healthy) > 0 {
		return healthy
	}
	return others
}

// healthy reports whether any listener of the lane has a healthy target.
func (l lane) healthy() bool {
	for _, row := range l.Listeners {
		for _, f := range row.Forwards {
			for _, t := range f.usable(f.Group.CrossZone(l.LoadBalancer), l.Node.Zone) {
				if f.Health[t.Key()] == "healthy" {
					return true
				}
			}
		}
	}
	return false
}

// shrink divides the weights by what they have in common, and caps them.
func shrink(all []target) {
	common, largest := 0, 0
	for _, t := range all {
		common, largest = gcd(common, t.Weight), max(largest, t.Weight)
	}
	if common == 0 {
		return
	}
	largest /= common
	for i := range all {
		w := all[i].Weight / common
		if largest > maxWeight {
			w = max(1, w*maxWeight/largest)
		}
		all[i].Weight = w
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func lcm(a, b int) int { return a / gcd(a, b) * b }
