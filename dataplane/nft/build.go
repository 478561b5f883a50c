package nft

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// LogGroup is the NFLOG group of dropped packets. The prefix of each is the
// id of the ENI whose groups dropped it and "in" or "out".
const LogGroup = 1

// Snaplen is how much of a dropped packet is logged: the longest IPv4 header
// and the ports; or an IPv6 header, 84 bytes of extension headers, and the
// ports. Ports behind more than that are not seen in the log. The filter sees
// them behind any number of extension headers.
const Snaplen = 128

// Sets and maps of a fixed name, with their keys. Those with addresses exist
// once a family.
const (
	sources   = "sources"   // link . address: who may send what
	resolvers = "resolvers" // addresses
	gateways  = "gateways"  // addresses
	senders   = "senders"   // link: goto eni-…-out
	receivers = "receivers" // link: goto eni-…-in
	endpoints = "endpoints" // address: goto eni-…-in
)

// Build makes the ruleset of a VPC. It is a pure function.
func Build(c Config) Ruleset {
	b := builder{
		config:    c,
		groups:    map[string]vpc.SecurityGroup{},
		members:   map[string][]Element{},
		used:      map[string]bool{},
		made:      map[string]bool{},
		balancers: map[string]bool{},
		of:        []family{ipv4},
		in:        Set{Name: receivers, Key: linkKey, Map: true},
	}
	if slices.ContainsFunc(c.ENIs, func(e vpc.ENI) bool { return e.IPv6.IsValid() }) {
		b.of = families
	}
	for _, g := range c.Groups {
		b.groups[g.ID] = g
	}
	b.gates()
	b.enis(c.ENIs)
	if b.hasPeers() {
		b.services()
	}
	if b.balances() {
		b.frontends()
	}
	b.add(b.in)
	b.groupChains()
	b.addresses(resolvers, c.Resolvers)
	b.addresses(gateways, c.Gateways)
	b.finish()
	return b.Ruleset
}

type builder struct {
	Ruleset
	config    Config
	groups    map[string]vpc.SecurityGroup
	members   map[string][]Element // addresses by set of a group
	used      map[string]bool      // chains of groups that an ENI jumps to
	made      map[string]bool      // chains and timeouts that several want
	balancers map[string]bool      // ENIs of load balancers
	of        []family             // of the members of groups: IPv6 only where an ENI has it
	in        Set                  // receivers
}

var linkKey = []nftables.SetDatatype{nftables.TypeIFName}

func (b *builder) add(s Set) { b.Sets = append(b.Sets, s) }

func (b *builder) chain(name string, rules ...Rule) {
	b.Chains = append(b.Chains, Chain{Name: name, Rules: rules})
}

// once adds a chain unless it is there, and returns its name.
func (b *builder) once(name string, rules func() []Rule) string {
	if !b.made[name] {
		b.made[name] = true
		b.chain(name, rules()...)
	}
	return name
}

func (b *builder) base(name string, h nftables.ChainHook, p nftables.ChainPriority, policy nftables.ChainPolicy, rules ...Rule) {
	b.Chains = append(b.Chains, Chain{Name: name, Hook: &Hook{nftables.ChainTypeFilter, h, p, policy}, Rules: rules})
}

func (b *builder) nat(name string, h nftables.ChainHook, p *nftables.ChainPriority, rules ...Rule) {
	b.Chains = append(b.Chains, Chain{Name: name, Hook: &Hook{nftables.ChainTypeNAT, h, *p, nftables.ChainPolicyAccept}, Rules: rules})
}

// enis adds the chains of every ENI and the maps that lead to them. Endpoints
// have no chain for egress: a service behind one never begins a connection.
func (b *builder) enis(all []vpc.ENI) {
	out := Set{Name: senders, Key: linkKey, Map: true}
	src, at, dial := map[family][]Element{}, map[family][]Element{}, map[family][]Element{}
	for _, e := range all {
		name, in := linkName(e.ID), b.eni(e, "in")
		if e.Type == vpc.InterfaceWorkload {
			out.Elements = append(out.Elements, Element{Key: name, Goto: b.eni(e, "out")})
			b.in.Elements = append(b.in.Elements, Element{Key: name, Goto: in})
		}
		if e.Type == vpc.InterfaceLoadBalancer {
			b.balancers[e.ID] = true
			b.eni(e, "out")
		}
		for _, a := range e.Addresses() {
			f, key := familyOf(a), address(a)
			for _, g := range e.Groups {
				b.members[f.set(g)] = append(b.members[f.set(g)], Element{Key: key})
			}
			switch e.Type {
			case vpc.InterfaceWorkload:
				src[f] = append(src[f], Element{Key: name + key})
			case vpc.InterfaceLoadBalancer:
				dial[f] = append(dial[f], Element{Key: key, Goto: e.ID + "-out"})
				fallthrough
			case vpc.InterfaceEndpoint:
				at[f] = append(at[f], Element{Key: key, Goto: in})
			}
		}
	}
	b.add(out)
	for _, f := range families {
		b.add(Set{Name: f.set(sources), Key: []nftables.SetDatatype{nftables.TypeIFName, f.key}, Elements: src[f]})
		b.add(Set{Name: f.set(endpoints), Key: f.keys(), Map: true, Elements: at[f]})
		if b.balances() {
			b.add(Set{Name: f.set(dialers), Key: f.keys(), Map: true, Elements: dial[f]})
		}
	}
}

// eni adds the chain of one direction of an ENI and returns its name. A load
// balancer without groups lets everything pass.
func (b *builder) eni(e vpc.ENI, direction string) string {
	name := e.ID + "-" + direction
	if e.Type == vpc.InterfaceLoadBalancer && len(e.Groups) == 0 {
		b.chain(name, rule(accept()))
		return name
	}
	var rules []Rule
	for _, g := range e.Groups {
		if _, ok := b.groups[g]; !ok {
			continue // a group that does not exist allows nothing
		}
		to := g + "-" + direction
		b.used[to] = true
		rules = append(rules, rule(jump(to)))
	}
	rules = append(rules, rule(log(e.ID+" "+direction), drop()))
	b.chain(name, rules...)
	return name
}

// groupChains adds the chains of the groups in use and the sets that their
// rules refer to.
func (b *builder) groupChains() {
	referred := map[string]bool{}
	for _, g := range b.groups {
		for _, egress := range []bool{true, false} {
			name, peer := g.ID+"-in", source
			if egress {
				name, peer = g.ID+"-out", destination
			}
			if !b.used[name] {
				continue
			}
			var rules []Rule
			for _, r := range g.Rules {
				if r.Egress != egress {
					continue
				}
				if r.Group != "" {
					referred[r.Group] = true
				}
				rules = append(rules, allow(r, peer, b.of)...)
			}
			b.chain(name, rules...)
		}
	}
	for g := range referred {
		for _, f := range b.of {
			b.add(Set{Name: f.set(g), Key: f.keys(), Elements: unique(b.members[f.set(g)])})
		}
	}
}

// addresses adds the sets of a fixed name with the addresses of each family.
func (b *builder) addresses(name string, all []netip.Addr) {
	for _, f := range families {
		var elements []Element
		for _, a := range all {
			if familyOf(a) == f {
				elements = append(elements, Element{Key: address(a)})
			}
		}
		b.add(Set{Name: f.set(name), Key: f.keys(), Elements: unique(elements)})
	}
}

func unique(all []Element) []Element {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(e Element) bool {
		again := seen[e.Key]
		seen[e.Key] = true
		return again
	})
}

func address(a netip.Addr) string { return string(a.AsSlice()) }

// linkNameSize is IFNAMSIZ, in bytes.
const linkNameSize = 16

// linkName is the name of an ENI's link as the kernel compares it.
func linkName(eni string) string {
	var b [linkNameSize]byte
	copy(b[:], link.Name(eni))
	return string(b[:])
}
