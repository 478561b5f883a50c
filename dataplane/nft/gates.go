package nft

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// Chains of a fixed name that base chains lead to.
const (
	strangers  = "strangers"  // packets whose source is not of the link's ENI
	neighbours = "neighbours" // what is link-local
	asked      = "asked"      // what may be a query to a resolver

	untrackedQueries = "untracked-queries"
	untrackedAnswers = "untracked-answers"
)

// ICMPv6 types of neighbour discovery that pass between a workload and its
// router: solicitation and advertisement. Routers are neither looked for nor
// announced.
const (
	neighbourSolicitation  = 135
	neighbourAdvertisement = 136
)

var (
	linkLocal     = netip.MustParsePrefix("fe80::/10")
	multicast     = netip.MustParsePrefix("ff00::/8")
	solicitedNode = netip.MustParsePrefix("ff02::1:ff00:0/104")
)

// gates makes the way of a packet. Whatever is not accepted is dropped.
//
// The source is checked before anything is accepted, even an established
// connection: otherwise a workload could write into its neighbours'. What is
// established passes right after that, and all the rest is the price of a new
// connection. The namespace itself answers, and never begins, except from a
// load balancer's address: no ICMP error leaves it.
func (b *builder) gates() {
	b.base("before-tracking", *nftables.ChainHookPrerouting, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		append(when(b.hasZones(), rule(linkMap(expr.MetaKeyIIFNAME, zones))), rule(anyPort(destination, 53), goTo(untrackedQueries)))...)
	b.base("before-tracking-answers", *nftables.ChainHookOutput, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		rule(anyPort(source, 53), goTo(untrackedAnswers)))
	b.chain(untrackedQueries, dns(destination, notrack())...)
	b.chain(untrackedAnswers, dns(source, notrack())...)
	b.base("sender-gate", *nftables.ChainHookPrerouting, *nftables.ChainPriorityMangle, nftables.ChainPolicyDrop,
		b.senderGate()...)
	b.chain(asked, dns(destination, b.queries())...)
	b.strangers()
	b.base("receiver-gate", *nftables.ChainHookForward, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		slices.Concat(
			[]Rule{rule(state(established|related), accept()), rule(state(invalid), drop())},
			when(b.balances(), rule(translated(), goTo(forwarded))),
			[]Rule{rule(linkMap(expr.MetaKeyOIFNAME, receivers))})...)
	b.base("endpoint-gate", *nftables.ChainHookInput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		b.endpointGate()...)
	b.base("expired", *nftables.ChainHookInput, *nftables.ChainPriorityFilter+10, nftables.ChainPolicyAccept,
		rule(state(invalid), l4proto(vpc.ProtocolTCP), reset()),
		rule(state(invalid), drop()))
	b.base("answers", *nftables.ChainHookOutput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		b.answers()...)
}

func (b *builder) senderGate() []Rule {
	return slices.Concat(
		each(func(f family) Rule { return rule(f.linkAndSourceNotIn(sources), goTo(strangers)) }),
		when(b.hasPeers(), rule(marked(^uint32(0)), jump(restored))),
		[]Rule{rule(state(established|related), accept())},
		[]Rule{rule(anyPort(destination, 53), jump(asked))},
		each(func(f family) Rule { return rule(f.inSet(destination, resolvers), drop()) }),
		each(func(f family) Rule { return rule(f.inSet(destination, gateways), drop()) }),
		toNeighbours(),
		when(b.hasPeers(), each(func(f family) Rule { return rule(state(fresh), f.arrival(), verdicts(f.set(steers))) })...),
		[]Rule{rule(linkMap(expr.MetaKeyIIFNAME, senders))})
}

// strangers lets in what has no source of an ENI.
func (b *builder) strangers() {
	b.chain(strangers, slices.Concat(
		when(b.hasPeers(), rule(linkMap(expr.MetaKeyIIFNAME, peers))),
		[]Rule{rule(inPrefix(source, linkLocal), goTo(neighbours)), rule(drop())})...)
	b.chain(neighbours,
		rule(inPrefix(destination, linkLocal), discovery(), accept()),
		rule(inPrefix(destination, solicitedNode), discovery(), accept()),
		rule(drop()))
}

// endpointGate judges what arrives in the middle of a connection that has
// expired as if it began one: what the groups let in is then answered with
// RST, by the chain expired. Nothing is answered on steered ports for want of
// a peer link.
func (b *builder) endpointGate() []Rule {
	return slices.Concat(
		when(b.hasPeers(), rule(hasMark(link.SteerMark), drop())),
		[]Rule{rule(state(established|related), accept())},
		dns(destination, accept()),
		toNeighbours(),
		when(b.balances(), rule(translated(), drop())),
		b.endpointIdle(),
		b.clampSYN(),
		each(func(f family) Rule { return rule(f.addressMap(destination, endpoints)) }))
}

// answers lets out what the namespace itself sends. An invalid RST is the
// answer to a packet of an expired connection.
func (b *builder) answers() []Rule {
	return slices.Concat(
		[]Rule{rule(state(established), accept())},
		dns(source, accept()),
		[]Rule{
			rule(inPrefix(source, linkLocal), discovery(), accept()),
			rule(state(invalid), flags(tcpRST), accept()),
		},
		when(b.balances(), each(func(f family) Rule { return rule(f.addressMap(source, dialers)) })...))
}

// discovery matches neighbour discovery.
func discovery() []expr.Any {
	return icmpTypes(vpc.ProtocolICMPv6, neighbourSolicitation, neighbourAdvertisement)
}

// when is some rules on a condition.
func when(condition bool, rules ...Rule) []Rule {
	if condition {
		return rules
	}
	return nil
}

// dns does something with queries to the resolvers, or with their answers.
func dns(resolver side, do []expr.Any) []Rule {
	var all []Rule
	for _, f := range families {
		for _, protocol := range []int{vpc.ProtocolUDP, vpc.ProtocolTCP} {
			all = append(all, rule(f.inSet(resolver, resolvers), port(protocol, portOffset(resolver), 53), do))
		}
	}
	return all
}

// toNeighbours takes what must not leave its link.
func toNeighbours() []Rule {
	return []Rule{
		rule(inPrefix(destination, linkLocal), goTo(neighbours)),
		rule(inPrefix(destination, multicast), goTo(neighbours)),
	}
}
