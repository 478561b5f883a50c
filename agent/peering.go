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

// list returns the links in order, with their marks.
func (p peering) list() []link.Peer {
	used := map[uint32]bool{}
	var all []link.Peer
	for _, name := range slices.Sorted(maps.Keys(p)) {
		l := p[name]
		sortAddrs(l.Routes)
		for l.Mark = mark(name); used[l.Mark]; l.Mark = (l.Mark + 1) % marks {
		}
		used[l.Mark] = true
		l.Mark += firstMark
		all = append(all, l)
	}
	return all
}

// Marks are routing tables, too: they begin behind the kernel's own tables and
// those of a human. One comes from the link's name, so that it does not change
// while others come and go.
const (
	firstMark = 1 << 16
	marks     = 1<<31 - firstMark
)

func mark(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32() % marks
}
