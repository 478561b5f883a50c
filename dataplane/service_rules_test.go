package dataplane

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

// The way through two VPCs: a client and an endpoint in one, a load balancer
// and its targets in the other. Both have the same CIDR, and a workload of
// the provider has the client's address.
const (
	consumerID = "vpc-0c000000000000001"
	providerID = "vpc-0a000000000000002"
	rivalID    = "vpc-0c000000000000003" // another consumer, with the same addresses
	targetID   = "eni-0a000000000000001"
	target2ID  = "eni-0a000000000000002"
	doubleID   = "eni-0a000000000000003"
	nodeID     = "eni-0a000000000000004"
	rivalENI   = "eni-0d000000000000001"
	rivalDoor  = "eni-0d000000000000005"
)

var (
	clientAt = [2]netip.Addr{netip.MustParseAddr("10.0.1.5"), netip.MustParseAddr("2001:db8:0:1::5")}
	doorAt   = [2]netip.Addr{netip.MustParseAddr("10.0.2.9"), netip.MustParseAddr("2001:db8:0:2::9")}
	targetAt = [2]netip.Addr{netip.MustParseAddr("10.0.1.7"), netip.MustParseAddr("2001:db8:0:1::7")}
	nodeAt   = [2]netip.Addr{netip.MustParseAddr("10.0.3.9"), netip.MustParseAddr("2001:db8:0:3::9")}
)

// pair is a consumer's and a provider's VPC.
type pair struct {
	*network  // of the consumer, whose host holds both
	c, p      VPC
	consumers []VPC // others
}

// newPair makes both VPCs with everything allowed, and an endpoint service on
// port 443, which the target serves on 8443, over both protocols and families.
func newPair(t *testing.T) *pair {
	t.Helper()
	host, err := NewHost(Config{Dir: netnstest.Dir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{network: &network{t: t, host: host}}
	p.c = consumerVPC(consumerID, client, door)
	p.p = providerVPC(link.Peer{Consumer: consumerID, Provider: providerID})
	t.Cleanup(func() {
		err := p.host.Close()
		for _, id := range []string{consumerID, providerID, rivalID} {
			err = errors.Join(err, p.host.Delete(context.Background(), id))
		}
		if err != nil {
			t.Error(err)
		}
	})
	return p
}

func consumerVPC(id, client, door string) VPC {
	peer := link.Peer{Consumer: id, Provider: providerID, Routes: doorAt[:]}
	v := VPC{ID: id, Locals: append([]netip.Addr{resolver, gatewayA, gatewayB}, doorAt[:]...), Peers: []link.Peer{peer},
		Links: []link.Link{workloadLink(client, clientAt)}}
	v.Filter = nft.Config{Resolvers: []netip.Addr{resolver}, ClampMSS: true, EndpointIdle: 350 * time.Second,
		ENIs: []vpc.ENI{
			{ID: client, Type: vpc.InterfaceWorkload, Address: clientAt[0], IPv6: clientAt[1], Groups: []string{group(client)}},
			{ID: door, Type: vpc.InterfaceEndpoint, Address: doorAt[0], IPv6: doorAt[1], Groups: []string{group(door)}}},
		Groups: []vpc.SecurityGroup{open(client), open(door)}}
	for _, e := range doorAt {
		for _, protocol := range []uint8{vpc.ProtocolTCP, vpc.ProtocolUDP} {
			v.Filter.Steers = append(v.Filter.Steers, nft.Steer{Link: link.PeerName(id, providerID), Protocol: protocol, Address: netip.AddrPortFrom(e, 443)})
		}
	}
	return v
}

func providerVPC(peers ...link.Peer) VPC {
	double := clientAt
	v := VPC{ID: providerID, Locals: append([]netip.Addr{resolver, gatewayA, gatewayB}, nodeAt[:]...), Peers: peers,
		Links: []link.Link{workloadLink(targetID, targetAt), workloadLink(doubleID, double)}}
	v.Filter = nft.Config{Resolvers: []netip.Addr{resolver}, ClampMSS: true,
		ENIs: []vpc.ENI{
			{ID: targetID, Type: vpc.InterfaceWorkload, Address: targetAt[0], IPv6: targetAt[1], Groups: []string{group(targetID)}},
			{ID: doubleID, Type: vpc.InterfaceWorkload, Address: double[0], IPv6: double[1], Groups: []string{group(doubleID)}},
			{ID: nodeID, Type: vpc.InterfaceLoadBalancer, Address: nodeAt[0], IPv6: nodeAt[1], Groups: []string{group(nodeID)}}},
		Groups: []vpc.SecurityGroup{open(targetID), open(doubleID), open(nodeID)}}
	for i, node := range nodeAt {
		for _, protocol := range []uint8{vpc.ProtocolTCP, vpc.ProtocolUDP} {
			f := nft.Frontend{Protocol: protocol, Address: netip.AddrPortFrom(node, 443), Node: node, ENI: nodeID, Ingress: true, Idle: 350 * time.Second,
				Backends: []nft.Backend{{Address: netip.AddrPortFrom(targetAt[i], 8443), Weight: 1}}}
			v.Filter.Frontends = append(v.Filter.Frontends, f)
			f.Address, f.Ingress = netip.AddrPortFrom(doorAt[i], 443), false
			for _, peer := range peers {
				f.Link = link.PeerName(peer.Consumer, peer.Provider)
				v.Filter.Frontends = append(v.Filter.Frontends, f)
			}
		}
	}
	return v
}

func workloadLink(eni string, a [2]netip.Addr) link.Link {
	subnet := netip.PrefixFrom(a[0], 24).Masked()
	return link.Link{ENI: eni, MAC: "02:00:00:00:" + eni[4:6] + ":" + eni[len(eni)-2:], Address: a[0], IPv6: a[1], Subnet: subnet, Gateway: vpc.Gateway(subnet)}
}

// open is the group of an ENI that lets everything pass.
func open(eni string) vpc.SecurityGroup {
	g := vpc.SecurityGroup{ID: group(eni)}
	for i, cidr := range []string{"0.0.0.0/0", "::/0", "0.0.0.0/0", "::/0"} {
		g.Rules = append(g.Rules, vpc.SecurityGroupRule{ID: "sgr-0000000000000000" + eni[len(eni)-1:], Egress: i < 2, Protocol: vpc.ProtocolAll, CIDR: netip.MustParsePrefix(cidr)})
	}
	return g
}

func (p *pair) set() {
	p.t.Helper()
	for _, v := range append([]VPC{p.c, p.p}, p.consumers...) {
		if err := p.host.Set(context.Background(), v); err != nil {
			p.t.Fatal(err)
		}
	}
}

// serve answers on a port of a workload with a line that says who asks, and
// then echoes.
func (p *pair) target(eni string, at [2]netip.Addr, port uint16) {
	p.t.Helper()
	p.listen(p.host.Netns(eni), at, port)
}

func (p *pair) listen(path string, at [2]netip.Addr, port uint16) {
	p.t.Helper()
	for _, a := range at {
		p.introduce(listenBoth(p.t, path, netip.AddrPortFrom(a, port)))
	}
}

func (p *pair) introduce(l net.Listener, u net.PacketConn) {
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.t.Cleanup(func() { c.Close() })
			go func() {
				io.WriteString(c, host(c.RemoteAddr())+"\n")
				io.Copy(c, c)
			}()
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		b := make([]byte, 9000)
		for {
			_, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			u.WriteTo([]byte(host(from)+"\n"), from)
		}
	}()
	p.t.Cleanup(func() {
		l.Close()
		u.Close()
		<-done
		<-done
	})
}

func host(a net.Addr) string { return netip.MustParseAddrPort(a.String()).Addr().Unmap().String() }

// asks connects from a workload and returns the connection and what the
// target says of its peer.
func (p *pair) asks(network, from string, to netip.Addr, port uint16, within time.Duration) (net.Conn, string, error) {
	p.t.Helper()
	var c net.Conn
	var err error
	p.in(from, func() error {
		d := net.Dialer{Timeout: within}
		c, err = d.Dial(network, netip.AddrPortFrom(to, port).String())
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	p.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(within))
	if network == "udp" {
		c.Write([]byte("?"))
	}
	var line []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(line), "\n"); line = append(line, b[0]) {
		if network == "udp" {
			b = make([]byte, 128)
			k, err := c.Read(b)
			return c, strings.TrimSpace(string(b[:k])), err
		}
		if _, err := c.Read(b); err != nil {
			return c, "", err
		}
	}
	return c, strings.TrimSpace(string(line)), nil
}

// reaches expects an answer, to somebody at the address seen.
func (p *pair) reaches(network, from string, to netip.Addr, port uint16, seen netip.Addr) net.Conn {
	p.t.Helper()
	c, who, err := p.asks(network, from, to, port, patience)
	if err != nil {
		p.t.Fatalf("%s to %v:%d over %s: %v", from, to, port, network, err)
	}
	if who != seen.String() {
		p.t.Fatalf("%s to %v:%d over %s: the target sees %s, not %v", from, to, port, network, who, seen)
	}
	return c
}

// silent expects no answer at all.
func (p *pair) silent(network, from string, to netip.Addr, port uint16) {
	p.t.Helper()
	_, who, err := p.asks(network, from, to, port, silence)
	if err == nil {
		p.t.Fatalf("%s to %v:%d over %s is answered: it is %s", from, to, port, network, who)
	}
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
		p.t.Fatalf("%s to %v:%d over %s is answered: %v", from, to, port, network, err)
	}
}

var protocols = []string{"tcp", "udp"}

// Only the listener's port leads to the provider: the others are the
// endpoint's own.
func TestSteeredPortReachesTheTargetAsTheNode(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	p.listen(p.host.path(consumerID), doorAt, 444)
	for i := range doorAt {
		for _, network := range protocols {
			p.reaches(network, client, doorAt[i], 443, nodeAt[i])
			p.reaches(network, client, doorAt[i], 444, clientAt[i])
		}
	}
}

func TestLoadBalancerServesItsOwnVPC(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	for i := range nodeAt {
		for _, network := range protocols {
			p.reaches(network, doubleID, nodeAt[i], 443, nodeAt[i])
			p.reaches(network, targetID, nodeAt[i], 443, nodeAt[i]) // the target itself
		}
	}
}

// The sender's egress, the endpoint's ingress, the load balancer's egress and
// the target's ingress: each is a gate of its own.
func TestEachGateOfAServiceDropsAlone(t *testing.T) {
	for _, row := range []struct {
		gate  string
		group func(*pair) *vpc.SecurityGroup
	}{
		{"egress of the client", func(p *pair) *vpc.SecurityGroup { return &p.c.Filter.Groups[0] }},
		{"ingress of the endpoint", func(p *pair) *vpc.SecurityGroup { return &p.c.Filter.Groups[1] }},
		{"ingress of the target", func(p *pair) *vpc.SecurityGroup { return &p.p.Filter.Groups[0] }},
		{"egress of the load balancer", func(p *pair) *vpc.SecurityGroup { return &p.p.Filter.Groups[2] }},
	} {
		t.Run(row.gate, func(t *testing.T) {
			p := newPair(t)
			g := row.group(p)
			all := g.Rules
			g.Rules = nil
			p.set()
			p.target(targetID, targetAt, 8443)
			for i := range doorAt {
				for _, network := range protocols {
					p.silent(network, client, doorAt[i], 443)
				}
			}
			g.Rules = all
			p.set()
			for i := range doorAt {
				for _, network := range protocols {
					p.reaches(network, client, doorAt[i], 443, nodeAt[i])
				}
			}
		})
	}
}

// The groups of a target see the load balancer and never the client, whose
// address somebody else may have there.
func TestTargetsGroupsSeeTheLoadBalancer(t *testing.T) {
	p := newPair(t)
	from := func(a netip.Addr, port int) vpc.SecurityGroupRule {
		return vpc.SecurityGroupRule{ID: "sgr-00000000000000001", Protocol: vpc.ProtocolTCP, FromPort: port, ToPort: port, CIDR: netip.PrefixFrom(a, a.BitLen())}
	}
	p.p.Filter.Groups[0].Rules = []vpc.SecurityGroupRule{from(clientAt[0], 8443), from(nodeAt[0], 443)}
	p.set()
	p.target(targetID, targetAt, 8443)
	p.silent("tcp", client, doorAt[0], 443)
	p.p.Filter.Groups[0].Rules = []vpc.SecurityGroupRule{from(nodeAt[0], 8443)}
	p.set()
	p.reaches("tcp", client, doorAt[0], 443, nodeAt[0])
}

func TestIngressOfTheLoadBalancerWhereItDecides(t *testing.T) {
	p := newPair(t)
	p.p.Filter.Groups[2].Rules = p.p.Filter.Groups[2].Rules[:2] // egress only
	p.set()
	p.target(targetID, targetAt, 8443)
	p.reaches("tcp", client, doorAt[0], 443, nodeAt[0])
	p.silent("tcp", doubleID, nodeAt[0], 443)
	for i := range p.p.Filter.Frontends {
		p.p.Filter.Frontends[i].Ingress = true
	}
	p.set()
	p.silent("tcp", client, doorAt[0], 443)
	p.p.Filter.Groups[2].Rules = append(p.p.Filter.Groups[2].Rules, tcpFrom("10.0.1.5/32", 443)) // the port of the listener
	p.set()
	p.reaches("tcp", client, doorAt[0], 443, nodeAt[0])
	p.reaches("tcp", doubleID, nodeAt[0], 443, nodeAt[0])
}

// Two consumers may have the same addresses and ports: neither gets the
// other's answers, nor writes into its connections.
func TestConsumersWithTheSameAddressesAreApart(t *testing.T) {
	p := newPair(t)
	rival := consumerVPC(rivalID, rivalENI, rivalDoor)
	p.consumers = []VPC{rival}
	p.p = providerVPC(p.c.Peers[0], rival.Peers[0])
	p.set()
	p.target(targetID, targetAt, 8443)
	for i := range doorAt {
		same := func(eni string) net.Conn {
			var c net.Conn
			p.in(eni, func() (err error) {
				d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: clientAt[i].AsSlice(), Port: 40000}}
				c, err = d.Dial("tcp", netip.AddrPortFrom(doorAt[i], 443).String())
				return err
			})
			t.Cleanup(func() { c.Close() })
			c.SetDeadline(time.Now().Add(patience))
			if _, err := io.ReadFull(c, make([]byte, len(nodeAt[i].String())+1)); err != nil {
				t.Fatal(err)
			}
			return c
		}
		one, two := same(client), same(rivalENI)
		p.talks(one)
		p.talks(two)
	}
}

// Nothing comes through a peer link but what a frontend serves, and nothing
// at all towards the consumer.
func TestPeerLinkLeadsToFrontendsOnly(t *testing.T) {
	p := newPair(t)
	p.c.Filter.Steers = append(p.c.Filter.Steers, nft.Steer{Link: p.c.Filter.Steers[0].Link, Protocol: vpc.ProtocolTCP, Address: netip.AddrPortFrom(doorAt[0], 80)})
	p.p.Links = append(p.p.Links, workloadLink(target2ID, doorAt)) // the endpoint's address is somebody's in the provider's VPC
	p.p.Filter.ENIs = append(p.p.Filter.ENIs, vpc.ENI{ID: target2ID, Type: vpc.InterfaceWorkload, Address: doorAt[0], IPv6: doorAt[1], Groups: []string{group(target2ID)}})
	p.p.Filter.Groups = append(p.p.Filter.Groups, open(target2ID))
	p.set()
	p.target(target2ID, doorAt, 80)
	p.reaches("tcp", doubleID, doorAt[0], 80, clientAt[0])
	p.silent("tcp", client, doorAt[0], 80)
}

func TestFrontendWithoutBackendsDrops(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	c := p.reaches("tcp", client, doorAt[0], 443, nodeAt[0])
	for i := range p.p.Filter.Frontends {
		p.p.Filter.Frontends[i].Backends = nil
	}
	p.set()
	p.silent("tcp", client, doorAt[0], 443)
	p.silent("tcp", doubleID, nodeAt[0], 443)
	p.talks(c) // it goes on until it ends
}

func TestSteeredPortIsSilentWithoutPeerLink(t *testing.T) {
	p := newPair(t)
	p.c.Peers = nil
	p.p = providerVPC()
	p.set()
	p.target(targetID, targetAt, 8443)
	p.listen(p.host.path(consumerID), doorAt, 443)
	for i := range doorAt {
		for _, network := range protocols {
			p.silent(network, client, doorAt[i], 443)
		}
	}
}

// What is sent right after Set, over links that it has made, is not lost: a
// datagram is sent once.
func TestFirstPacketAfterSetArrives(t *testing.T) {
	p := newPair(t)
	p.set()
	var got *net.UDPConn
	p.in(targetID, func() (err error) {
		got, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(targetAt[0], 8443)))
		return err
	})
	defer got.Close()
	with, served, without := p.c, p.p, p.c
	without.Links, without.Peers = nil, nil
	for i := range 20 {
		p.c, p.p = without, providerVPC()
		p.set()
		p.c, p.p = with, served
		p.set()
		p.send(client, datagram(clientAt[0], doorAt[0], 443, "first"))
		if p.receive(got, silence) != "first" {
			t.Errorf("after %d times the first packet is lost", i)
		}
	}
}

// New daemons over the living kernel change nothing, and connections go on.
func TestRestartDoesNotCutServices(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	var live []net.Conn
	for i := range doorAt {
		live = append(live, p.reaches("tcp", client, doorAt[i], 443, nodeAt[i]), p.reaches("tcp", doubleID, nodeAt[i], 443, nodeAt[i]))
	}
	p.restart()
	p.set()
	for _, c := range live {
		p.talks(c)
	}
}
