package bench

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/vishvananda/netlink"
	vnetns "github.com/vishvananda/netns"

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
	var paths [2]string
	var handles [2]vnetns.NsHandle
	for i := range paths {
		paths[i] = filepath.Join(dir, []string{"direct-a", "direct-b"}[i])
		must(t, netns.Create(paths[i], nil))
		t.Cleanup(func() { must(t, netns.Delete(paths[i])) })
		h, err := vnetns.GetFromPath(paths[i])
		must(t, err)
		defer h.Close()
		handles[i] = h
	}
	must(t, netns.Do(paths[0], func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU = "a", mtu
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "b", PeerNamespace: netlink.NsFd(handles[1])})
	}))
	for i, name := range []string{"a", "b"} {
		must(t, netns.Do(paths[i], func() error {
			l, err := netlink.LinkByName(name)
			if err != nil {
				return err
			}
			if err := netlink.LinkSetMTU(l, mtu); err != nil {
				return err
			}
			address := &netlink.Addr{IPNet: &net.IPNet{IP: directAddrs[i].AsSlice(), Mask: net.CIDRMask(24, 32)}}
			if err := netlink.AddrAdd(l, address); err != nil {
				return err
			}
			return netlink.LinkSetUp(l)
		}))
	}
	return paths
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
