package dataplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	netnstest.Main(leaks{m})
}

// leaks runs the tests and then looks for goroutines.
type leaks struct{ m *testing.M }

func (l leaks) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		return 1
	}
	return code
}

// How long a packet that is let through may take on a machine that does much
// else, and how long the tests wait for one that must not come.
const (
	patience = 30 * time.Second
	silence  = 300 * time.Millisecond
)

// The cast: two clients and a server in one subnet, another server in a
// second subnet, an endpoint there.
const (
	vpcID  = "vpc-0123456789abcdef0"
	client = "eni-0c000000000000001"
	other  = "eni-0c000000000000002"
	server = "eni-05000000000000003"
	far    = "eni-05000000000000004"
	door   = "eni-0e000000000000005"
)

var (
	subnetA  = netip.MustParsePrefix("10.0.1.0/24")
	resolver = netip.MustParseAddr("10.0.0.2")
	gatewayA = netip.MustParseAddr("10.0.1.1")
	gatewayB = netip.MustParseAddr("10.0.2.1")
	at       = map[string]netip.Addr{
		client: netip.MustParseAddr("10.0.1.5"),
		other:  netip.MustParseAddr("10.0.1.6"),
		server: netip.MustParseAddr("10.0.1.7"),
		far:    netip.MustParseAddr("10.0.2.8"),
		door:   netip.MustParseAddr("10.0.2.9"),
	}
)

// at6 are the IPv6 addresses of those that have one.
var at6 = map[string]netip.Addr{
	client: netip.MustParseAddr("2001:db8:0:1::5"),
	other:  netip.MustParseAddr("2001:db8:0:1::6"),
	server: netip.MustParseAddr("2001:db8:0:1::7"),
	far:    netip.MustParseAddr("2001:db8:0:2::8"),
	door:   netip.MustParseAddr("2001:db8:0:2::9"),
}

// network is a VPC under test. Each ENI has a group of its own, whose id is
// that of the ENI with sg- before it.
type network struct {
	t     *testing.T
	host  *Host
	enis  []string
	ipv4  bool // the ENIs have addresses of these families
	ipv6  bool
	rules map[string][]vpc.SecurityGroupRule
	next  int
}

func newNetwork(t *testing.T, enis ...string) *network {
	t.Helper()
	host, err := NewHost(Config{Dir: netnstest.Dir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, host: host, enis: enis, ipv4: true, rules: map[string][]vpc.SecurityGroupRule{}}
	t.Cleanup(func() {
		if err := errors.Join(n.host.Delete(context.Background(), vpcID), n.host.Close()); err != nil {
			t.Error(err)
		}
		if left, err := netns.List(n.host.dir, ""); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	return n
}

func group(eni string) string { return "sg" + eni[len("eni"):] }

// may adds a rule for an ENI and returns its id.
func (n *network) may(eni string, r vpc.SecurityGroupRule) string {
	n.next++
	r.ID = fmt.Sprintf("sgr-0%016x", n.next)
	n.rules[eni] = append(n.rules[eni], r)
	return r.ID
}

func (n *network) mayNot(eni, rule string) {
	var rest []vpc.SecurityGroupRule
	for _, r := range n.rules[eni] {
		if r.ID != rule {
			rest = append(rest, r)
		}
	}
	n.rules[eni] = rest
}

func anything(egress bool) vpc.SecurityGroupRule {
	return vpc.SecurityGroupRule{Egress: egress, Protocol: vpc.ProtocolAll, CIDR: netip.MustParsePrefix("0.0.0.0/0")}
}

func tcpFrom(cidr string, port int) vpc.SecurityGroupRule {
	return vpc.SecurityGroupRule{Protocol: vpc.ProtocolTCP, FromPort: port, ToPort: port, CIDR: netip.MustParsePrefix(cidr)}
}

func (n *network) plan() VPC {
	v := VPC{
		ID:     vpcID,
		Locals: []netip.Addr{resolver, vpc.LinkLocalResolver, gatewayA, gatewayB},
		Filter: nft.Config{Resolvers: []netip.Addr{resolver, vpc.LinkLocalResolver}},
	}
	for i, id := range n.enis {
		e := vpc.ENI{ID: id, VPC: vpcID, Type: vpc.InterfaceWorkload, Groups: []string{group(id)}, MAC: fmt.Sprintf("02:00:00:00:00:%02x", i+1)}
		if n.ipv4 {
			e.Address = at[id]
		}
		if n.ipv6 {
			e.IPv6 = at6[id]
		}
		if id == door {
			e.Type = vpc.InterfaceEndpoint
			v.Locals = append(v.Locals, e.Addresses()...)
		} else {
			subnet := netip.PrefixFrom(at[id], 24).Masked()
			v.Links = append(v.Links, link.Link{ENI: id, MAC: e.MAC, Address: e.Address, Subnet: subnet, Gateway: vpc.Gateway(subnet), IPv6: e.IPv6})
		}
		v.Filter.ENIs = append(v.Filter.ENIs, e)
		v.Filter.Groups = append(v.Filter.Groups, vpc.SecurityGroup{ID: group(id), Rules: n.rules[id]})
	}
	return v
}

// set applies the network.
func (n *network) set() {
	n.t.Helper()
	if err := n.host.Set(context.Background(), n.plan()); err != nil {
		n.t.Fatal(err)
	}
}

// in runs f in the namespace of an ENI's workload.
func (n *network) in(eni string, f func() error) {
	n.t.Helper()
	if err := netns.Do(n.host.Netns(eni), f); err != nil {
		n.t.Fatalf("%s: %v", eni, err)
	}
}

// echo serves TCP and UDP on port of a workload or of the endpoint and sends
// back what comes.
func (n *network) echo(eni string, port uint16) {
	n.t.Helper()
	path := n.host.Netns(eni)
	if eni == door {
		path = n.host.path(vpcID)
	}
	for _, e := range n.plan().Filter.ENIs {
		if e.ID != eni {
			continue
		}
		for _, a := range e.Addresses() {
			n.echoAt(path, netip.AddrPortFrom(a, port))
		}
	}
}

// echoAt is echo on an address in the namespace at path.
func (n *network) echoAt(path string, a netip.AddrPort) {
	n.t.Helper()
	n.serve(listenBoth(n.t, path, a))
}

// listenBoth opens a TCP and a UDP socket in the namespace at path.
func listenBoth(t testing.TB, path string, a netip.AddrPort) (l net.Listener, u net.PacketConn) {
	t.Helper()
	err := netns.Do(path, func() (err error) {
		if l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a)); err != nil {
			return err
		}
		u, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, u
}

func (n *network) serve(l net.Listener, u net.PacketConn) {
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n.t.Cleanup(func() { c.Close() })
			go io.Copy(c, c)
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		b := make([]byte, 9000)
		for {
			k, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			u.WriteTo(b[:k], from)
		}
	}()
	n.t.Cleanup(func() {
		l.Close()
		u.Close()
		<-done
		<-done
	})
}

// dial connects from a workload, from its own address.
func (n *network) dial(from string, to netip.AddrPort, within time.Duration) (c net.Conn, err error) {
	n.in(from, func() error {
		d := net.Dialer{Timeout: within}
		c, err = d.Dial("tcp", to.String())
		return nil
	})
	return c, err
}

// passes expects a TCP connection that carries bytes both ways.
func (n *network) passes(from, to string, port uint16) net.Conn {
	n.t.Helper()
	return n.reaches(from, netip.AddrPortFrom(at[to], port))
}

// reaches is passes, with any address.
func (n *network) reaches(from string, to netip.AddrPort) net.Conn {
	n.t.Helper()
	c, err := n.dial(from, to, patience)
	if err != nil {
		n.t.Fatalf("%s to %v: %v", from, to, err)
	}
	n.t.Cleanup(func() { c.Close() })
	n.talks(c)
	return c
}

func (n *network) talks(c net.Conn) {
	n.t.Helper()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte("hello")); err != nil {
		n.t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
		n.t.Fatal(err)
	}
}

// isSilent expects no answer at all to a TCP connection.
func (n *network) isSilent(from string, to netip.Addr, port uint16) {
	n.t.Helper()
	c, err := n.dial(from, netip.AddrPortFrom(to, port), silence)
	if err == nil {
		c.Close()
		n.t.Fatalf("%s to %v:%d connects", from, to, port)
	}
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
		n.t.Fatalf("%s to %v:%d is answered: %v", from, to, port, err)
	}
}
