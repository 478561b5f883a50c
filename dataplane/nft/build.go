package nft

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// LogGroup is the NFLOG group of dropped packets. The prefix of each is the
// id of the ENI whose groups dropped it and "in" or "out".
const LogGroup = 1

// Snaplen is how much of a dropped packet is logged: the longest IPv4 header
// and the ports.
const Snaplen = 64

// Sets and maps of a fixed name, with their keys.
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
		groups:  map[string]vpc.SecurityGroup{},
		members: map[string][]Element{},
		used:    map[string]bool{},
	}
	for _, g := range c.Groups {
		b.groups[g.ID] = g
	}
	b.baseChains()
	b.enis(c.ENIs)
	b.groupChains()
	b.add(Set{Name: resolvers, Key: addressKey, Elements: addresses(c.Resolvers)})
	b.add(Set{Name: gateways, Key: addressKey, Elements: addresses(c.Gateways)})
	b.finish()
	return b.Ruleset
}

type builder struct {
	Ruleset
	groups  map[string]vpc.SecurityGroup
	members map[string][]Element // addresses by group
	used    map[string]bool      // chains of groups that an ENI jumps to
}

var (
	addressKey = []nftables.SetDatatype{nftables.TypeIPAddr}
	linkKey    = []nftables.SetDatatype{nftables.TypeIFName}
)

func (b *builder) add(s Set) { b.Sets = append(b.Sets, s) }

func (b *builder) chain(name string, rules ...Rule) {
	b.Chains = append(b.Chains, Chain{Name: name, Rules: rules})
}

func (b *builder) base(name string, h nftables.ChainHook, p nftables.ChainPriority, policy nftables.ChainPolicy, rules ...Rule) {
	b.Chains = append(b.Chains, Chain{Name: name, Hook: &Hook{h, p, policy}, Rules: rules})
}

// baseChains is the way of a packet. Whatever is not accepted is dropped.
//
// The source is checked before anything is accepted, even an established
// connection: otherwise a workload could write into its neighbours'.
// The namespace itself answers, and never begins: no ICMP error leaves it.
func (b *builder) baseChains() {
	only4 := rule(notIPv4(), drop())
	b.base("untrack-queries", *nftables.ChainHookPrerouting, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		rule(inSet(destination, resolvers), port(vpc.ProtocolUDP, destinationPort, 53), notrack()),
		rule(inSet(destination, resolvers), port(vpc.ProtocolTCP, destinationPort, 53), notrack()))
	b.base("untrack-answers", *nftables.ChainHookOutput, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		rule(inSet(source, resolvers), port(vpc.ProtocolUDP, sourcePort, 53), notrack()),
		rule(inSet(source, resolvers), port(vpc.ProtocolTCP, sourcePort, 53), notrack()))
	b.base("sender-gate", *nftables.ChainHookPrerouting, *nftables.ChainPriorityMangle, nftables.ChainPolicyDrop,
		only4,
		rule(linkAndSourceNotIn(sources), drop()),
		rule(inSet(destination, resolvers), port(vpc.ProtocolUDP, destinationPort, 53), accept()),
		rule(inSet(destination, resolvers), port(vpc.ProtocolTCP, destinationPort, 53), accept()),
		rule(inSet(destination, resolvers), drop()),
		rule(inSet(destination, gateways), drop()),
		rule(state(established|related), accept()),
		rule(state(invalid), drop()),
		rule(linkMap(expr.MetaKeyIIFNAME, senders)))
	b.base("receiver-gate", *nftables.ChainHookForward, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		only4,
		rule(state(established|related), accept()),
		rule(state(invalid), drop()),
		rule(linkMap(expr.MetaKeyOIFNAME, receivers)))
	b.base("endpoint-gate", *nftables.ChainHookInput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		only4,
		rule(inSet(destination, resolvers), port(vpc.ProtocolUDP, destinationPort, 53), accept()),
		rule(inSet(destination, resolvers), port(vpc.ProtocolTCP, destinationPort, 53), accept()),
		rule(state(established|related), accept()),
		rule(state(invalid), drop()),
		rule(addressMap(destination, endpoints)))
	b.base("answers", *nftables.ChainHookOutput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		only4,
		rule(inSet(source, resolvers), port(vpc.ProtocolUDP, sourcePort, 53), accept()),
		rule(inSet(source, resolvers), port(vpc.ProtocolTCP, sourcePort, 53), accept()),
		rule(state(established), accept()))
}

// enis adds the chains of every ENI and the maps that lead to them. Endpoints
// have no chain for egress: a service behind one never begins a connection.
func (b *builder) enis(all []vpc.ENI) {
	src := Set{Name: sources, Key: []nftables.SetDatatype{nftables.TypeIFName, nftables.TypeIPAddr}}
	out := Set{Name: senders, Key: linkKey, Map: true}
	in := Set{Name: receivers, Key: linkKey, Map: true}
	at := Set{Name: endpoints, Key: addressKey, Map: true}
	for _, e := range all {
		name := linkName(e.ID)
		switch e.Type {
		case vpc.InterfaceWorkload:
			src.Elements = append(src.Elements, Element{Key: name + address(e.Address)})
			out.Elements = append(out.Elements, Element{Key: name, Goto: b.eni(e, "out")})
			in.Elements = append(in.Elements, Element{Key: name, Goto: b.eni(e, "in")})
		case vpc.InterfaceEndpoint:
			at.Elements = append(at.Elements, Element{Key: address(e.Address), Goto: b.eni(e, "in")})
		}
		for _, g := range e.Groups {
			b.members[g] = append(b.members[g], Element{Key: address(e.Address)})
		}
	}
	for _, s := range []Set{src, out, in, at} {
		b.add(s)
	}
}

// eni adds the chain of one direction of an ENI and returns its name.
func (b *builder) eni(e vpc.ENI, direction string) string {
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
	name := e.ID + "-" + direction
	b.chain(name, rules...)
	return name
}

// groupChains adds the chains of the groups in use and the sets that their
// rules refer to.
func (b *builder) groupChains() {
	referred := map[string]bool{}
	for _, g := range b.groups {
		for _, egress := range []bool{true, false} {
			name, peer := g.ID+"-in", uint32(source)
			if egress {
				name, peer = g.ID+"-out", destination
			}
			if !b.used[name] {
				continue
			}
			var rules []Rule
			for _, r := range g.Rules {
				if r.Egress != egress || r.Group == "" && !r.CIDR.Addr().Is4() {
					continue
				}
				if r.Group != "" {
					referred[r.Group] = true
				}
				rules = append(rules, allow(r, peer))
			}
			b.chain(name, rules...)
		}
	}
	for g := range referred {
		b.add(Set{Name: g, Key: addressKey, Elements: unique(b.members[g])})
	}
}

func addresses(all []netip.Addr) []Element {
	elements := make([]Element, len(all))
	for i, a := range all {
		elements[i] = Element{Key: address(a)}
	}
	return unique(elements)
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
