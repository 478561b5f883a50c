package dataplane

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/ti-mo/conntrack"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// at runs f in the VPC's namespace.
func (n *network) at(f func() error) {
	n.t.Helper()
	if err := netns.Do(n.host.path(vpcID), f); err != nil {
		n.t.Fatal(err)
	}
}

// trustAddresses turns off the kernel's own check of sources, so that what
// the tests see is the filter's.
func (n *network) trustAddresses() {
	n.t.Helper()
	all := []netns.Sysctl{{Name: "net/ipv4/conf/all/rp_filter", Value: "0"}}
	for _, eni := range n.enis {
		if eni != door {
			all = append(all, netns.Sysctl{Name: "net/ipv4/conf/" + link.Name(eni) + "/rp_filter", Value: "0"})
		}
	}
	n.at(func() error { return netns.SetSysctls(all) })
}

func (n *network) listenUDP(eni string, port uint16) *net.UDPConn {
	n.t.Helper()
	var u *net.UDPConn
	n.in(eni, func() (err error) {
		u, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at[eni], port)))
		return err
	})
	n.t.Cleanup(func() { u.Close() })
	return u
}

// receive returns the next datagram, "" if none comes.
func (n *network) receive(u *net.UDPConn, within time.Duration) string {
	b := make([]byte, 9000)
	u.SetReadDeadline(time.Now().Add(within))
	k, err := u.Read(b)
	if err != nil {
		return ""
	}
	return string(b[:k])
}

// establish expects a datagram and answers it: only then is its connection
// established.
func (n *network) establish(u *net.UDPConn, text string) {
	n.t.Helper()
	b := make([]byte, 9000)
	u.SetReadDeadline(time.Now().Add(patience))
	k, from, err := u.ReadFromUDPAddrPort(b)
	if err != nil || string(b[:k]) != text {
		n.t.Fatalf("received %q, %v", b[:k], err)
	}
	if _, err := u.WriteToUDPAddrPort(b[:k], from); err != nil {
		n.t.Fatal(err)
	}
}

// send sends an IPv4 packet as it is, from a raw socket of a workload.
func (n *network) send(eni string, packet []byte) {
	n.t.Helper()
	n.in(eni, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: [4]byte(packet[16:20])})
	})
}

// dnsAt serves echoes on a local address of the VPC.
func (n *network) dnsAt(a netip.Addr, port uint16) {
	n.t.Helper()
	l, err := n.host.Listen(vpcID, netip.AddrPortFrom(a, port))
	if err != nil {
		n.t.Fatal(err)
	}
	u, err := n.host.ListenPacket(vpcID, netip.AddrPortFrom(a, port))
	if err != nil {
		n.t.Fatal(err)
	}
	n.serve(l, u)
}

// answers reports whether a UDP echo comes back.
func (n *network) answers(from string, to netip.AddrPort, within time.Duration) (ok bool) {
	n.t.Helper()
	n.in(from, func() error {
		u, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
		if err != nil {
			return err
		}
		defer u.Close()
		if _, err := u.Write([]byte("query")); err != nil {
			return nil
		}
		u.SetReadDeadline(time.Now().Add(within))
		_, err = u.Read(make([]byte, 16))
		ok = err == nil
		return nil
	})
	return ok
}

// pings reports whether an ICMP echo comes back.
func (n *network) pings(from string, to netip.Addr, within time.Duration) (ok bool) {
	n.t.Helper()
	n.in(from, func() error {
		c, err := net.ListenPacket("ip4:icmp", at[from].String())
		if err != nil {
			return err
		}
		defer c.Close()
		echo := []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}
		if _, err := c.WriteTo(echo, &net.IPAddr{IP: to.AsSlice()}); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(within))
		b := make([]byte, 64)
		k, _, err := c.ReadFrom(b)
		ok = err == nil && k >= 8 && b[0] == 0
		return nil
	})
	return ok
}

// connections counts what is tracked in the VPC.
func (n *network) connections() int {
	n.t.Helper()
	var live []conntrack.Flow
	n.at(func() error {
		c, err := conntrack.Dial(nil)
		if err != nil {
			return err
		}
		defer c.Close()
		live, err = c.Dump(nil)
		return err
	})
	return len(live)
}

// resolveARP makes a workload ask for a neighbour and returns the MAC that it
// learns, "" if none.
func (n *network) resolveARP(eni string, a netip.Addr) string {
	n.t.Helper()
	h, err := link.Open(n.host.Netns(eni))
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	n.in(eni, func() error {
		u, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 9)))
		if err != nil {
			return err
		}
		defer u.Close()
		u.Write([]byte("x"))
		return nil
	})
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); {
		list, err := h.NeighList(0, unix.AF_INET)
		if err != nil {
			n.t.Fatal(err)
		}
		for _, x := range list {
			if !x.IP.Equal(a.AsSlice()) {
				continue
			}
			if x.State&netlink.NUD_FAILED != 0 {
				return ""
			}
			if len(x.HardwareAddr) > 0 {
				return x.HardwareAddr.String()
			}
		}
	}
	return ""
}

func (n *network) linkMAC(name string) string {
	n.t.Helper()
	h, err := link.Open(n.host.path(vpcID))
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	l, err := h.LinkByName(name)
	if err != nil {
		n.t.Fatal(err)
	}
	return l.Attrs().HardwareAddr.String()
}

// restart replaces the host by a new one that knows nothing.
func (n *network) restart() {
	n.t.Helper()
	h, err := NewHost(Config{Dir: n.host.dir, Log: n.host.log})
	if err := errors.Join(err, n.host.Close()); err != nil {
		n.t.Fatal(err)
	}
	n.host = h
}
