package dns

import (
	"net/netip"
	"strings"
	"sync/atomic"

	miekg "github.com/miekg/dns"

	"github.com/postern/postern/vpc"
)

// A node is what exists at one name. A node without any record answers
// NODATA: the name exists, or something below it does.
type node struct {
	a    []netip.Addr
	aaaa []netip.Addr
	ptr  string
	turn atomic.Uint32 // counts the answers with a, which rotate
}

// zones are names with what exists there, keyed in canonical form: lower case,
// with the trailing dot. Apart from the counters in its nodes a value is never
// changed after it was made.
type zones struct {
	nodes map[string]*node
	drop  bool // the VPC has no resolver
}

// compileView indexes v.
func compileView(v View) *zones {
	z := &zones{nodes: map[string]*node{}, drop: !v.Support}
	if !v.Hostnames {
		return z
	}
	for _, host := range v.Hosts {
		z.add(host)
		for _, a := range host.A {
			if reverse, err := miekg.ReverseAddr(a.String()); err == nil {
				z.put(reverse, &node{ptr: miekg.CanonicalName(host.Name)})
			}
		}
	}
	for _, zone := range v.Zones {
		z.add(zone)
	}
	return z
}

func newNode(set RRSet) *node { return &node{a: set.A} }

func (z *zones) add(set RRSet) { z.put(miekg.CanonicalName(set.Name), newNode(set)) }

// put sets the node at name, and makes the names between it and the top of
// the zone that owns it exist: an NXDOMAIN there would say that there is
// nothing below (RFC 8020).
func (z *zones) put(name string, n *node) {
	z.nodes[name] = n
	apex, owned := ownedZone(name)
	for owned && name != apex {
		name = parent(name)
		if z.nodes[name] != nil {
			return
		}
		z.nodes[name] = &node{}
	}
}

// find returns what exists at the canonical name and the apex of the zone
// that owns it. A nil node in an owned zone means that the name does not
// exist; not owned means that it is not ours to answer.
func find(private *zones, public *directory, name string) (n *node, apex string, owned bool) {
	if n = private.nodes[name]; n == nil {
		n = public.find(name)
	}
	if n != nil {
		return n, apexOf(name), true
	}
	if api, region, ok := vpc.PublicService(strings.TrimSuffix(name, ".")); ok {
		return &node{a: []netip.Addr{vpc.PublicAddress(api, region)}}, name, true
	}
	apex, owned = ownedZone(name)
	switch {
	case !owned:
		return nil, "", false
	case apex == "localhost.":
		return &node{a: []netip.Addr{loopback4}, aaaa: []netip.Addr{netip.IPv6Loopback()}}, apex, true
	case name == "1.0.0."+apex && apex == "127.in-addr.arpa.", name == apex && name == loopback6:
		return &node{ptr: "localhost."}, apex, true
	case name == apex:
		return &node{}, apex, true
	}
	return nil, apex, true
}

// apexOf is the zone of a name that exists: a name outside the owned zones is
// a zone of its own.
func apexOf(name string) string {
	if apex, ok := ownedZone(name); ok {
		return apex
	}
	return name
}

// parent cuts the first label off a canonical name.
func parent(name string) string {
	i, end := miekg.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[i:]
}
