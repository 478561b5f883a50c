package bench

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

// The provider of an endpoint service has the consumer's addresses in a VPC of
// its own: client and target have the same one.
const (
	provider  = "vpc-0b000000000000002"
	targetENI = "eni-0d4e5f60718293041"
	balancer  = "eni-0e5f6071829304152"
)

var nodeAddr = netip.MustParseAddr("10.0.1.20")

// BenchmarkService prints what the kernel path of an endpoint service does,
// beside a path that is only routed, over as many namespaces and links, and
// beside proxies in the middle of that path.
func BenchmarkService(b *testing.B) {
	routed, proxied := routedPath(b)
	ways := []way{routed, service(b)}
	ratios := []string{"service : routed"}
	for _, p := range proxies(b, proxied) {
		ways = append(ways, p)
		ratios = append(ratios, p.name+" : routed", "service : "+p.name)
	}
	compare(b, ways, []measure{
		{"bulk, 1 stream", "Gbit/s", bulk(1)},
		{"bulk, 4 streams", "Gbit/s", bulk(4)},
		{"bulk, 64 streams", "Gbit/s", bulk(64)},
		{"64-byte round trip, p50", "µs", roundTrip(0.5)},
		{"64-byte round trip, p99", "µs", roundTrip(0.99)},
		{"connect, one byte, close", "/s", connections(1)},
		{"the same, 8 clients", "/s", connections(8)},
	}, ratios...)
}

// service is the way from a workload to the target of a service: two VPCs with
// a group of sixty rules at each gate.
func service(t testing.TB) way {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root here")
	}
	host, err := dataplane.NewHost(dataplane.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() {
		must(t, host.Delete(context.Background(), network))
		must(t, host.Delete(context.Background(), provider))
		must(t, host.Close())
	})
	door, target := netip.AddrPortFrom(endpointAddr, 443), netip.AddrPortFrom(clientAddr, 443)
	peer := link.Peer{Consumer: network, Provider: provider, Routes: []netip.Addr{endpointAddr}}
	groups := []vpc.SecurityGroup{{ID: group, Rules: sixtyRules()}}
	must(t, host.Set(t.Context(), dataplane.VPC{
		ID:     network,
		Locals: []netip.Addr{vpc.Gateway(subnet), endpointAddr},
		Links:  []link.Link{{ENI: client, MAC: "02:00:00:00:00:0a", Address: clientAddr, Subnet: subnet, Gateway: vpc.Gateway(subnet)}},
		Peers:  []link.Peer{peer},
		Filter: nft.Config{
			ENIs: []vpc.ENI{
				{ID: client, Address: clientAddr, Type: vpc.InterfaceWorkload, Groups: []string{group}},
				{ID: endpoint, Address: endpointAddr, Type: vpc.InterfaceEndpoint, Groups: []string{group}},
			},
			Groups: groups,
			Steers: []nft.Steer{{Link: link.PeerName(network, provider), Protocol: vpc.ProtocolTCP, Address: door}},
		},
	}))
	must(t, host.Set(t.Context(), dataplane.VPC{
		ID:     provider,
		Locals: []netip.Addr{vpc.Gateway(subnet), nodeAddr},
		Links:  []link.Link{{ENI: targetENI, MAC: "02:00:00:00:00:0b", Address: clientAddr, Subnet: subnet, Gateway: vpc.Gateway(subnet)}},
		Peers:  []link.Peer{peer},
		Filter: nft.Config{
			ENIs: []vpc.ENI{
				{ID: targetENI, Address: clientAddr, Type: vpc.InterfaceWorkload, Groups: []string{group}},
				{ID: balancer, Address: nodeAddr, Type: vpc.InterfaceLoadBalancer, Groups: []string{group}},
			},
			Groups: groups,
			Frontends: []nft.Frontend{{
				Link: link.PeerName(network, provider), Protocol: vpc.ProtocolTCP, Address: door,
				Node: nodeAddr, ENI: balancer, Idle: 350 * time.Second,
				Backends: []nft.Backend{{Address: target, Weight: 1}},
			}},
		},
	}))
	return way{"service", host.Netns(client), door, listenIn(host.Netns(targetENI), target)}
}

// hop is a namespace of the routed path.
type hop struct {
	path string
	addr netip.Addr // on the link to the hop before it
}

// routedPath makes four namespaces in a row: a client, two routers and a
// server. It returns the way from one end to the other, and that as far as the
// second router, where a proxy has to listen.
func routedPath(t testing.TB) (routed, proxied way) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root here")
	}
	dir := t.TempDir()
	names := []string{"client", "router-a", "router-b", "server"}
	hops := make([]hop, len(names))
	for i, name := range names {
		hops[i] = hop{dir + "/" + name, netip.AddrFrom4([4]byte{192, 0, 2, byte(16*i + 2)})}
		must(t, netns.Create(hops[i].path, func() error {
			lo, err := netlink.LinkByName("lo")
			if err != nil {
				return err
			}
			return errors.Join(netlink.LinkSetUp(lo), netns.SetSysctls([]netns.Sysctl{
				{Name: "net/ipv4/ip_forward", Value: "1"},
				// Without these a proxy runs out of ports after 28,000 short connections.
				{Name: "net/ipv4/ip_local_port_range", Value: "1024 65535"},
				{Name: "net/ipv4/tcp_tw_reuse", Value: "1"},
			}))
		}))
		t.Cleanup(func() { must(t, netns.Delete(hops[i].path)) })
	}
	for i, h := range hops[1:] {
		before := netip.AddrFrom4([4]byte{192, 0, 2, byte(16*i + 16 + 1)})
		join(t, hops[i].path, before, h.path, h.addr)
	}
	for i, h := range hops {
		if i < len(hops)-2 { // towards the server
			routeIn(t, h.path, "192.0.2.48/28", hops[i+1].addr)
		}
		if i > 1 { // back to the client
			routeIn(t, h.path, "192.0.2.16/28", netip.AddrFrom4([4]byte{192, 0, 2, byte(16*i + 1)}))
		}
	}
	routeIn(t, hops[0].path, "192.0.2.32/28", hops[1].addr)
	server := netip.AddrPortFrom(hops[3].addr, 443)
	routed = way{"routed", hops[0].path, server, listenIn(hops[3].path, server)}
	proxied = routed
	proxied.name, proxied.target = hops[2].path, netip.AddrPortFrom(hops[2].addr, 443)
	return routed, proxied
}
