package dns

import (
	"net/netip"
	"strings"

	miekg "github.com/miekg/dns"

	"github.com/postern/postern/vpc"
)

// zones are names with what exists there, keyed in canonical form: lower case,
// with the trailing dot. Apart from the counters in its nodes a value is never
// changed after it was made.
type zones struct {
	nodes map[string]*node
	wild  map[string]*node // what *.NAME stands for, by NAME
	drop  bool             // the VPC has no resolver
}

// compileView indexes v.
func compileView(v View) *zones {
	z := &zones{nodes: map[string]*node{}, wild: map[string]*node{}, drop: !v.Support}
	if !v.Hostnames {
		return z
	}
	for _, host := range v.Hosts {
		z.add(host)
	}
	for a, host := range v.Pointers {
		if reverse, err := miekg.ReverseAddr(a.String()); err == nil {
			z.put(reverse, &node{apex: apexOf(reverse), ptr: miekg.CanonicalName(host)})
		}
	}
	for _, zone := range v.Zones {
		z.add(zone)
	}
	return z
}

func (z *zones) add(set RRSet) {
	name := miekg.CanonicalName(set.Name)
	if base, ok := strings.CutPrefix(name, "*."); ok {
		z.wild[base] = newNode(set, base)
		return
	}
	z.put(name, newNode(set, apexOf(name)))
}

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
		z.nodes[name] = &node{apex: apex}
	}
}

// wildcard returns what the closest wildcard above a name stands for, or nil.
func (z *zones) wildcard(name string) *node {
	if len(z.wild) == 0 {
		return nil
	}
	for base := parent(name); base != "."; base = parent(base) {
		if n := z.wild[base]; n != nil {
			return n
		}
	}
	return nil
}

// find returns what exists at the canonical name and the apex of the zone
// that owns it. A nil node in an owned zone means that the name does not
// exist; not owned means that it is not ours to answer.
func find(private *zones, public *directory, name string) (n *node, apex string, owned bool) {
	if n = exact(private, public, name); n == nil {
		n = private.wildcard(name)
	}
	if n == nil {
		n = builtin(name)
	}
	if n != nil {
		return n, n.apex, true
	}
	apex, owned = ownedZone(name)
	return nil, apex, owned
}

// exact returns what was set at a canonical name, or nil.
func exact(private *zones, public *directory, name string) *node {
	if n := private.nodes[name]; n != nil {
		return n
	}
	return public.find(name)
}

// builtin returns what exists in every VPC at all times: the public names of
// the services that Postern serves, the loopback names, and the tops of the
// zones that are owned whole.
func builtin(name string) *node {
	if api, region, ok := vpc.PublicService(strings.TrimSuffix(name, ".")); ok {
		return newNode(RRSet{A: []netip.Addr{vpc.PublicAddress(api, region)}}, name)
	}
	apex, owned := ownedZone(name)
	switch {
	case !owned:
		return nil
	case apex == "localhost.":
		return newNode(RRSet{A: []netip.Addr{loopback4, netip.IPv6Loopback()}}, apex)
	case name == "1.0.0."+apex && apex == "127.in-addr.arpa.", name == apex && name == loopback6:
		return &node{apex: apex, ptr: "localhost."}
	case name == apex:
		return &node{apex: apex}
	}
	return nil
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
