package route

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// place is where a neighbour is: behind a link, by its index.
type place struct {
	index int
	addr  netip.Addr
}

// neighboursOf are the fixed neighbours of a VPC: every workload, and the next
// hop on every peer link. A MAC address that does not parse is empty.
func neighboursOf(vpc string, links []link.Link, peers []link.Peer, index map[string]int) map[place]net.HardwareAddr {
	want := map[place]net.HardwareAddr{}
	for _, l := range links {
		mac, _ := net.ParseMAC(l.MAC)
		for _, a := range []netip.Addr{l.Address, l.IPv6} {
			if a.IsValid() {
				want[place{index[link.Name(l.ENI)], a}] = mac
			}
		}
	}
	for _, p := range peers {
		consumer, provider := link.PeerMACs(p.Consumer, p.Provider)
		other := provider
		if p.Provider == vpc {
			other = consumer
		}
		for _, a := range []netip.Addr{link.PeerHop, link.PeerHopIPv6} {
			want[place{index[link.PeerName(p.Consumer, p.Provider)], a}] = other
		}
	}
	return want
}

// setNeighbours tells the kernel the MAC address of every neighbour for good:
// no packet waits for ARP or for neighbour discovery.
func setNeighbours(h *netlink.Handle, families []int, want map[place]net.HardwareAddr) error {
	for _, family := range families {
		seen, err := link.Dump(func() ([]netlink.Neigh, error) { return h.NeighList(0, family) })
		if err != nil {
			return fmt.Errorf("list neighbours: %w", err)
		}
		for _, n := range seen {
			if n.State&netlink.NUD_PERMANENT == 0 || n.Family != family {
				continue
			}
			a, _ := netip.AddrFromSlice(n.IP)
			p := place{n.LinkIndex, a.Unmap()}
			if bytes.Equal(want[p], n.HardwareAddr) && len(n.HardwareAddr) > 0 {
				delete(want, p)
				continue
			}
			if err := h.NeighDel(&n); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENODEV) {
				return fmt.Errorf("remove neighbour %v: %w", p.addr, err)
			}
		}
	}
	for p, mac := range want {
		family := unix.AF_INET
		if p.addr.Is6() {
			family = unix.AF_INET6
		}
		n := &netlink.Neigh{LinkIndex: p.index, Family: family, State: netlink.NUD_PERMANENT, IP: p.addr.AsSlice(), HardwareAddr: mac}
		if err := h.NeighSet(n); err != nil {
			return fmt.Errorf("set neighbour %v: %w", p.addr, err)
		}
	}
	return nil
}
