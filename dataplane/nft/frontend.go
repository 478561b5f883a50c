package nft

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// Maps by arrival and mark: where a connection of a frontend goes on.
const (
	frontends = "frontends" // goto tcp-…: its backends
	nodes     = "nodes"     // goto from-…: the load balancer's address
	entries   = "entries"   // goto eni-…-in: the load balancer's groups
	exits     = "exits"     // goto eni-…-out
	forwarded = "of-frontends"
)

// A load balancer's connections come from these ports, at all its backends
// together from each once.
const (
	firstNodePort = 1024
	lastNodePort  = 65535
	portWindow    = 128 // the kernel tries as many ports
)

// maxSlots bounds the map of a frontend's backends; shares are exact to one
// in as many.
const maxSlots = 1024

// balances reports whether the VPC has load balancers.
func (b *builder) balances() bool {
	for _, e := range b.config.ENIs {
		if e.Type == vpc.InterfaceLoadBalancer {
			return true
		}
	}
	for _, p := range b.config.Peers {
		if p.Mark != 0 {
			return true
		}
	}
	return len(b.config.Frontends) > 0
}

// frontends makes the ways of what load balancers pass on. A connection passes
//
//	balancer-gate   the groups of the load balancer, where they decide
//	balance         a backend instead of the load balancer's address
//	receiver-gate   the groups of the load balancer, on the way out
//	node            the load balancer's address instead of the client's
//	target-gate     the groups of the backend, which see the load balancer
//
// and after its first packet only their first rules. What the namespace
// itself begins, from a load balancer's address, passes answers and
// target-gate.
func (b *builder) frontends() {
	in := map[family]map[string][]Element{ipv4: {}, ipv6: {}}
	add := func(f family, m, key, to string) { in[f][m] = append(in[f][m], Element{Key: key, Goto: to}) }
	for _, x := range b.config.Frontends {
		f, mark := familyOf(x.Address.Addr()), b.markOf(x.Link)
		key := arrivalKey(x.Protocol, x.Address) + markKey(mark)
		add(f, frontends, key, b.frontend(x))
		add(f, nodes, key, b.once("from-"+nameOf(x.Node), func() []Rule { return sourceNAT(x.Node) }))
		if !b.balancers[x.ENI] {
			continue
		}
		add(f, exits, key, x.ENI+"-out")
		if x.Ingress {
			add(f, entries, key, x.ENI+"-in")
		}
	}
	for _, f := range families {
		for _, m := range []string{frontends, nodes, entries, exits} {
			b.add(Set{Name: f.set(m), Key: append(f.arrivalKeys(), nftables.TypeMark), Map: true, Elements: unique(in[f][m])})
		}
	}
	b.balancerGates(len(in[ipv4][entries])+len(in[ipv6][entries]) > 0)
}

// balancerGates adds the base chains. One that translates sees only the first
// packet of a connection.
// The groups of a load balancer have a gate only if they decide anywhere.
func (b *builder) balancerGates(judged bool) {
	here := func(m string) func(family) Rule {
		return func(f family) Rule { return rule(f.arrival(), f.ofMark(), verdicts(f.set(m))) }
	}
	first := func(m string) func(family) Rule {
		return func(f family) Rule {
			return rule(f.is(), translated(), f.firstArrival(), f.ofMark(), verdicts(f.set(m)))
		}
	}
	passed := rule(state(established|related), accept())
	if judged {
		b.base("balancer-gate", *nftables.ChainHookPrerouting, *nftables.ChainPriorityMangle+5, nftables.ChainPolicyAccept,
			append([]Rule{passed}, each(here(entries))...)...)
	}
	b.nat("balance", *nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest,
		append(each(here(frontends)), rule(marked(link.MaxMark), drop()))...)
	b.chain(forwarded, append(each(first(exits)), rule(accept()))...)
	b.nat("node", *nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, each(first(nodes))...)
	b.base("target-gate", *nftables.ChainHookPostrouting, *nftables.ChainPriorityNATSource+10, nftables.ChainPolicyAccept,
		append(b.clampTranslated(), passed,
			rule(state(fresh), linkMap(expr.MetaKeyOIFNAME, receivers)),
			rule(translated(), drop()))...)
}

func (b *builder) markOf(peer string) uint32 {
	for _, p := range b.config.Peers {
		if p.Link == peer {
			return p.Mark
		}
	}
	return 0
}

// frontend adds the chain of one frontend and returns its name.
func (b *builder) frontend(x Frontend) string {
	name := fmt.Sprintf("%s-%s-%d", protocolNames[x.Protocol], nameOf(x.Address.Addr()), x.Address.Port())
	if x.Link != "" {
		name += "-" + x.Link
	}
	var rules []Rule
	if idle := b.idle(x.Protocol, x.Idle); idle != nil {
		rules = append(rules, rule(idle))
	}
	if slots := shares(x.Backends); len(slots) > 0 {
		m := Set{Name: name, Key: []nftables.SetDatatype{nftables.TypeInteger}, Map: true}
		for i, a := range slots {
			to := b.once(fmt.Sprintf("to-%s-%d", nameOf(a.Addr()), a.Port()), func() []Rule { return []Rule{rule(destinationNAT(a))} })
			m.Elements = append(m.Elements, Element{Key: string(binaryutil.NativeEndian.PutUint32(uint32(i))), Goto: to})
		}
		b.add(m)
		rules = append(rules, rule([]expr.Any{&expr.Numgen{Register: reg1, Modulus: uint32(len(slots)), Type: unix.NFT_NG_RANDOM}}, verdicts(name)))
	}
	return b.once(name, func() []Rule { return append(rules, rule(drop())) })
}

// shares gives each backend as many slots as its weight says.
func shares(all []Backend) []netip.AddrPort {
	total, divisor := 0, 0
	for _, x := range all {
		total += max(x.Weight, 0)
		divisor = gcd(divisor, max(x.Weight, 0))
	}
	var slots []netip.AddrPort
	for _, x := range all {
		if x.Weight <= 0 {
			continue
		}
		n := x.Weight / divisor
		if total/divisor > maxSlots {
			n = max(1, x.Weight*maxSlots/total)
		}
		for range n {
			slots = append(slots, x.Address)
		}
	}
	return slots
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// nameOf is an address as a part of a name: nft(8) permits no colon there.
func nameOf(a netip.Addr) string { return strings.ReplaceAll(a.String(), ":", "-") }

func destinationNAT(a netip.AddrPort) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: reg1, Data: a.Addr().AsSlice()},
		&expr.Immediate{Register: reg2, Data: port16(a.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: uint32(familyOf(a.Addr()).number), RegAddrMin: reg1, RegProtoMin: reg2},
	}
}

// sourceNAT takes turns with windows of ports. In the whole range the kernel
// would keep the client's port, or try some 200 in a row from a random one:
// where clients count their ports up, as they do, it would find none long
// before all are taken. In a window it tries all ports, and windows fill
// evenly.
func sourceNAT(node netip.Addr) []Rule {
	const windows = (lastNodePort+1)/256 - firstNodePort/256
	begin := []expr.Any{
		&expr.Immediate{Register: reg1, Data: node.AsSlice()},
		// The number's first byte is its lowest (no big-endian machine has
		// this program) and the port's highest.
		&expr.Numgen{Register: reg2, Modulus: windows, Offset: firstNodePort / 256, Type: unix.NFT_NG_INCREMENTAL},
	}
	snat := func(from, to uint32) expr.Any {
		return &expr.NAT{Type: expr.NATTypeSourceNAT, Family: uint32(familyOf(node).number), RegAddrMin: reg1, RegProtoMin: from, RegProtoMax: to}
	}
	everyOther := []expr.Any{
		&expr.Numgen{Register: reg1, Modulus: 256 / portWindow, Type: unix.NFT_NG_INCREMENTAL},
		equal(make([]byte, 4)),
	}
	return []Rule{
		rule(everyOther, begin, []expr.Any{flipped(reg3, reg2, portWindow-1), snat(reg2, reg3)}),
		rule(begin, []expr.Any{flipped(reg3, reg2, portWindow), flipped(reg4, reg2, 255), snat(reg3, reg4)}),
	}
}

// flipped sets a register to the port in another one, with some bits flipped.
func flipped(to, from uint32, bits uint16) expr.Any {
	return &expr.Bitwise{SourceRegister: from, DestRegister: to, Len: 2, Mask: port16(0xffff), Xor: port16(bits)}
}
