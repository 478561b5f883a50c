package dataplane

import (
	"net/netip"
	"slices"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
)

// VPC is everything that the kernel holds for one VPC.
type VPC struct {
	ID     string
	Locals []netip.Addr // what the VPC itself answers: gateways, resolvers, endpoints
	Links  []link.Link  // the ENIs of workloads on this host
	Peers  []link.Peer  // links to VPCs of providers and of consumers; this VPC is one of the two ends
	Filter nft.Config   // Gateways may be left empty: the Locals that are nothing else
}

// filter is v.Filter with its gateways.
func (v VPC) filter() nft.Config {
	c := v.Filter
	if len(c.Gateways) > 0 {
		return c
	}
	other := map[netip.Addr]bool{}
	for _, a := range c.Resolvers {
		other[a] = true
	}
	for _, e := range c.ENIs {
		other[e.Address] = true
	}
	c.Gateways = slices.DeleteFunc(slices.Clone(v.Locals), func(a netip.Addr) bool { return other[a] })
	return c
}

// Sysctls are those of a VPC's namespace. The ones of conntrack are what flow logs
// need (counters, times, and events for connections that are older than the
// listener) and AWS's idle timeout for UDP streams.
//
// The namespace answers no ping: its addresses are endpoints, resolvers and
// gateways.
func Sysctls() []netns.Sysctl {
	return []netns.Sysctl{
		{Name: "net/ipv4/ip_forward", Value: "1"}, // first: it resets others
		{Name: "net/ipv4/conf/all/rp_filter", Value: "1"},
		{Name: "net/ipv4/conf/default/rp_filter", Value: "1"},
		{Name: "net/ipv4/conf/all/accept_redirects", Value: "0"},
		{Name: "net/ipv4/conf/all/send_redirects", Value: "0"},
		{Name: "net/ipv4/icmp_echo_ignore_all", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_acct", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_timestamp", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_events", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_udp_timeout_stream", Value: "180"},
		{Name: "net/ipv6/conf/all/disable_ipv6", Value: "1", Optional: true},
		{Name: "net/ipv6/conf/default/disable_ipv6", Value: "1", Optional: true},
	}
}

// workloadSysctls are those of a workload's namespace.
func workloadSysctls() []netns.Sysctl {
	return []netns.Sysctl{
		{Name: "net/ipv6/conf/all/disable_ipv6", Value: "1", Optional: true},
		{Name: "net/ipv6/conf/default/disable_ipv6", Value: "1", Optional: true},
	}
}

// linkSysctls are those of the VPC's end of a link: it answers ARP for the
// neighbours in the subnet, which sit behind other links, and at once.
func linkSysctls(name string) []netns.Sysctl {
	return []netns.Sysctl{
		{Name: "net/ipv4/conf/" + name + "/proxy_arp", Value: "1"},
		{Name: "net/ipv4/conf/" + name + "/rp_filter", Value: "1"},
		{Name: "net/ipv4/neigh/" + name + "/proxy_delay", Value: "0"},
	}
}
