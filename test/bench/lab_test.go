package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

const (
	client   = "eni-0a1b2c3d4e5f60718"
	server   = "eni-0b2c3d4e5f6071829"
	endpoint = "eni-0c3d4e5f607182930"
	group    = "sg-0a000000000000001"
	network  = "vpc-0a000000000000001"
	mtu      = 8500
)

var (
	subnet       = netip.MustParsePrefix("10.0.1.0/24")
	clientAddr   = netip.MustParseAddr("10.0.1.10")
	serverAddr   = netip.MustParseAddr("10.0.1.11")
	endpointAddr = netip.MustParseAddr("10.0.1.12")
	directAddrs  = [2]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
)

// way is a way of packets from a client to a server.
type way struct {
	name   string
	client string         // path of the client's namespace
	target netip.AddrPort // where the server listens
	listen func() (net.Listener, error)
}

// lab makes the namespaces of all ways, and removes them when the test ends.
func lab(t testing.TB) []way {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root here")
	}
	dir := t.TempDir()
	host, err := dataplane.NewHost(dataplane.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() {
		must(t, host.Delete(context.Background(), network)) // the test's own context has ended
		must(t, host.Close())
	})
	must(t, host.Set(t.Context(), dataplane.VPC{
		ID:     network,
		Locals: []netip.Addr{vpc.Gateway(subnet), endpointAddr},
		Links: []link.Link{
			{ENI: client, MAC: "02:00:00:00:00:0a", Address: clientAddr, Subnet: subnet, Gateway: vpc.Gateway(subnet)},
			{ENI: server, MAC: "02:00:00:00:00:0b", Address: serverAddr, Subnet: subnet, Gateway: vpc.Gateway(subnet)},
		},
		Filter: nft.Config{
			Gateways: []netip.Addr{vpc.Gateway(subnet)},
			ENIs: []vpc.ENI{
				{ID: client, Address: clientAddr, Type: vpc.InterfaceWorkload, Groups: []string{group}},
				{ID: server, Address: serverAddr, Type: vpc.InterfaceWorkload, Groups: []string{group}},
				{ID: endpoint, Address: endpointAddr, Type: vpc.InterfaceEndpoint, Groups: []string{group}},
			},
			Groups: []vpc.SecurityGroup{{ID: group, Rules: sixtyRules()}},
		},
	}))
	direct := directLink(t, dir)
	target := netip.AddrPortFrom(endpointAddr, 443)
	return []way{
		{"direct", direct[0], netip.AddrPortFrom(directAddrs[1], 443), listenIn(direct[1], netip.AddrPortFrom(directAddrs[1], 443))},
		{"endpoint", host.Netns(client), target, func() (net.Listener, error) { return host.Listen(network, target) }},
		{"workload", host.Netns(client), netip.AddrPortFrom(serverAddr, 443), listenIn(host.Netns(server), netip.AddrPortFrom(serverAddr, 443))},
	}
}

// sixtyRules fill a group: the one that matches stands last.
func sixtyRules() []vpc.SecurityGroupRule {
	rules := []vpc.SecurityGroupRule{{ID: vpc.NewID("sgr"), Egress: true, Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("0.0.0.0/0")}}
	for i := range 59 {
		rules = append(rules, vpc.SecurityGroupRule{ID: vpc.NewID("sgr"), Protocol: vpc.ProtocolTCP, FromPort: 1000 + i, ToPort: 1000 + i, CIDR: subnet})
	}
	return append(rules, vpc.SecurityGroupRule{ID: vpc.NewID("sgr"), Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, CIDR: subnet})
}

// directLink joins two new namespaces with a veth pair and returns their paths.
func directLink(t testing.TB, dir string) [2]string {
	t.Helper()
	paths := [2]string{filepath.Join(dir, "direct-a"), filepath.Join(dir, "direct-b")}
	for _, path := range paths {
		must(t, netns.Create(path, nil))
		t.Cleanup(func() { must(t, netns.Delete(path)) })
	}
	join(t, paths[0], directAddrs[0], paths[1], directAddrs[1])
	return paths
}

// join makes a veth pair between the namespaces at two paths, with an address
// of the same /28 at each end.
func join(t testing.TB, a string, addrA netip.Addr, b string, addrB netip.Addr) {
	t.Helper()
	far, err := netns.Open(b)
	must(t, err)
	defer far.Close()
	name := func(end string, a netip.Addr) string { return fmt.Sprintf("%s%d", end, a.As4()[3]/16) }
	must(t, netns.Do(a, func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU = name("a", addrA), mtu
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: name("b", addrA), PeerNamespace: netlink.NsFd(far.Fd())})
	}))
	must(t, netns.Do(a, func() error { return address(name("a", addrA), addrA) }))
	must(t, netns.Do(b, func() error { return address(name("b", addrA), addrB) }))
}

// address gives a link of the calling thread's namespace an address.
func address(name string, a netip.Addr) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(l, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(28, 32)}}); err != nil {
		return err
	}
	return netlink.LinkSetUp(l)
}

func routeIn(t testing.TB, path, to string, via netip.Addr) {
	t.Helper()
	must(t, netns.Do(path, func() error {
		dst, err := netlink.ParseIPNet(to)
		if err != nil {
			return err
		}
		return netlink.RouteAdd(&netlink.Route{Dst: dst, Gw: via.AsSlice()})
	}))
}

func listenIn(path string, a netip.AddrPort) func() (net.Listener, error) {
	return func() (l net.Listener, err error) {
		err = netns.Do(path, func() error {
			l, err = net.Listen("tcp4", a.String())
			return err
		})
		return l, err
	}
}

func (w way) dial() (c net.Conn, err error) {
	err = netns.Do(w.client, func() error {
		c, err = net.Dial("tcp4", w.target.String())
		return err
	})
	return c, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
