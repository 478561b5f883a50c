package dataplane

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A workload that has forgotten where its router is may ask, although no
// group allows ICMPv6.
func TestNeighbourDiscoveryNeedsNoRule(t *testing.T) {
	p := newPair(t)
	p.c.Filter.Groups[0].Rules[1] = tcpFrom("::/0", 443)
	p.c.Filter.Groups[0].Rules[1].Egress = true
	p.set()
	p.target(targetID, targetAt, 8443)
	h, err := link.Open(p.host.Netns(client))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	eth0, err := h.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	router := netlink.Neigh{LinkIndex: eth0.Attrs().Index, Family: unix.AF_INET6, IP: link.RouterIPv6.AsSlice()}
	if err := h.NeighDel(&router); err != nil {
		t.Fatal(err)
	}
	p.reaches("tcp", client, doorAt[1], 443, nodeAt[1])
}

// Nothing else link-local is answered: no ping, no port, no solicitation of
// routers.
func TestRouterAnswersOnlyDiscovery(t *testing.T) {
	p := newPair(t)
	p.set()
	router := link.RouterIPv6.WithZone("eth0")
	var l net.Listener
	err := netns.Do(p.host.path(consumerID), func() (err error) {
		l, err = net.Listen("tcp", "[::]:80")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p.in(client, func() error {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(router, 80).String(), silence)
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("the router's port 80 is answered: %v, %v", c, err)
		}
		return nil
	})
	for name, row := range map[string]struct {
		to   netip.Addr
		icmp []byte
	}{
		"ping":                 {router, []byte{128, 0, 0, 0, 0, 0, 0, 0}},
		"router solicitation":  {netip.MustParseAddr("ff02::2%eth0"), []byte{133, 0, 0, 0, 0, 0, 0, 0}},
		"ping of all, on link": {netip.MustParseAddr("ff02::1%eth0"), []byte{128, 0, 0, 0, 0, 2, 0, 0}},
	} {
		p.in(client, func() error {
			c, err := net.ListenPacket("ip6:ipv6-icmp", clientAt[1].String())
			if err != nil {
				return err
			}
			defer c.Close()
			if _, err := c.WriteTo(row.icmp, &net.IPAddr{IP: row.to.AsSlice(), Zone: "eth0"}); err != nil {
				return err
			}
			deadline := time.Now().Add(silence)
			b := make([]byte, 256)
			for {
				c.SetReadDeadline(deadline)
				k, from, err := c.ReadFrom(b)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					return nil
				}
				if err != nil {
					return err
				}
				own := from.(*net.IPAddr).IP.Equal(clientAt[1].AsSlice()) // it hears itself
				if k > 0 && !own && (b[0] == 129 || b[0] == 134) {
					t.Errorf("%s is answered by %v", name, from)
				}
			}
		})
	}
}
