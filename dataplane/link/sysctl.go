package link

import "github.com/postern/postern/dataplane/netns"

// routerSysctls are those of the VPC's end of a link: it answers ARP for the
// neighbours in the subnet, which sit behind other links, and at once. Of
// IPv6 neighbours there are none: a workload has a /128.
func routerSysctls(name string) []netns.Sysctl {
	return append([]netns.Sysctl{
		{Name: "net/ipv4/conf/" + name + "/proxy_arp", Value: "1"},
		{Name: "net/ipv4/conf/" + name + "/rp_filter", Value: "1"},
		{Name: "net/ipv4/conf/" + name + "/send_redirects", Value: "0"},
		{Name: "net/ipv4/neigh/" + name + "/proxy_delay", Value: "0"},
	}, quietIPv6(name, true)...)
}

// peerSysctls are those of either end of a peer link. Sources there are the
// other VPC's, whose addresses may be this one's too.
func peerSysctls(name string) []netns.Sysctl {
	return append([]netns.Sysctl{
		{Name: "net/ipv4/conf/" + name + "/rp_filter", Value: "0"},
		{Name: "net/ipv4/conf/" + name + "/accept_local", Value: "1"},
		{Name: "net/ipv4/conf/" + name + "/send_redirects", Value: "0"},
	}, quietIPv6(name, true)...)
}

// workloadSysctls are those of a workload's namespace. Without an IPv6
// address it has no IPv6 at all.
func workloadSysctls(l Link) []netns.Sysctl {
	disable := "1"
	if l.IPv6.IsValid() {
		disable = "0"
	}
	return []netns.Sysctl{
		{Name: "net/ipv6/conf/all/disable_ipv6", Value: disable, Optional: true},
		{Name: "net/ipv6/conf/default/disable_ipv6", Value: disable, Optional: true},
		{Name: "net/ipv6/conf/lo/disable_ipv6", Value: disable, Optional: true},
	}
}

// quietIPv6 lets a link have the IPv6 addresses that it is given and no
// other: none of its own making, none that a router tells it, and at once.
func quietIPv6(name string, on bool) []netns.Sysctl {
	disable := "1"
	if on {
		disable = "0"
	}
	conf := "net/ipv6/conf/" + name
	return []netns.Sysctl{
		{Name: conf + "/addr_gen_mode", Value: "1", Optional: true},
		{Name: conf + "/accept_ra", Value: "0", Optional: true},
		{Name: conf + "/autoconf", Value: "0", Optional: true},
		{Name: conf + "/accept_dad", Value: "0", Optional: true},
		{Name: conf + "/accept_redirects", Value: "0", Optional: true},
		{Name: conf + "/disable_ipv6", Value: disable, Optional: true},
	}
}
