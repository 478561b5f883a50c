package dataplane

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
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
	return n.listenUDPAt(eni, netip.AddrPortFrom(at[eni], port))
}

func (n *network) listenUDPAt(eni string, a netip.AddrPort) *net.UDPConn {
	n.t.Helper()
	var u *net.UDPConn
	n.in(eni, func() (err error) {
		u, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
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

// send sends an IP packet as it is, from a raw socket of a workload.
func (n *network) send(eni string, packet []byte) {
	n.t.Helper()
	n.in(eni, func() error { return sendRaw(packet) })
}

func sendRaw(packet []byte) error {
	if packet[0]>>4 == 4 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: [4]byte(packet[16:20])})
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, packet, 0, &unix.SockaddrInet6{Addr: [16]byte(packet[24:40])})
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
		u, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
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
	network, source, echo, answer := "ip4:icmp", at[from], []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}, byte(0)
	if to.Is6() { // the kernel computes ICMPv6's checksum
		network, source, echo, answer = "ip6:ipv6-icmp", at6[from], []byte{128, 0, 0, 0, 0, 0, 0, 0}, 129
	}
	n.in(from, func() error {
		c, err := net.ListenPacket(network, source.String())
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.WriteTo(echo, &net.IPAddr{IP: to.AsSlice()}); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(within))
		b := make([]byte, 64)
		for !ok && err == nil {
			var k int
			k, _, err = c.ReadFrom(b)
			ok = err == nil && k >= 8 && b[0] == answer
		}
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
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
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

// datagram is an IP packet with UDP from port 40000.
func datagram(from, to netip.Addr, port uint16, text string) []byte {
	udp := binary.BigEndian.AppendUint16(nil, 40000)
	udp = binary.BigEndian.AppendUint16(udp, port)
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(text)))
	udp = append(binary.BigEndian.AppendUint16(udp, 0), text...) // no checksum
	if from.Is4() {
		ip := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, unix.IPPROTO_UDP, 0, 0}
		ip = slices.Concat(ip, from.AsSlice(), to.AsSlice())
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(udp)))
		return slices.Concat(ip, udp)
	}
	ip := slices.Concat([]byte{0x60, 0, 0, 0, 0, 0, unix.IPPROTO_UDP, 64}, from.AsSlice(), to.AsSlice())
	binary.BigEndian.PutUint16(ip[4:], uint16(len(udp)))
	binary.BigEndian.PutUint16(udp[6:], checksum(slices.Concat(ip[8:], []byte{0, 0}, ip[4:6], []byte{0, 0, 0, unix.IPPROTO_UDP}, udp)))
	return slices.Concat(ip, udp)
}

// checksum is the one's complement of the sum of all words.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i]) << 8
		if i+1 < len(b) {
			sum += uint32(b[i+1])
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
