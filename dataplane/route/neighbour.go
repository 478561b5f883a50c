package route

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"

	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setNeighbours tells the kernel the MAC address of every workload for good:
// no packet waits for ARP.
func setNeighbours(h *netlink.Handle, links []link.Link, index map[string]int) error {
	type place struct {
		index int
		addr  netip.Addr
	}
	want := map[place]net.HardwareAddr{}
	for _, l := range links {
		mac, err := net.ParseMAC(l.MAC)
		if err != nil {
			return fmt.Errorf("neighbour %v: %w", l.Address, err)
		}
		want[place{index[link.Name(l.ENI)], l.Address}] = mac
	}
	seen, err := link.Dump(func() ([]netlink.Neigh, error) { return h.NeighList(0, unix.AF_INET) })
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	for _, n := range seen {
		a, _ := netip.AddrFromSlice(n.IP.To4())
		p := place{n.LinkIndex, a}
		if n.State&netlink.NUD_PERMANENT == 0 {
			continue
		}
		if bytes.Equal(want[p], n.HardwareAddr) && len(n.HardwareAddr) > 0 {
			delete(want, p)
			continue
		}
		if err := h.NeighDel(&n); err != nil {
			return fmt.Errorf("remove neighbour %v: %w", a, err)
		}
	}
	for p, mac := range want {
		n := &netlink.Neigh{LinkIndex: p.index, Family: unix.AF_INET, State: netlink.NUD_PERMANENT, IP: p.addr.AsSlice(), HardwareAddr: mac}
		if err := h.NeighSet(n); err != nil {
			return fmt.Errorf("set neighbour %v: %w", p.addr, err)
		}
	}
	return nil
}
