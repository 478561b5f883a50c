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
	"golang.org/x/sys/unix"
)

// The rules of the network. Each test shows the packet that passes and the
// one that must not.

func TestNoRuleNoPacket(t *testing.T) {
	n := newNetwork(t, client, server)
	n.set()
	n.echo(server, 80)
	n.isSilent(client, at[server], 80)
	n.may(client, anything(true))
	n.may(server, tcpFrom("10.0.1.0/24", 80))
	n.set()
	n.passes(client, server, 80)
}

func TestEgressOfSenderIsItsOwnGate(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(server, anything(false)) // the receiver would take it
	n.set()
	n.echo(server, 80)
	n.isSilent(client, at[server], 80)
	n.may(client, anything(true))
	n.set()
	n.passes(client, server, 80)
}

func TestIngressOfReceiverIsItsOwnGate(t *testing.T) {
	n := newNetwork(t, client, server, far)
	n.may(client, anything(true)) // the sender may send it
	n.set()
	n.echo(server, 80)
	n.echo(far, 80)
	n.isSilent(client, at[server], 80) // in the same subnet too
	n.isSilent(client, at[far], 80)
	n.may(server, tcpFrom("10.0.1.5/32", 80))
	n.may(far, tcpFrom("10.0.1.5/32", 80))
	n.set()
	n.passes(client, server, 80)
	n.passes(client, far, 80)
}

func TestIngressOfEndpointIsItsOwnGate(t *testing.T) {
	n := newNetwork(t, client, door)
	n.may(client, anything(true))
	n.set()
	n.echo(door, 443)
	n.isSilent(client, at[door], 443)
	n.may(door, vpc.SecurityGroupRule{Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: group(client)})
	n.set()
	n.passes(client, door, 443)
	n.isSilent(client, at[door], 80)
}

func TestPortsOutsideTheRangeAreDropped(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, vpc.SecurityGroupRule{Protocol: vpc.ProtocolTCP, FromPort: 8000, ToPort: 8001, CIDR: subnetA})
	n.set()
	for port := uint16(7999); port <= 8002; port++ {
		n.echo(server, port)
	}
	n.isSilent(client, at[server], 7999)
	n.passes(client, server, 8000)
	n.passes(client, server, 8001)
	n.isSilent(client, at[server], 8002)
}

// The server has no rule for egress, the client none for ingress.
func TestReplyPassesByState(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.may(door, anything(false))
	n.set()
	n.echo(server, 80)
	n.echo(door, 443)
	n.passes(client, server, 80)
	n.passes(client, door, 443)
	n.isSilent(server, at[client], 80)
}

func TestUnknownSourceAddressIsDropped(t *testing.T) {
	n := newNetwork(t, client, other, server)
	for _, id := range []string{client, other} {
		n.may(id, anything(true))
	}
	n.may(server, anything(false))
	n.set()
	n.trustAddresses()
	got := n.listenUDP(server, 53000)
	n.send(client, datagram(at[client], at[server], 53000, "own"))
	if text := n.receive(got, patience); text != "own" {
		t.Fatalf("own address: %q", text)
	}
	n.send(client, datagram(at[other], at[server], 53000, "neighbour's"))
	n.send(client, datagram(netip.MustParseAddr("192.0.2.1"), at[server], 53000, "nobody's"))
	if text := n.receive(got, silence); text != "" {
		t.Fatalf("a forged source address passes: %q", text)
	}
}

// A workload that knows the ports of its neighbour's connection must not be
// able to write into it: the source is checked before the state.
func TestNobodyWritesIntoForeignConnections(t *testing.T) {
	n := newNetwork(t, client, other, server)
	for _, id := range []string{client, other} {
		n.may(id, anything(true))
	}
	n.may(server, anything(false))
	n.set()
	n.trustAddresses()
	got := n.listenUDP(server, 53000)
	n.send(client, datagram(at[client], at[server], 53000, "first")) // from port 40000, as all of them
	n.establish(got, "first")
	n.send(other, datagram(at[client], at[server], 53000, "forged"))
	if text := n.receive(got, silence); text != "" {
		t.Fatalf("a neighbour writes into the connection: %q", text)
	}
}

func TestGroupReferenceFollowsMembership(t *testing.T) {
	n := newNetwork(t, client, other, server)
	for _, id := range []string{client, other} {
		n.may(id, anything(true))
	}
	n.may(server, vpc.SecurityGroupRule{Protocol: vpc.ProtocolTCP, FromPort: 80, ToPort: 80, Group: group(client)})
	n.set()
	n.echo(server, 80)
	n.passes(client, server, 80)
	n.isSilent(other, at[server], 80)

	v := n.plan() // the other joins the group, the first one leaves it
	v.Filter.ENIs[1].Groups = []string{group(other), group(client)}
	v.Filter.ENIs[0].Groups = []string{group(other)}
	if err := n.host.Set(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	n.passes(other, server, 80)
	n.isSilent(client, at[server], 80)
}

func TestRuleRemovalKeepsEstablished(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.may(client, anything(true))
	rule, doorRule := n.may(server, anything(false)), n.may(door, anything(false))
	n.set()
	n.echo(server, 80)
	n.echo(door, 443)
	c, d := n.passes(client, server, 80), n.passes(client, door, 443)
	n.mayNot(server, rule)
	n.mayNot(door, doorRule)
	n.set()
	n.isSilent(client, at[server], 80)
	n.isSilent(client, at[door], 443)
	n.talks(c)
	n.talks(d)
}

// A new owner of an address does not inherit the connections of the old one.
func TestConnectionsEndWithTheAddress(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		n := newNetwork(t, client, server)
		n.may(client, anything(true))
		n.may(server, anything(false))
		n.set()
		got := n.listenUDP(server, 53000)
		n.send(client, datagram(at[client], at[server], 53000, "first"))
		n.establish(got, "first")
		if restarted {
			n.restart()
		}
		v := n.plan() // the server's address goes to far, whose group lets nothing in
		v.Links[1].ENI, v.Filter.ENIs[1].ID = far, far
		v.Filter.ENIs[1].Groups = nil
		if err := n.host.Set(context.Background(), v); err != nil {
			t.Fatal(err)
		}
		old := at[far]
		at[far] = at[server]
		got = n.listenUDP(far, 53000)
		at[far] = old
		n.send(client, datagram(at[client], at[server], 53000, "second"))
		if text := n.receive(got, silence); text != "" {
			t.Errorf("restarted %v: the connection reached the new owner: %q", restarted, text)
		}
	}
}

// DNS needs no rule of a security group; nothing else reaches the resolver.
func TestResolverIsExempt(t *testing.T) {
	n := newNetwork(t, client)
	n.set()
	for _, a := range []netip.Addr{resolver, vpc.LinkLocalResolver} {
		n.dnsAt(a, 53)
		n.dnsAt(a, 54)
		c, err := n.dial(client, netip.AddrPortFrom(a, 53), patience)
		if err != nil {
			t.Fatalf("DNS over TCP to %v: %v", a, err)
		}
		n.talks(c)
		c.Close()
		if !n.answers(client, netip.AddrPortFrom(a, 53), patience) {
			t.Errorf("no DNS over UDP from %v", a)
		}
	}
	n.may(client, anything(true)) // the sender may, the resolver still does not
	n.set()
	n.isSilent(client, resolver, 54)
	if n.answers(client, netip.AddrPortFrom(resolver, 54), silence) {
		t.Error("the resolver's address answers on another port")
	}
	if live := n.connections(); live != 0 {
		t.Errorf("DNS is tracked: %d connections", live)
	}
}

func TestGatewayOnlyAnswersARP(t *testing.T) {
	n := newNetwork(t, client)
	n.may(client, anything(true))
	n.set()
	n.dnsAt(gatewayA, 53)
	n.isSilent(client, gatewayA, 53)
	if n.answers(client, netip.AddrPortFrom(gatewayA, 53), silence) || n.pings(client, gatewayA, silence) {
		t.Error("the gateway answers")
	}
}

func TestEndpointDoesNotAnswerPing(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.may(door, anything(false)) // not for want of a rule
	n.set()
	if !n.pings(client, at[server], patience) {
		t.Error("a workload whose rules allow it does not answer")
	}
	if n.pings(client, at[door], silence) {
		t.Error("an endpoint answers ping")
	}
}

// An ICMP type is a rule of its own.
func TestPingNeedsItsRule(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, vpc.SecurityGroupRule{Protocol: vpc.ProtocolICMP, FromPort: 3, ToPort: -1, CIDR: subnetA})
	n.set()
	if n.pings(client, at[server], silence) {
		t.Error("type 8 passes under the rule for type 3")
	}
	n.may(server, vpc.SecurityGroupRule{Protocol: vpc.ProtocolICMP, FromPort: 8, ToPort: -1, CIDR: subnetA})
	n.set()
	if !n.pings(client, at[server], patience) {
		t.Error("type 8 does not pass under its rule")
	}
}

// Behind an endpoint nobody begins a connection, whatever its groups say.
func TestEndpointNeverCalls(t *testing.T) {
	n := newNetwork(t, client, door)
	n.may(client, anything(true))
	n.may(client, anything(false))
	n.may(door, anything(true))
	n.may(door, anything(false))
	n.set()
	n.echo(client, 80)
	n.at(func() error {
		d := net.Dialer{Timeout: silence, LocalAddr: &net.TCPAddr{IP: at[door].AsSlice()}}
		if c, err := d.Dial("tcp4", netip.AddrPortFrom(at[client], 80).String()); err == nil {
			c.Close()
			t.Error("a connection from the endpoint's address passes")
		}
		return nil
	})
}

// What has no route vanishes: no ICMP, no reset. In the own subnet nobody
// answers ARP for it.
func TestNoRouteIsSilent(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	for _, to := range []string{"198.18.1.1", "192.0.2.1", "10.0.2.77", "10.7.7.7"} {
		n.isSilent(client, netip.MustParseAddr(to), 443)
	}
	if mac := n.resolveARP(client, netip.MustParseAddr("10.0.1.77")); mac != "" {
		t.Errorf("%s answers for an address that nobody has", mac)
	}
}

// A router that is not there cannot be found by traceroute, not even along an
// established connection.
func TestExpiredTTLIsSilent(t *testing.T) {
	n := newNetwork(t, client, far)
	n.may(client, anything(true))
	n.may(far, anything(false))
	n.set()
	n.echo(far, 33434)
	n.in(client, func() error {
		u, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(at[far], 33434)))
		if err != nil {
			return err
		}
		defer u.Close()
		u.SetDeadline(time.Now().Add(patience))
		if _, err := u.Write([]byte("x")); err != nil {
			return err
		}
		if _, err := u.Read(make([]byte, 1)); err != nil {
			return err
		}
		raw, err := u.SyscallConn()
		if err != nil {
			return err
		}
		raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, 1) })
		if err != nil {
			return err
		}
		icmp, err := net.ListenPacket("ip4:icmp", at[client].String())
		if err != nil {
			return err
		}
		defer icmp.Close()
		u.Write([]byte("x"))
		icmp.SetReadDeadline(time.Now().Add(silence))
		if _, from, err := icmp.ReadFrom(make([]byte, 64)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("an expired packet is answered by %v, %v", from, err)
		}
		return nil
	})
}

// Neighbours in a subnet see each other's traffic only through the VPC.
func TestNeighboursAreBehindTheRouter(t *testing.T) {
	n := newNetwork(t, client, server)
	n.set()
	mac := n.resolveARP(client, at[server])
	if mac == "" {
		t.Fatal("nobody answers ARP for the neighbour")
	}
	if router := n.linkMAC(link.Name(client)); mac != router {
		t.Errorf("the neighbour is at %s, want the router's %s", mac, router)
	}
}

// Packets as large as an endpoint's MTU pass in one piece.
func TestMTU(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	got := n.listenUDP(server, 53000)
	text := strings.Repeat("x", link.MTU-28)
	n.send(client, datagram(at[client], at[server], 53000, text))
	if n.receive(got, patience) != text {
		t.Error("a packet of 8500 bytes does not pass")
	}
}

func TestWorkloadHasNoIPv6(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	n.in(client, func() error {
		addrs, err := net.InterfaceAddrs()
		for _, a := range addrs {
			if p := a.String(); strings.Contains(p, ":") && !strings.HasPrefix(p, "::1/") {
				t.Errorf("the workload has the address %s", p)
			}
		}
		return err
	})
}
