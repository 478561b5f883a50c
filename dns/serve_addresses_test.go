package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
	"github.com/vishvananda/netlink"

	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/vpc"
)

// inNamespace makes a network namespace whose loopback interface has the
// addresses, and returns what runs something there.
func inNamespace(t *testing.T, addresses []netip.Addr) (do func(fn func() error)) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root here")
	}
	path := filepath.Join(t.TempDir(), "ns")
	if err := netns.Create(path, nil); err != nil {
		t.Skip("no network namespaces: ", err)
	}
	t.Cleanup(func() {
		if err := netns.Delete(path); err != nil {
			t.Error(err)
		}
	})
	do = func(fn func() error) {
		t.Helper()
		if err := netns.Do(path, fn); err != nil {
			t.Fatal(err)
		}
	}
	do(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(lo); err != nil {
			return err
		}
		for _, a := range addresses {
			prefix := &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
			if err := netlink.AddrAdd(lo, &netlink.Addr{IPNet: prefix, Flags: syscall.IFA_F_NODAD}); err != nil {
				return err
			}
		}
		for _, a := range addresses {
			if err := waitRoute(a); err != nil {
				return err
			}
		}
		return nil
	})
	return do
}

// waitRoute waits until the kernel has the local route of an address, which
// comes some time after the address of IPv6.
func waitRoute(a netip.Addr) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		routes, err := netlink.RouteGet(a.AsSlice())
		if err == nil && len(routes) == 1 && routes[0].Type == syscall.RTN_LOCAL {
			return nil
		}
	}
	return fmt.Errorf("no local route to %v", a)
}

// One VPC is served at all of its resolver's addresses, over both families and
// both transports, and the answer comes from the address that was asked.
func TestResolverAddresses(t *testing.T) {
	addresses := []netip.Addr{vpc.Resolver(network.CIDR), netip.MustParseAddr("10.0.1.2"), vpc.LinkLocalResolver, vpc.LinkLocalResolver6}
	if !netns.HasIPv6() {
		addresses = addresses[:3]
	}
	do := inNamespace(t, addresses)
	lab := newLab(t, elsewhere)
	ended := make(chan error, len(addresses))
	for _, a := range addresses {
		at := netip.AddrPortFrom(a, 53).String()
		do(func() error {
			pc, err := net.ListenPacket("udp", at)
			if err != nil {
				return err
			}
			l, err := net.Listen("tcp", at)
			if err != nil {
				return err
			}
			go func() { ended <- lab.Serve(context.Background(), vpcID, pc, l) }()
			return nil
		})
	}
	for _, a := range addresses {
		for _, transport := range []string{"udp", "tcp"} {
			for name, want := range map[string]string{
				"ip-10-0-1-5.ec2.internal.": "ip-10-0-1-5.ec2.internal. 60 IN A 10.0.1.5", // the short way
				"localhost.":                "localhost. 60 IN A 127.0.0.1",               // the long way
				"example.org.":              forwarded,
			} {
				var conn net.Conn
				do(func() (err error) {
					conn, err = net.Dial(transport, netip.AddrPortFrom(a, 53).String())
					return err
				})
				q := question(name, A)
				m, _, err := (&miekg.Client{Net: transport}).ExchangeWithConn(q, &miekg.Conn{Conn: conn})
				conn.Close()
				if err != nil {
					t.Errorf("%v %s %s: %v", a, transport, name, err)
				} else if got := outcome(m); got != want {
					t.Errorf("%v %s %s: got %s, want %s", a, transport, name, got, want)
				}
			}
		}
	}
	lab.Remove(vpcID)
	for range addresses {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
