package dataplane

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
)

// From the address of a load balancer the namespace begins connections, which
// the groups of both judge; from no other address it does.
func TestDialIsOfTheLoadBalancer(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	dial := func(from netip.Addr, to netip.AddrPort, within time.Duration) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		return p.host.Dial(ctx, providerID, from, to)
	}
	silent := func(name string, from netip.Addr, to netip.AddrPort) {
		t.Helper()
		if c, err := dial(from, to, silence); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	for i, node := range nodeAt {
		to := netip.AddrPortFrom(targetAt[i], 8443)
		c, err := dial(node, to, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := make([]byte, 64)
		c.SetReadDeadline(time.Now().Add(patience))
		if k, err := c.Read(b); err != nil || string(b[:k]) != node.String()+"\n" {
			t.Errorf("the target sees %q, %v", b[:k], err)
		}
		u, err := p.host.DialPacket(providerID, node, to)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		u.Write([]byte("x"))
		u.SetReadDeadline(time.Now().Add(patience))
		if k, err := u.Read(b); err != nil || string(b[:k]) != node.String()+"\n" {
			t.Errorf("over UDP the target sees %q, %v", b[:k], err)
		}
	}
	silent("from a gateway", gatewayA, netip.AddrPortFrom(targetAt[0], 8443))
	if c, err := dial(nodeAt[0], netip.MustParseAddrPort("198.18.0.1:443"), silence); err == nil {
		c.Close()
		t.Error("a connection leads out of the VPC")
	}
	p.p.Filter.Groups[0] = vpc.SecurityGroup{ID: group(targetID)}
	p.set()
	silent("the target's group is against it", nodeAt[0], netip.AddrPortFrom(targetAt[0], 8443))
	p.p.Filter.Groups[0], p.p.Filter.Groups[2] = open(targetID), vpc.SecurityGroup{ID: group(nodeID)}
	p.set()
	silent("the load balancer's group is against it", nodeAt[1], netip.AddrPortFrom(targetAt[1], 8443))
}
