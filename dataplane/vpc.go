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

// filter is v.Filter with its peer links and gateways.
func (v VPC) filter(marks marks) nft.Config {
	c := v.Filter
	c.Peers = nil
	for _, p := range v.Peers {
		name := link.PeerName(p.Consumer, p.Provider)
		c.Peers = append(c.Peers, nft.Peer{Link: name, Mark: marks[name]})
	}
	if len(c.Gateways) > 0 {
		return c
	}
	other := map[netip.Addr]bool{}
	for _, a := range c.Resolvers {
		other[a] = true
	}
	for _, e := range c.ENIs {
		for _, a := range e.Addresses() {
			other[a] = true
		}
	}
	c.Gateways = slices.DeleteFunc(slices.Clone(v.Locals), func(a netip.Addr) bool { return other[a] })
	return c
}

// owners tells who each address of v belongs to: an ENI, or else a load
// balancer without one.
func (v VPC) owners() map[netip.Addr]string {
	owner := map[netip.Addr]string{}
	for _, f := range v.Filter.Frontends {
		owner[f.Node] = "load balancer"
		if f.Link == "" {
			owner[f.Address.Addr()] = "load balancer"
		}
	}
	for _, e := range v.Filter.ENIs {
		for _, a := range e.Addresses() {
			owner[a] = e.ID
		}
	}
	return owner
}

// Sysctls are those of a VPC's namespace. The ones of conntrack are what flow logs
// need (counters, times, and events for connections that are older than the
// listener), AWS's idle timeout for UDP streams, and that no connection begins
// in the middle. What is late or early in its connection's window is not
// invalid, because what is invalid is answered with RST; the RST takes the way
// that the packet's mark says. rp_filter is each link's own: the larger of all's and the
// link's is in force, and a peer link has none.
//
// The namespace answers no ping: its addresses are endpoints, resolvers and
// gateways.
func Sysctls() []netns.Sysctl {
	return []netns.Sysctl{
		{Name: "net/ipv4/ip_forward", Value: "1"}, // first: it resets others
		{Name: "net/ipv4/conf/all/rp_filter", Value: "0"},
		{Name: "net/ipv4/conf/default/rp_filter", Value: "1"},
		{Name: "net/ipv4/conf/all/accept_redirects", Value: "0"},
		{Name: "net/ipv4/conf/all/send_redirects", Value: "0"},
		{Name: "net/ipv4/conf/default/send_redirects", Value: "0"},
		{Name: "net/ipv4/icmp_echo_ignore_all", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_acct", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_timestamp", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_events", Value: "1"},
		{Name: "net/netfilter/nf_conntrack_udp_timeout_stream", Value: "180"},
		{Name: "net/netfilter/nf_conntrack_tcp_loose", Value: "0"},
		{Name: "net/netfilter/nf_conntrack_tcp_be_liberal", Value: "1"},
		{Name: "net/ipv4/fwmark_reflect", Value: "1"},
		{Name: "net/ipv6/fwmark_reflect", Value: "1", Optional: true},
		{Name: "net/ipv6/conf/all/forwarding", Value: "1", Optional: true}, // before those that it resets
		{Name: "net/ipv6/conf/default/addr_gen_mode", Value: "1", Optional: true},
		{Name: "net/ipv6/conf/default/accept_dad", Value: "0", Optional: true},
		{Name: "net/ipv6/conf/default/accept_ra", Value: "0", Optional: true},
		{Name: "net/ipv6/conf/all/accept_redirects", Value: "0", Optional: true},
		{Name: "net/ipv6/conf/default/accept_redirects", Value: "0", Optional: true},
		{Name: "net/ipv6/icmp/echo_ignore_all", Value: "1", Optional: true},
		{Name: "net/ipv6/conf/default/disable_ipv6", Value: "0", Optional: true},
		{Name: "net/ipv6/conf/all/disable_ipv6", Value: "0", Optional: true},
		{Name: "net/ipv6/conf/lo/disable_ipv6", Value: "0", Optional: true},
	}
}
