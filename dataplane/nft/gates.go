package nft

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/vpc"
)

// Chains of a fixed name that base chains lead to.
const (
	strangers  = "strangers"  // packets whose source is not of the link's ENI
	neighbours = "neighbours" // what is link-local
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
// connection. The namespace itself answers, and never begins: no ICMP error
// leaves it.
func (b *builder) gates() {
	b.base("untrack-queries", *nftables.ChainHookPrerouting, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		dns(destination, notrack())...)
	b.base("untrack-answers", *nftables.ChainHookOutput, *nftables.ChainPriorityRaw, nftables.ChainPolicyAccept,
		dns(source, notrack())...)
	b.base("sender-gate", *nftables.ChainHookPrerouting, *nftables.ChainPriorityMangle, nftables.ChainPolicyDrop,
		slices.Concat(
			each(func(f family) Rule { return rule(f.linkAndSourceNotIn(sources), goTo(strangers)) }),
			[]Rule{rule(state(established|related), accept())},
			dns(destination, accept()),
			each(func(f family) Rule { return rule(f.inSet(destination, resolvers), drop()) }),
			each(func(f family) Rule { return rule(f.inSet(destination, gateways), drop()) }),
			toNeighbours(),
			[]Rule{
				rule(state(invalid), drop()),
				rule(linkMap(expr.MetaKeyIIFNAME, senders)),
			})...)
	b.chain(strangers, rule(inPrefix(source, linkLocal), goTo(neighbours)), rule(drop()))
	discovery := icmpTypes(vpc.ProtocolICMPv6, neighbourSolicitation, neighbourAdvertisement)
	b.chain(neighbours,
		rule(inPrefix(destination, linkLocal), discovery, accept()),
		rule(inPrefix(destination, solicitedNode), discovery, accept()),
		rule(drop()))
	b.base("receiver-gate", *nftables.ChainHookForward, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		rule(state(established|related), accept()),
		rule(state(invalid), drop()),
		rule(linkMap(expr.MetaKeyOIFNAME, receivers)))
	b.base("endpoint-gate", *nftables.ChainHookInput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		slices.Concat(
			[]Rule{rule(state(established|related), accept())},
			dns(destination, accept()),
			toNeighbours(),
			[]Rule{rule(state(invalid), drop())},
			each(func(f family) Rule { return rule(f.addressMap(destination, endpoints)) }))...)
	b.base("answers", *nftables.ChainHookOutput, *nftables.ChainPriorityFilter, nftables.ChainPolicyDrop,
		slices.Concat(
			[]Rule{rule(state(established), accept())},
			dns(source, accept()),
			[]Rule{rule(inPrefix(source, linkLocal), discovery, accept())})...)
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
