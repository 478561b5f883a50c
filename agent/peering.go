package agent

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/postern/postern/dataplane/link"
)

// peering collects the links between the VPCs of consumers and of providers,
// by their names.
type peering map[string]link.Peer

// add adds a link and, where a is valid, a route of the consumer's VPC to it.
func (p peering) add(consumer, provider string, a netip.Addr) {
	name := link.PeerName(consumer, provider)
	l := p[name]
	l.Consumer, l.Provider = consumer, provider
	if a.IsValid() && !slices.Contains(l.Routes, a) {
		l.Routes = append(l.Routes, a)
	}
	p[name] = l
}

// list returns the links in order.
func (p peering) list() []link.Peer {
	var all []link.Peer
	for _, name := range slices.Sorted(maps.Keys(p)) {
		sortAddrs(p[name].Routes)
		all = append(all, p[name])
	}
	return all
}
