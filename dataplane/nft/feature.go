package nft

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// Feature is something that the rulesets of this package need of the kernel,
// and the smallest ruleset that uses it.
type Feature struct {
	Name    string
	Ruleset Ruleset
}

// Features lists them, from the simple to what builds on it.
func Features() []Feature {
	set := Set{Name: resolvers, Key: ipv4.keys(), Elements: []Element{{Key: address(vpc.LinkLocalResolver)}}}
	leaf := Chain{Name: "leaf"}
	verdicts := Set{Name: senders, Key: linkKey, Map: true, Elements: []Element{{Key: linkName("eni-01234567"), Goto: leaf.Name}}}
	pairs := Set{Name: sources, Key: []nftables.SetDatatype{nftables.TypeIFName, nftables.TypeIPAddr},
		Elements: []Element{{Key: linkName("eni-01234567") + address(vpc.LinkLocalResolver)}}}
	idle := timeoutOf(vpc.ProtocolTCP, 350*time.Second)
	all := []Feature{
		{"base chains", ruleset(nil)},
		{"addresses and ports", ruleset(nil, rule(port(vpc.ProtocolTCP, destinationPort, 53), drop()), rule(ipv6.is(), drop()))},
		{"connection state", ruleset(nil, rule(state(established|related), accept()))},
		{"no tracking", ruleset(nil, rule(notrack()))},
		{"sets", ruleset([]Set{set}, rule(ipv4.inSet(source, set.Name), accept()))},
		{"concatenations", ruleset([]Set{pairs}, rule(ipv4.linkAndSourceNotIn(pairs.Name), drop()))},
		{"verdict maps", ruleset([]Set{verdicts}, rule(linkMap(expr.MetaKeyIIFNAME, verdicts.Name)))},
		{"logging of dropped packets", ruleset(nil, rule(log("eni-01234567 in"), drop()))},
		{"marks and zones of connections", ruleset(nil, rule(setConnectionMark(1), restoreMark()), rule(setZone(1)))},
		{"resets", ruleset(nil, rule(state(invalid), l4proto(vpc.ProtocolTCP), reset()))},
		{"options of TCP", ruleset(nil, rule(flags(tcpSYN), setMSS(link.MTU-ipv4Header-tcpHeader)))},
		{"limits", ruleset([]Set{{Name: queries, Key: linkKey, Dynamic: true}}, rule(limitPerLink(1024), drop()))},
		{"idle timeouts", Ruleset{Timeouts: []Timeout{idle}, Chains: ruleset(nil, rule(idle.statement())).Chains}},
		{"translation of addresses", Ruleset{Chains: []Chain{
			{Name: "in", Hook: &Hook{nftables.ChainTypeNAT, *nftables.ChainHookPrerouting, *nftables.ChainPriorityNATDest, nftables.ChainPolicyAccept},
				Rules: []Rule{rule(destinationNAT(netip.AddrPortFrom(vpc.LinkLocalResolver, 53)))}},
			{Name: "out", Hook: &Hook{nftables.ChainTypeNAT, *nftables.ChainHookPostrouting, *nftables.ChainPriorityNATSource, nftables.ChainPolicyAccept},
				Rules: sourceNAT(vpc.LinkLocalResolver)},
		}}},
	}
	for i := range all {
		r := &all[i].Ruleset
		if slices.ContainsFunc(r.Sets, func(s Set) bool { return s.Map }) {
			r.Chains = append(r.Chains, leaf)
		}
		r.finish()
	}
	return all
}

// ruleset has one base chain, where connections are tracked not yet and
// rules of every kind are permitted.
func ruleset(sets []Set, rules ...Rule) Ruleset {
	h := Hook{nftables.ChainTypeFilter, *nftables.ChainHookPrerouting, *nftables.ChainPriorityRaw, nftables.ChainPolicyDrop}
	return Ruleset{Sets: sets, Chains: []Chain{{Name: "probe", Hook: &h, Rules: rules}}}
}
