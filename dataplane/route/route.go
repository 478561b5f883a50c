// Package route is the router of a VPC: the routing tables, the policy rules
// and the neighbours of its namespace.
package route

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Protocol marks our routes in `ip route` (proto 80, P for Postern).
const Protocol netlink.RouteProtocol = 80

// Metrics: what IPv6 makes of none, and that of a table's last resort.
const (
	metricIPv6 = 1024
	metricLast = 1 << 16
)

// key is what tells routes apart.
type key struct {
	table  int
	dst    netip.Prefix
	kind   int        // RTN_…
	index  int        // of the link; 0 for none
	via    netip.Addr // not valid for none
	metric int
}

// Set makes the namespace of a VPC route to links and over peer links, and to
// nothing else: a host route and a fixed neighbour for each address, and a
// blackhole for the rest, so that a packet without a route disappears and no
// ICMP tells of it. The links must exist. marks are those of the peer links
// that this VPC is the provider of, by their names. Other policy rules and
// tables are removed.
func Set(h *netlink.Handle, vpc string, links []link.Link, peers []link.Peer, marks map[string]uint32) error {
	index, err := indexes(h)
	if err != nil {
		return err
	}
	want := routesOf(vpc, links, peers, marks, index)
	for _, family := range families() {
		former, err := setRoutes(h, family, want)
		if err != nil {
			return err
		}
		// A rule comes after its table and goes before it: what is marked never
		// goes elsewhere.
		if err := setRules(h, family, rulesOf(family, vpc, peers, marks)); err != nil {
			return err
		}
		if err := removeRoutes(h, former); err != nil {
			return err
		}
	}
	return setNeighbours(h, families(), neighboursOf(vpc, links, peers, index))
}

func families() []int {
	if netns.HasIPv6() {
		return []int{unix.AF_INET, unix.AF_INET6}
	}
	return []int{unix.AF_INET}
}

// routesOf are all routes of a VPC, of both families.
func routesOf(vpc string, links []link.Link, peers []link.Peer, marks map[string]uint32, index map[string]int) map[key]bool {
	want := map[key]bool{}
	blackhole := func(table, metric int) {
		for _, a := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			want[key{table: table, dst: netip.PrefixFrom(a, 0), kind: unix.RTN_BLACKHOLE, metric: metricOf(a, metric)}] = true
		}
	}
	over := func(p link.Peer, table int, dst netip.Prefix) {
		via := link.PeerHop
		if dst.Addr().Is6() {
			via = link.PeerHopIPv6
		}
		want[key{table, dst, unix.RTN_UNICAST, index[link.PeerName(p.Consumer, p.Provider)], via, metricOf(via, 0)}] = true
	}
	blackhole(unix.RT_TABLE_MAIN, 0)
	for _, l := range links {
		for _, a := range []netip.Addr{l.Address, l.IPv6} {
			if a.IsValid() {
				want[key{table: unix.RT_TABLE_MAIN, dst: host(a), kind: unix.RTN_UNICAST, index: index[link.Name(l.ENI)], metric: metricOf(a, 0)}] = true
			}
		}
	}
	for _, p := range peers {
		if p.Consumer == vpc {
			blackhole(steerTable, metricLast)
			for _, a := range p.Routes {
				over(p, steerTable, host(a))
			}
			continue
		}
		table := replyTable(marks[link.PeerName(p.Consumer, p.Provider)])
		blackhole(table, metricLast)
		over(p, table, netip.PrefixFrom(netip.IPv4Unspecified(), 0))
		over(p, table, netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	}
	return want
}

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// metricOf is a metric as the kernel keeps it for routes of a's family.
func metricOf(a netip.Addr, metric int) int {
	if a.Is6() && metric == 0 {
		return metricIPv6
	}
	return metric
}

func indexes(h *netlink.Handle) (map[string]int, error) {
	links, err := link.Dump(h.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	index := map[string]int{}
	for _, l := range links {
		index[l.Attrs().Name] = l.Attrs().Index
	}
	return index, nil
}

// setRoutes makes those of all that are of the family its routes, but for the
// tables that have none any more: it returns what is in them. The local table
// is the kernel's.
func setRoutes(h *netlink.Handle, family int, all map[key]bool) (former []netlink.Route, err error) {
	want, tables := map[key]bool{}, map[int]bool{unix.RT_TABLE_MAIN: true}
	for k := range all {
		if k.dst.Addr().Is6() == (family == unix.AF_INET6) {
			want[k], tables[k.table] = true, true
		}
	}
	routes, err := list(h, family)
	if err != nil {
		return nil, err
	}
	var junk []netlink.Route
	for _, r := range routes {
		k := keyOf(r)
		switch {
		case k.table == unix.RT_TABLE_LOCAL || k.dst.Addr().IsLoopback():
		case plain(r) && want[k]:
			delete(want, k)
		case !tables[k.table]:
			former = append(former, r)
		default:
			junk = append(junk, r)
		}
	}
	if err := removeRoutes(h, junk); err != nil {
		return nil, err
	}
	for k := range want {
		if err := add(h, k); err != nil {
			return nil, err
		}
	}
	return former, nil
}

// list returns the routes of all tables.
func list(h *netlink.Handle, family int) ([]netlink.Route, error) {
	every := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
	routes, err := link.Dump(func() ([]netlink.Route, error) {
		return h.RouteListFiltered(family, every, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	return routes, nil
}

func removeRoutes(h *netlink.Handle, routes []netlink.Route) error {
	for _, r := range routes {
		if err := h.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove route %v: %w", r, err)
		}
	}
	return nil
}

// plain reports whether nothing but its key is special about r.
func plain(r netlink.Route) bool {
	return r.Protocol == Protocol && r.Tos == 0 && r.Src == nil && r.Via == nil && r.Encap == nil && len(r.MultiPath) == 0 && r.MTU == 0
}

func keyOf(r netlink.Route) key {
	k := key{table: r.Table, kind: r.Type, index: r.LinkIndex, metric: r.Priority}
	k.dst = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if r.Family == unix.AF_INET6 {
		k.dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if r.Dst != nil {
		a, _ := netip.AddrFromSlice(r.Dst.IP)
		bits, _ := r.Dst.Mask.Size()
		if r.Family == unix.AF_INET {
			a = a.Unmap()
		}
		k.dst = netip.PrefixFrom(a, bits)
	}
	if k.kind == unix.RTN_BLACKHOLE {
		k.index = 0 // IPv6 says lo
	}
	if r.Gw != nil {
		via, _ := netip.AddrFromSlice(r.Gw)
		k.via = via.Unmap()
	}
	return k
}

func add(h *netlink.Handle, k key) error {
	r := &netlink.Route{
		Dst:       &net.IPNet{IP: k.dst.Addr().AsSlice(), Mask: net.CIDRMask(k.dst.Bits(), k.dst.Addr().BitLen())},
		Type:      k.kind,
		LinkIndex: k.index,
		Protocol:  Protocol,
		Table:     k.table,
		Priority:  k.metric,
	}
	switch {
	case k.via.IsValid():
		r.Gw = k.via.AsSlice()
		r.Flags = int(netlink.FLAG_ONLINK)
	case k.kind == unix.RTN_UNICAST:
		r.Scope = netlink.SCOPE_LINK
	}
	if err := h.RouteAdd(r); err != nil {
		return fmt.Errorf("add route to %v: %w", k.dst, err)
	}
	return nil
}
