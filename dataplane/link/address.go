package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetLocals makes addrs the addresses of a VPC's lo, besides 127.0.0.0/8 and
// ::1, and sets it up.
func SetLocals(h *netlink.Handle, addrs []netip.Addr) error {
	lo, err := h.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	want := map[netip.Prefix]bool{}
	for _, a := range addrs {
		want[netip.PrefixFrom(a, a.BitLen())] = true
	}
	if err := setUp(h, lo); err != nil {
		return err
	}
	return setAddrs(h, lo, want)
}

// setWorkload gives eth0 the ENI's addresses and nothing else. What a
// workload does with other links and routes in its namespace is its own
// business. router is the hardware address of the VPC's end.
func setWorkload(w *netlink.Handle, eth0 netlink.Link, l Link, mac, router net.HardwareAddr) error {
	if err := setHardware(w, eth0, mac); err != nil {
		return err
	}
	lo, err := w.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := errors.Join(setUp(w, lo), setUp(w, eth0)); err != nil {
		return err
	}
	want := map[netip.Prefix]bool{}
	if l.Address.IsValid() {
		want[netip.PrefixFrom(l.Address, l.Subnet.Bits())] = true
	}
	if l.IPv6.IsValid() {
		want[netip.PrefixFrom(l.IPv6, l.IPv6.BitLen())] = true
	}
	if err := setAddrs(w, eth0, want); err != nil {
		return err
	}
	if l.Address.IsValid() {
		if err := setDefaultRoute(w, eth0, l.Gateway, netip.IPv4Unspecified()); err != nil {
			return err
		}
	}
	if !l.IPv6.IsValid() {
		return nil
	}
	if err := w.NeighSet(&netlink.Neigh{LinkIndex: eth0.Attrs().Index, Family: unix.AF_INET6, State: netlink.NUD_PERMANENT,
		IP: RouterIPv6.AsSlice(), HardwareAddr: router}); err != nil {
		return fmt.Errorf("set neighbour %v: %w", RouterIPv6, err)
	}
	return setDefaultRoute(w, eth0, RouterIPv6, netip.IPv6Unspecified())
}

func setDefaultRoute(w *netlink.Handle, eth0 netlink.Link, via, to netip.Addr) error {
	route := &netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: via.AsSlice(), Dst: ipNet(netip.PrefixFrom(to, 0))}
	if err := w.RouteReplace(route); err != nil {
		return fmt.Errorf("set default route via %v: %w", via, err)
	}
	return nil
}

func setUp(h *netlink.Handle, l netlink.Link) error {
	if err := h.LinkSetUp(l); err != nil {
		return fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
	}
	return nil
}

// setHardware gives a link its MAC address (nil leaves it), the MTU, and the
// size of what passes it at once.
func setHardware(h *netlink.Handle, l netlink.Link, mac net.HardwareAddr) error {
	if a := l.Attrs().HardwareAddr; mac != nil && a.String() != mac.String() {
		if err := h.LinkSetHardwareAddr(l, mac); err != nil {
			return fmt.Errorf("set MAC: %w", err)
		}
	}
	if l.Attrs().MTU != MTU {
		if err := h.LinkSetMTU(l, MTU); err != nil {
			return fmt.Errorf("set MTU: %w", err)
		}
	}
	return setBurst(h, l)
}

// setBurst lets TCP over IPv4 hand on more than 64 KiB at once. All links of a
// way need it: one without it cuts the packets. Kernels before 6.3 have no such
// attribute, and leave it at 0.
func setBurst(h *netlink.Handle, l netlink.Link) error {
	a := l.Attrs()
	size := min(burst, a.TSOMaxSize)
	if a.GSOIPv4MaxSize == 0 || a.GSOIPv4MaxSize >= size {
		return nil
	}
	if err := h.LinkSetGSOIPv4MaxSize(l, int(size)); err != nil {
		return fmt.Errorf("set size of bursts: %w", err)
	}
	return nil
}

// setAddrs makes want the addresses of l, which is up. What the kernel gives to lo stays.
// An IPv6 address is usable at once: nobody else can have it.
func setAddrs(h *netlink.Handle, l netlink.Link, want map[netip.Prefix]bool) error {
	have, err := pruneAddrs(h, l, want)
	if err != nil {
		return err
	}
	added := map[netip.Addr]*netlink.Addr{}
	for p := range want {
		if _, there := have[p]; there {
			continue
		}
		a := &netlink.Addr{IPNet: ipNet(p)}
		if p.Addr().Is6() {
			a.Flags = unix.IFA_F_NODAD | unix.IFA_F_NOPREFIXROUTE
			added[p.Addr()] = a
		}
		if err := h.AddrAdd(l, a); err != nil {
			return fmt.Errorf("add address %v to %s: %w", p, l.Attrs().Name, err)
		}
	}
	if len(added) == 0 {
		return nil
	}
	if err := awaitLocal(h, added); err != nil {
		for _, a := range added { // one that is there is usable: so will the next Set take it
			err = errors.Join(err, h.AddrDel(l, a))
		}
		return err
	}
	return nil
}

// pruneAddrs removes the addresses of l that want does not have, and returns
// those that are left. An IPv4 address takes the later ones of its subnet with
// it, whether they are wanted or not.
func pruneAddrs(h *netlink.Handle, l netlink.Link, want map[netip.Prefix]bool) (map[netip.Prefix]netlink.Addr, error) {
	have, err := listAddrs(h, l)
	if err != nil {
		return nil, err
	}
	removed := false
	for p, a := range have {
		if want[p] || l.Attrs().Name == "lo" && p.Addr().IsLoopback() {
			continue
		}
		if err := h.AddrDel(l, &a); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return nil, fmt.Errorf("remove address %v from %s: %w", p, l.Attrs().Name, err)
		}
		removed = true
	}
	if !removed {
		return have, nil
	}
	return listAddrs(h, l)
}

func listAddrs(h *netlink.Handle, l netlink.Link) (map[netip.Prefix]netlink.Addr, error) {
	addrs, err := Dump(func() ([]netlink.Addr, error) { return h.AddrList(l, unix.AF_UNSPEC) })
	if err != nil {
		return nil, fmt.Errorf("list addresses of %s: %w", l.Attrs().Name, err)
	}
	byPrefix := map[netip.Prefix]netlink.Addr{}
	for _, a := range addrs {
		byPrefix[prefix(a.IPNet)] = a
	}
	return byPrefix, nil
}

// awaitLocal waits until IPv6 addresses are in the local table, and leaves in
// addrs those that are not. A kernel answers that it has added one, and puts it
// there on its own time; without duplicate address detection too.
func awaitLocal(h *netlink.Handle, addrs map[netip.Addr]*netlink.Addr) error {
	local := &netlink.Route{Table: unix.RT_TABLE_LOCAL}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		routes, err := Dump(func() ([]netlink.Route, error) {
			return h.RouteListFiltered(unix.AF_INET6, local, netlink.RT_FILTER_TABLE)
		})
		if err != nil {
			return fmt.Errorf("list local routes: %w", err)
		}
		for _, r := range routes {
			if r.Type == unix.RTN_LOCAL && r.Dst != nil {
				delete(addrs, prefix(r.Dst).Addr())
			}
		}
		if len(addrs) == 0 {
			return nil
		}
		if time.Since(began) > kernelPatience {
			return fmt.Errorf("%d addresses are not in the local table", len(addrs))
		}
	}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func prefix(n *net.IPNet) netip.Prefix {
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}
