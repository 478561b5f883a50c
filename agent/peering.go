package agent

import (
	"hash/fnv"
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

// list returns the links in order, with their marks. A mark comes from the link's
// name, so that it seldom changes while others come and go.
func (p peering) list() []link.Peer {
	used := map[uint32]bool{}
	var all []link.Peer
	for _, name := range slices.Sorted(maps.Keys(p)) {
		l := p[name]
		sortAddrs(l.Routes)
		h := fnv.New32a()
		h.Write([]byte(name))
		for l.Mark = h.Sum32()%link.MaxMark + 1; used[l.Mark]; {
			l.Mark = l.Mark%link.MaxMark + 1
		}
		used[l.Mark] = true
		all = append(all, l)
	}
	return all
}
