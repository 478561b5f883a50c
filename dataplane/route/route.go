// Package route is the router of a VPC: the routing table and the neighbours
// of its namespace.
package route

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Protocol marks our routes in `ip route` (proto 80, P for Postern).
const Protocol netlink.RouteProtocol = 80

// key is what tells routes apart.
type key struct {
	dst   netip.Prefix
	kind  int // RTN_…
	index int // of the link; 0 for none
}

// Set makes the namespace of h route to links and to nothing else: a host
// route and a fixed neighbour for each, and a blackhole for the rest, so that
// a packet without a route disappears and no ICMP tells of it. The links must
// exist. Policy rules and further tables are removed.
func Set(h *netlink.Handle, links []link.Link) error {
	if err := pruneRules(h); err != nil {
		return err
	}
	index, err := indexes(h)
	if err != nil {
		return err
	}
	want := map[key]bool{{dst: anywhere, kind: unix.RTN_BLACKHOLE}: true}
	for _, l := range links {
		want[key{netip.PrefixFrom(l.Address, 32), unix.RTN_UNICAST, index[link.Name(l.ENI)]}] = true
	}
	if err := pruneRoutes(h, want); err != nil {
		return err
	}
	for k := range want {
		if err := add(h, k); err != nil {
			return err
		}
	}
	return setNeighbours(h, links, index)
}

var anywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

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

// pruneRoutes removes the routes that are not in want, and from want those
// that exist. The local table is the kernel's.
func pruneRoutes(h *netlink.Handle, want map[key]bool) error {
	all := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
	routes, err := link.Dump(func() ([]netlink.Route, error) {
		return h.RouteListFiltered(unix.AF_INET, all, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	for _, r := range routes {
		if r.Table == unix.RT_TABLE_LOCAL {
			continue
		}
		k := key{dst: destination(r), kind: r.Type, index: r.LinkIndex}
		if k.kind == unix.RTN_BLACKHOLE {
			k.index = 0
		}
		if plain(r) && want[k] {
			delete(want, k)
			continue
		}
		if err := h.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove route %v: %w", r, err)
		}
	}
	return nil
}

// plain reports whether r could be one of ours.
func plain(r netlink.Route) bool {
	return r.Table == unix.RT_TABLE_MAIN && r.Protocol == Protocol && r.Priority == 0 && r.Tos == 0 &&
		r.Gw == nil && r.Src == nil && r.Via == nil && r.Encap == nil && len(r.MultiPath) == 0 && r.MTU == 0
}

func destination(r netlink.Route) netip.Prefix {
	if r.Dst == nil {
		return anywhere
	}
	a, _ := netip.AddrFromSlice(r.Dst.IP.To4())
	bits, _ := r.Dst.Mask.Size()
	return netip.PrefixFrom(a, bits)
}

func add(h *netlink.Handle, k key) error {
	r := &netlink.Route{
		Dst:       &net.IPNet{IP: k.dst.Addr().AsSlice(), Mask: net.CIDRMask(k.dst.Bits(), 32)},
		Type:      k.kind,
		LinkIndex: k.index,
		Protocol:  Protocol,
		Table:     unix.RT_TABLE_MAIN,
	}
	if k.kind == unix.RTN_UNICAST {
		r.Scope = netlink.SCOPE_LINK
	}
	if err := h.RouteAdd(r); err != nil {
		return fmt.Errorf("add route to %v: %w", k.dst, err)
	}
	return nil
}

// pruneRules leaves the kernel's three policy rules.
func pruneRules(h *netlink.Handle) error {
	rules, err := link.Dump(func() ([]netlink.Rule, error) { return h.RuleList(unix.AF_INET) })
	if errors.Is(err, unix.EOPNOTSUPP) { // a kernel without policy routing
		return nil
	}
	if err != nil {
		return fmt.Errorf("list policy rules: %w", err)
	}
	for _, r := range rules {
		kernels := r.Priority == 0 && r.Table == unix.RT_TABLE_LOCAL ||
			r.Priority == 32766 && r.Table == unix.RT_TABLE_MAIN || r.Priority == 32767 && r.Table == unix.RT_TABLE_DEFAULT
		if kernels && r.Src == nil && r.Dst == nil && r.Mark == 0 && r.IifName == "" && r.OifName == "" {
			continue
		}
		if err := h.RuleDel(&r); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove policy rule %v: %w", r, err)
		}
	}
	return nil
}
