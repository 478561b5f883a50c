package dataplane

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// tracked does something with the connections of a VPC.
func (p *pair) tracked(id string, do func(*conntrack.Conn, conntrack.Flow) error) {
	p.t.Helper()
	err := netns.Do(p.host.path(id), func() error {
		c, err := conntrack.Dial(nil)
		if err != nil {
			return err
		}
		defer c.Close()
		all, err := c.Dump(nil)
		for _, f := range all {
			err = errors.Join(err, do(c, f))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// expire makes a VPC forget its connections, as their idle timeouts do.
func (p *pair) expire(id string) {
	p.t.Helper()
	p.tracked(id, func(c *conntrack.Conn, f conntrack.Flow) error {
		return c.Delete(conntrack.Flow{ID: f.ID, TupleOrig: f.TupleOrig, TupleReply: f.TupleReply, Zone: f.Zone})
	})
}

// What is sent on a connection that was silent too long is answered with RST,
// whichever of the two VPCs has forgotten it.
func TestExpiredConnectionIsReset(t *testing.T) {
	for _, forgotten := range []string{consumerID, providerID} {
		p := newPair(t)
		p.set()
		p.target(targetID, targetAt, 8443)
		p.listen(p.host.path(consumerID), doorAt, 444)
		for i := range doorAt {
			conns := []net.Conn{p.reaches("tcp", client, doorAt[i], 443, nodeAt[i]), p.reaches("tcp", doubleID, nodeAt[i], 443, nodeAt[i])}
			if forgotten == consumerID { // the endpoint's own port, and no load balancer in this VPC
				conns[1] = p.reaches("tcp", client, doorAt[i], 444, clientAt[i])
			}
			p.expire(forgotten)
			for k, c := range conns {
				c.Write([]byte("late"))
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
					t.Errorf("%s has forgotten connection %d to %v: %v, want a reset", forgotten, k, c.RemoteAddr(), err)
				}
			}
		}
	}
}

// The answer is only for those whom the groups let in.
func TestExpiredConnectionIsNotAnsweredPastTheGroups(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	c := p.reaches("tcp", client, doorAt[0], 443, nodeAt[0])
	p.c.Filter.Groups[1].Rules = nil
	p.set()
	p.expire(consumerID)
	c.SetDeadline(time.Now().Add(silence))
	c.Write([]byte("late"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a packet that the groups forbid is answered: %v", err)
	}
}

// A target that speaks on a forgotten connection is told so too.
func TestExpiredConnectionIsResetForTheTarget(t *testing.T) {
	p := newPair(t)
	p.set()
	var l net.Listener
	p.in(targetID, func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(targetAt[0], 8443).String())
		return err
	})
	defer l.Close()
	var c net.Conn
	p.in(client, func() (err error) {
		c, err = net.DialTimeout("tcp", netip.AddrPortFrom(doorAt[0], 443).String(), patience)
		return err
	})
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.expire(providerID)
	s.SetDeadline(time.Now().Add(patience))
	s.Write([]byte("late"))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("%v, want a reset", err)
	}
}

func TestIdleTimeouts(t *testing.T) {
	p := newPair(t)
	for i := range p.p.Filter.Frontends {
		p.p.Filter.Frontends[i].Idle = 100 * time.Second
	}
	p.set()
	p.target(targetID, targetAt, 8443)
	p.listen(p.host.path(consumerID), doorAt, 444)
	p.target(doubleID, clientAt, 80)
	for i := range doorAt {
		for _, network := range protocols {
			p.reaches(network, client, doorAt[i], 443, nodeAt[i])
			p.reaches(network, client, doorAt[i], 444, clientAt[i])
		}
		p.reaches("tcp", targetID, clientAt[i], 80, targetAt[i])
	}
	most := map[string]map[uint8]uint32{ // seconds that are left, by the port that was asked for
		consumerID: {vpc.ProtocolTCP: 350, vpc.ProtocolUDP: 120},
		providerID: {vpc.ProtocolTCP: 100, vpc.ProtocolUDP: 120},
	}
	for id, limit := range most {
		n := 0
		p.tracked(id, func(_ *conntrack.Conn, f conntrack.Flow) error {
			n++
			protocol, port := f.TupleOrig.Proto.Protocol, f.TupleOrig.Proto.DestinationPort
			if port == 80 {
				if f.Timeout < 400_000 {
					return fmt.Errorf("between workloads %d s are left", f.Timeout)
				}
				return nil
			}
			if want := limit[protocol]; f.Timeout > want || f.Timeout < want-20 {
				return fmt.Errorf("%s: protocol %d, port %d: %d s are left, want %d", id, protocol, port, f.Timeout, want)
			}
			return nil
		})
		if n < 4 {
			t.Errorf("%s tracks %d connections", id, n)
		}
	}
}

// Workloads that could send larger segments than the links carry do not.
func TestMSSIsClamped(t *testing.T) {
	p := newPair(t)
	p.set()
	p.listen(p.host.path(consumerID), doorAt, 444)
	for _, eni := range []string{client, targetID, doubleID} {
		h, err := link.Open(p.host.Netns(eni))
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		eth0, err := h.LinkByName("eth0")
		if err := errors.Join(err, h.LinkSetMTU(eth0, 9001)); err != nil {
			t.Fatal(err)
		}
	}
	p.target(targetID, targetAt, 8443)
	for i, most := range []int{link.MTU - 40, link.MTU - 60} {
		for _, row := range []struct {
			from string
			to   netip.Addr
			port uint16
			seen netip.Addr
		}{
			{client, doorAt[i], 443, nodeAt[i]},
			{client, doorAt[i], 444, clientAt[i]},
			{doubleID, nodeAt[i], 443, nodeAt[i]},
		} {
			c := p.reaches("tcp", row.from, row.to, row.port, row.seen)
			if mss := segment(t, c); mss > most || mss < most-20 {
				t.Errorf("%s to %v:%d sends segments of %d bytes, want %d at most", row.from, row.to, row.port, mss, most)
			}
			c.SetDeadline(time.Now().Add(patience))
			sent := make(chan error, 1) // both ways: a segment that is too large would never arrive
			go func() {
				_, err := c.Write(make([]byte, 1<<20))
				sent <- err
			}()
			_, err := io.CopyN(io.Discard, c, 1<<20)
			if err := errors.Join(err, <-sent); err != nil {
				t.Errorf("%s to %v:%d: %v", row.from, row.to, row.port, err)
			}
		}
	}
}

func segment(t *testing.T, c net.Conn) (size int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG) })
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// A packet that fits a link by its Ethernet header only is too large for the
// next one. It vanishes: no ICMP tells of it.
func TestLargerThanMTUIsSilent(t *testing.T) {
	p := newPair(t)
	p.set()
	var got *net.UDPConn
	p.in(targetID, func() (err error) {
		got, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(targetAt[0], 8443)))
		return err
	})
	defer got.Close()
	var icmp net.PacketConn
	p.in(client, func() (err error) {
		icmp, err = net.ListenPacket("ip4:icmp", clientAt[0].String())
		return err
	})
	defer icmp.Close()
	h, err := link.Open(p.host.Netns(client))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	eth0, err := h.LinkByName("eth0")
	if err := errors.Join(err, h.LinkSetMTU(eth0, 9001)); err != nil {
		t.Fatal(err)
	}
	whole := func(size int) []byte {
		b := datagram(clientAt[0], doorAt[0], 443, string(make([]byte, size-28)))
		b[6] |= 0x40 // do not fragment
		return b
	}
	p.send(client, whole(link.MTU))
	if len(p.receive(got, patience)) != link.MTU-28 {
		t.Fatal("a packet of the MTU's size does not pass")
	}
	p.send(client, whole(link.MTU+4))
	if text := p.receive(got, silence); text != "" {
		t.Errorf("%d bytes more than the MTU pass", len(text)+28-link.MTU)
	}
	icmp.SetReadDeadline(time.Now().Add(silence))
	if _, from, err := icmp.ReadFrom(make([]byte, 128)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v tells of it: %v", from, err)
	}
}

// The connections of all clients to one target come from one address: their
// ports must not collide, and there must be one until nearly all are taken.
func TestSixtyThousandConnectionsToOneTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	const each, first = 30_000, 2000
	p := newPair(t)
	p.set()
	var got *net.UDPConn
	p.in(targetID, func() (err error) {
		got, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(targetAt[0], 8443)))
		return err
	})
	defer got.Close()
	seen := map[netip.AddrPort]bool{}
	for _, from := range []struct {
		eni string
		to  netip.Addr
	}{{client, doorAt[0]}, {doubleID, nodeAt[0]}} { // the same addresses and ports, by two ways
		packet := datagram(clientAt[0], from.to, 443, "x")
		p.in(from.eni, func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			b := make([]byte, 16)
			for port := uint16(first); port < first+each; port++ {
				binary.BigEndian.PutUint16(packet[20:], port)
				if err := unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: from.to.As4()}); err != nil {
					return err
				}
				got.SetReadDeadline(time.Now().Add(patience))
				_, peer, err := got.ReadFromUDPAddrPort(b)
				if err != nil {
					return fmt.Errorf("connection %d of %s: %w", len(seen), from.eni, err)
				}
				if peer.Addr() != nodeAt[0] || peer.Port() < 1024 || seen[peer] {
					return fmt.Errorf("connection %d of %s comes from %v", len(seen), from.eni, peer)
				}
				seen[peer] = true
			}
			return nil
		})
	}
	if len(seen) != 2*each {
		t.Errorf("%d connections", len(seen))
	}
}

func TestBackendsGetTheirShares(t *testing.T) {
	p := newPair(t)
	p.p.Links = append(p.p.Links, workloadLink(target2ID, [2]netip.Addr{netip.MustParseAddr("10.0.1.8"), netip.MustParseAddr("2001:db8:0:1::8")}))
	p.p.Filter.ENIs = append(p.p.Filter.ENIs, vpc.ENI{ID: target2ID, Type: vpc.InterfaceWorkload, Address: netip.MustParseAddr("10.0.1.8"), Groups: []string{group(target2ID)}})
	p.p.Filter.Groups = append(p.p.Filter.Groups, open(target2ID))
	for i := range p.p.Filter.Frontends {
		f := &p.p.Filter.Frontends[i]
		if f.Node.Is4() {
			f.Backends = []nft.Backend{{Address: f.Backends[0].Address, Weight: 30}, {Address: netip.MustParseAddrPort("10.0.1.8:8443"), Weight: 10}}
		}
	}
	p.set()
	counts := [2]int{}
	for i, eni := range []string{targetID, target2ID} {
		u, a := i, netip.MustParseAddrPort([]string{"10.0.1.7:8443", "10.0.1.8:8443"}[i])
		var conn *net.UDPConn
		p.in(eni, func() (err error) {
			conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
			return err
		})
		defer conn.Close()
		defer func() {
			for p.receive(conn, silence) != "" {
				counts[u]++
			}
			if u == 0 && (counts[0] < 120 || counts[1] < 25 || counts[0]+counts[1] != 200) {
				t.Errorf("of 200 connections with weights 30 and 10 the targets got %v", counts)
			}
		}()
	}
	packet := datagram(clientAt[0], doorAt[0], 443, "x")
	for port := uint16(3000); port < 3200; port++ {
		binary.BigEndian.PutUint16(packet[20:], port)
		p.send(client, packet)
	}
}

// What the namespace begins itself has a load balancer's address, and passes
// its groups and those of the target.
func TestDialFromANode(t *testing.T) {
	p := newPair(t)
	dial := func(from netip.Addr, within time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		c, err := p.host.Dial(ctx, providerID, from, netip.AddrPortFrom(targetAt[0], 8443))
		if err == nil {
			c.Close()
		}
		return err
	}
	p.set()
	p.target(targetID, targetAt, 8443)
	if err := dial(nodeAt[0], patience); err != nil {
		t.Error(err)
	}
	if dial(gatewayA, silence) == nil {
		t.Error("a gateway begins a connection")
	}
	for _, i := range []int{0, 2} { // the target's groups, the load balancer's
		all := p.p.Filter.Groups[i].Rules
		p.p.Filter.Groups[i].Rules = nil
		p.set()
		if dial(nodeAt[0], silence) == nil {
			t.Errorf("a connection passes %s, which allows nothing", p.p.Filter.Groups[i].ID)
		}
		p.p.Filter.Groups[i].Rules = all
	}
}

// Each link has so many queries a second, over both protocols and to all
// resolvers together; what is more is lost. Other links do not feel it.
func TestQueriesAreLimited(t *testing.T) {
	n := newNetwork(t, client, other)
	v := n.plan()
	v.Filter.QueryLimit = 100
	if err := n.host.Set(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	sockets := map[netip.Addr]*net.UDPConn{}
	for _, a := range []netip.Addr{resolver, vpc.LinkLocalResolver} {
		n.at(func() (err error) {
			sockets[a], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 53)))
			return err
		})
		defer sockets[a].Close()
	}
	start := time.Now()
	for i := range 400 {
		to := []netip.Addr{resolver, vpc.LinkLocalResolver}[i%2]
		n.send(client, datagram(at[client], to, 53, "query"))
	}
	took := time.Since(start)
	got := 0
	for _, u := range sockets {
		for n.receive(u, silence) != "" {
			got++
		}
	}
	if most := 101 + int(took.Seconds()*100+1); got < 100 || got > most {
		t.Errorf("%d of 400 queries in %v pass, want 100 to %d", got, took, most)
	}
	n.send(other, datagram(at[other], resolver, 53, "query"))
	if n.receive(sockets[resolver], patience) != "query" {
		t.Error("another link's query is lost")
	}
}
