package dataplane

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The rules of the network, with IPv6.

func anything6(egress bool) vpc.SecurityGroupRule {
	return vpc.SecurityGroupRule{Egress: egress, Protocol: vpc.ProtocolAll, CIDR: netip.MustParsePrefix("::/0")}
}

// newDualStack is newNetwork with addresses of both families.
func newDualStack(t *testing.T, enis ...string) *network {
	t.Helper()
	n := newNetwork(t, enis...)
	n.ipv6 = true
	return n
}

// The address is usable when Set returns, without duplicate address detection
// and without asking for neighbours.
func TestIPv6IsUsableAtOnce(t *testing.T) {
	n := newDualStack(t, client, server, door)
	n.may(client, anything6(true))
	n.may(server, anything6(false))
	n.may(door, anything6(false))
	n.set()
	n.echo(server, 80)
	n.echo(door, 443)
	n.reaches(client, netip.AddrPortFrom(at6[server], 80))
	n.reaches(client, netip.AddrPortFrom(at6[door], 443))
	for _, path := range []string{n.host.Netns(client), n.host.Netns(server), n.host.path(vpcID)} {
		for _, x := range n.neighbours6(path) {
			if x.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) == 0 {
				t.Errorf("somebody had to ask for %v", x.IP)
			}
		}
	}
	if !n.pings(client, at6[server], patience) {
		t.Error("a workload whose rules allow it does not answer ping")
	}
}

// neighbours6 are the IPv6 neighbours that the namespace at path knows or has
// asked for.
func (n *network) neighbours6(path string) []netlink.Neigh {
	n.t.Helper()
	h, err := link.Open(path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	list, err := h.NeighList(0, unix.AF_INET6)
	if err != nil {
		n.t.Fatal(err)
	}
	return list
}

func TestIPv6NeedsItsOwnRules(t *testing.T) {
	n := newDualStack(t, client, server, door)
	for _, id := range []string{client, server, door} { // IPv4 may
		n.may(id, anything(true))
		n.may(id, anything(false))
	}
	n.set()
	n.echo(server, 80)
	n.echo(door, 443)
	n.passes(client, server, 80)
	n.isSilent(client, at6[server], 80) // the sender's group
	n.isSilent(client, at6[door], 443)
	n.may(client, anything6(true))
	n.set()
	n.isSilent(client, at6[server], 80) // the receiver's
	n.isSilent(client, at6[door], 443)
	n.may(server, anything6(false))
	n.may(door, anything6(false))
	n.set()
	n.reaches(client, netip.AddrPortFrom(at6[server], 80))
	n.reaches(client, netip.AddrPortFrom(at6[door], 443))
}

func TestUnknownIPv6SourceIsDropped(t *testing.T) {
	n := newDualStack(t, client, other, server)
	for _, id := range []string{client, other} {
		n.may(id, anything6(true))
	}
	n.may(server, anything6(false))
	n.set()
	to := at6[server]
	got := n.listenUDPAt(server, netip.AddrPortFrom(to, 53000))
	n.send(client, datagram(at6[client], to, 53000, "own"))
	n.establish(got, "own")
	for name, from := range map[string]string{
		"its neighbour's":    at6[other].String(),
		"nobody's":           "2001:db8:ffff::1",
		"a link-local one":   "fe80::5",
		"the router's":       link.RouterIPv6.String(),
		"the receiver's own": to.String(),
	} {
		n.send(client, datagram(netip.MustParseAddr(from), to, 53000, "forged"))
		if text := n.receive(got, silence); text != "" {
			t.Errorf("%s address as the source passes: %q", name, text)
		}
	}
	n.send(other, datagram(at6[client], to, 53000, "forged")) // into the connection that is there
	if text := n.receive(got, silence); text != "" {
		t.Errorf("a neighbour writes into the connection: %q", text)
	}
}

func TestIPv6WithoutRouteIsSilent(t *testing.T) {
	n := newDualStack(t, client, server)
	n.may(client, anything6(true))
	n.may(server, anything6(false))
	n.set()
	for _, to := range []string{"2001:db8:0:1::77", "2001:db8:ffff::1", "2600::1"} {
		n.isSilent(client, netip.MustParseAddr(to), 443)
	}
	n.in(client, func() error { // nor is there a word when a packet expires on the way
		u, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(at6[server], 33434)))
		if err != nil {
			return err
		}
		defer u.Close()
		icmp, err := net.ListenPacket("ip6:ipv6-icmp", at6[client].String())
		if err != nil {
			return err
		}
		defer icmp.Close()
		raw, err := u.SyscallConn()
		if err != nil {
			return err
		}
		raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, 1) })
		if err != nil {
			return err
		}
		u.Write([]byte("x"))
		icmp.SetReadDeadline(time.Now().Add(silence))
		b := make([]byte, 64)
		if _, from, err := icmp.ReadFrom(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("an expired packet is answered by %v with ICMPv6 type %d, %v", from, b[0], err)
		}
		return nil
	})
}

func TestIPv6EndpointDoesNotAnswerPing(t *testing.T) {
	n := newDualStack(t, client, door)
	n.may(client, anything6(true))
	n.may(door, anything6(false)) // not for want of a rule
	n.set()
	if n.pings(client, at6[door], silence) {
		t.Error("an endpoint answers ping")
	}
	if n.pings(client, netip.MustParseAddr("2001:db8::1"), silence) {
		t.Error("nobody answers ping")
	}
}

func TestIPv6MTU(t *testing.T) {
	n := newDualStack(t, client, server)
	n.may(client, anything6(true))
	n.may(server, anything6(false))
	n.set()
	got := n.listenUDPAt(server, netip.AddrPortFrom(at6[server], 53000))
	text := strings.Repeat("x", link.MTU-48)
	n.send(client, datagram(at6[client], at6[server], 53000, text))
	if n.receive(got, patience) != text {
		t.Error("a packet of 8500 bytes does not pass")
	}
}

// addresses are those of a workload's eth0.
func (n *network) addresses(eni string) (all []string) {
	n.t.Helper()
	n.in(eni, func() error {
		eth0, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		addrs, err := eth0.Addrs()
		for _, a := range addrs {
			all = append(all, a.String())
		}
		return err
	})
	return all
}

// A workload has the addresses of its ENI and no other, in every change from
// one kind of ENI to another.
func TestFamiliesOfAWorkload(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(client, anything6(true))
	n.may(server, anything(false))
	n.may(server, anything6(false))
	const ipv4, ipv6 = "10.0.1.5/24", "2001:db8:0:1::5/128"
	for i, row := range []struct {
		ipv4, ipv6 bool
		want       string
	}{
		{true, false, ipv4},
		{true, true, ipv4 + " " + ipv6},
		{false, true, ipv6},
		{true, false, ipv4},
		{false, true, ipv6},
		{true, true, ipv4 + " " + ipv6},
	} {
		n.ipv4, n.ipv6 = row.ipv4, row.ipv6
		n.set()
		if got := strings.Join(n.addresses(client), " "); got != row.want {
			t.Fatalf("step %d: addresses %s, want %s", i, got, row.want)
		}
		port := uint16(80 + i)
		n.echo(server, port)
		for a, want := range map[netip.Addr]bool{at[server]: row.ipv4, at6[server]: row.ipv6} {
			c, err := n.dial(client, netip.AddrPortFrom(a, port), silence)
			if (err == nil) != want {
				t.Errorf("step %d: to %v: %v", i, a, err)
			}
			if c != nil {
				c.Close()
			}
		}
	}
}

// Connections end with an IPv6 address as with any.
func TestConnectionsEndWithTheIPv6Address(t *testing.T) {
	n := newDualStack(t, client, server)
	n.may(client, anything6(true))
	n.may(server, anything6(false))
	n.set()
	got := n.listenUDPAt(server, netip.AddrPortFrom(at6[server], 53000))
	n.send(client, datagram(at6[client], at6[server], 53000, "first"))
	n.establish(got, "first")
	v := n.plan() // the server's address goes to far, whose group lets nothing in
	v.Links[1].ENI, v.Filter.ENIs[1].ID = far, far
	v.Filter.ENIs[1].Groups = nil
	if err := n.host.Set(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	if live := n.connections(); live != 0 {
		t.Errorf("%d connections live on", live)
	}
	got = n.listenUDPAt(far, netip.AddrPortFrom(at6[server], 53000))
	n.send(client, datagram(at6[client], at6[server], 53000, "second"))
	if text := n.receive(got, silence); text != "" {
		t.Errorf("the connection reached the new owner: %q", text)
	}
}

// Drops and conversations of IPv6 are counted like those of IPv4.
func TestFlowsOfIPv6(t *testing.T) {
	n := newDualStack(t, client, server)
	n.may(client, anything6(true))
	n.set()
	s := n.flows()
	want := vpc.Tuple{Protocol: vpc.ProtocolUDP, Src: netip.AddrPortFrom(at6[client], 40000), Dst: netip.AddrPortFrom(at6[server], 53000)}
	n.send(client, datagram(at6[client], at6[server], 53000, "hello"))
	passed, dropped := collect(t, s)
	if len(passed) != 0 || len(dropped) != 1 || dropped[0].ENI != server || dropped[0].Tuple != want || dropped[0].Bytes != 53 {
		t.Errorf("passed %+v, dropped %+v", passed, dropped)
	}
	n.may(server, anything6(false))
	n.set()
	got := n.listenUDPAt(server, want.Dst)
	n.send(client, datagram(at6[client], at6[server], 53000, "hello"))
	n.receive(got, patience)
	passed, dropped = collect(t, s)
	if len(passed) != 1 || len(dropped) != 0 || passed[0].Tuple != want || passed[0].Bytes[vpc.Original] != 53 {
		t.Errorf("passed %+v, dropped %+v", passed, dropped)
	}
}
