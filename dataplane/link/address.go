package link

import (
	"fmt"
	"net"
	"net/netip"

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
	if err := removeAddrs(h, lo, want); err != nil {
		return err
	}
	for _, a := range addrs {
		p := netip.PrefixFrom(a, a.BitLen())
		if !want[p] {
			continue // was there
		}
		delete(want, p)
		if err := h.AddrAdd(lo, &netlink.Addr{IPNet: ipNet(p)}); err != nil {
			return fmt.Errorf("add address %v: %w", a, err)
		}
	}
	if err := h.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}

// setWorkload gives eth0 the ENI's address and nothing else. What a workload
// does with other links and routes in its namespace is its own business.
func setWorkload(w *netlink.Handle, eth0 netlink.Link, l Link, mac net.HardwareAddr) error {
	a := eth0.Attrs()
	if a.HardwareAddr.String() != mac.String() {
		if err := w.LinkSetHardwareAddr(eth0, mac); err != nil {
			return fmt.Errorf("set MAC: %w", err)
		}
	}
	if a.MTU != MTU {
		if err := w.LinkSetMTU(eth0, MTU); err != nil {
			return fmt.Errorf("set MTU: %w", err)
		}
	}
	p := netip.PrefixFrom(l.Address, l.Subnet.Bits())
	want := map[netip.Prefix]bool{p: true}
	if err := removeAddrs(w, eth0, want); err != nil {
		return err
	}
	if want[p] {
		if err := w.AddrAdd(eth0, &netlink.Addr{IPNet: ipNet(p)}); err != nil {
			return fmt.Errorf("add address %v: %w", p, err)
		}
	}
	lo, err := w.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	for _, l := range []netlink.Link{lo, eth0} {
		if err := w.LinkSetUp(l); err != nil {
			return fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
		}
	}
	route := &netlink.Route{LinkIndex: a.Index, Gw: l.Gateway.AsSlice(), Dst: ipNet(netip.PrefixFrom(netip.IPv4Unspecified(), 0))}
	if err := w.RouteReplace(route); err != nil {
		return fmt.Errorf("set default route via %v: %w", l.Gateway, err)
	}
	return nil
}

// removeAddrs removes the addresses of l that are not in want, and from want
// those that l has. What the kernel gives to lo stays.
func removeAddrs(h *netlink.Handle, l netlink.Link, want map[netip.Prefix]bool) error {
	addrs, err := Dump(func() ([]netlink.Addr, error) { return h.AddrList(l, unix.AF_UNSPEC) })
	if err != nil {
		return fmt.Errorf("list addresses of %s: %w", l.Attrs().Name, err)
	}
	for _, a := range addrs {
		p := prefix(a.IPNet)
		loopback := l.Attrs().Name == "lo" && p.Addr().IsLoopback()
		if want[p] || loopback || p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
			delete(want, p)
			continue
		}
		if err := h.AddrDel(l, &a); err != nil {
			return fmt.Errorf("remove address %v from %s: %w", p, l.Attrs().Name, err)
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func prefix(n *net.IPNet) netip.Prefix {
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}
