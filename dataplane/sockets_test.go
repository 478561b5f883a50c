package dataplane

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
)

// A Host that comes after another one takes its listening sockets: nobody who
// connects in between is turned away.
func TestSocketsAreInherited(t *testing.T) {
	n := newNetwork(t, client, door)
	n.may(client, anything(true))
	n.may(door, anything(false))
	n.set()
	web, dns, spare := netip.AddrPortFrom(at[door], 443), netip.AddrPortFrom(resolver, 53), netip.AddrPortFrom(at[door], 444)
	l, err := n.host.Listen(vpcID, web)
	if err != nil {
		t.Fatal(err)
	}
	u, err := n.host.ListenPacket(vpcID, dns)
	if err != nil {
		t.Fatal(err)
	}
	unused, err := n.host.Listen(vpcID, spare)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := n.host.Listen(vpcID, netip.AddrPortFrom(at[door], 445))
	if err := errors.Join(err, closed.Close()); err != nil {
		t.Fatal(err)
	}
	files, err := n.host.Sockets()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{vpcID + " tcp 10.0.2.9:443", vpcID + " udp 10.0.0.2:53", vpcID + " tcp 10.0.2.9:444"} {
		if files[key] == nil {
			t.Errorf("no socket %q in %v", key, files)
		}
	}
	if len(files) != 3 {
		t.Errorf("%d sockets are handed over: %v", len(files), files)
	}
	for _, c := range []interface{ Close() error }{l, u, unused} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := n.dial(client, web, patience) // while nobody serves
	if err != nil {
		t.Fatal("between the two: ", err)
	}
	defer waiting.Close()

	next, err := NewHost(Config{Dir: n.host.dir, Log: n.host.log, Inherited: files})
	if err := errors.Join(err, n.host.Close()); err != nil {
		t.Fatal(err)
	}
	n.host = next
	n.set()
	if l, err = n.host.Listen(vpcID, web); err != nil {
		t.Fatal(err)
	}
	if u, err = n.host.ListenPacket(vpcID, dns); err != nil {
		t.Fatal(err)
	}
	n.serve(l, u)
	n.talks(waiting)
	if !n.answers(client, dns, patience) {
		t.Error("the inherited UDP socket does not answer")
	}
	if err := n.host.CloseInherited(); err != nil {
		t.Fatal(err)
	}
	if c, err := n.dial(client, spare, patience); err == nil {
		c.Close()
		t.Error("a socket that nobody took still listens")
	}
}

// Only what is asked for inherits.
func TestClosedSocketsAreNotHandedOver(t *testing.T) {
	n := newNetwork(t, door)
	n.set()
	a := netip.AddrPortFrom(at[door], 443)
	for range 2 { // the second replaces the first
		l, err := n.host.Listen(vpcID, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := n.host.Sockets(); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// Dial gives up with its context, and says what the other side said.
func TestDialFails(t *testing.T) {
	n := newNetwork(t, server)
	n.set()
	to := netip.AddrPortFrom(at[server], 80)
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	began := time.Now()
	c, err := n.host.Dial(ctx, vpcID, gatewayA, to) // the server's group lets nothing in
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > patience {
		t.Errorf("%v, %v after %v", c, err, time.Since(began))
	}
	if _, err := n.host.Dial(context.Background(), vpcID, netip.MustParseAddr("192.0.2.1"), to); err == nil {
		t.Error("dials from an address that the VPC does not have")
	}
	if _, err := n.host.Dial(context.Background(), "vpc-0fedcba9876543210", gatewayA, to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a VPC that does not exist: %v", err)
	}
}

// The socket is the VPC's. Here nothing filters.
func TestDialConnects(t *testing.T) {
	n := newNetwork(t)
	if err := netns.Create(n.host.path(vpcID), nil); err != nil {
		t.Fatal(err)
	}
	h, err := link.Open(n.host.path(vpcID))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := link.SetLocals(h, []netip.Addr{gatewayA, gatewayB}); err != nil {
		t.Fatal(err)
	}
	l, err := n.host.Listen(vpcID, netip.AddrPortFrom(gatewayA, 80))
	if err != nil {
		t.Fatal(err)
	}
	u, err := n.host.ListenPacket(vpcID, netip.AddrPortFrom(gatewayA, 80))
	if err != nil {
		t.Fatal(err)
	}
	n.serve(l, u)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := n.host.Dial(ctx, vpcID, gatewayB, netip.AddrPortFrom(gatewayA, 80))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if a := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); a != gatewayB || c.RemoteAddr().String() != "10.0.1.1:80" {
		t.Errorf("from %v to %v", c.LocalAddr(), c.RemoteAddr())
	}
	n.talks(c)
	if c, err := n.host.Dial(ctx, vpcID, gatewayB, netip.AddrPortFrom(gatewayA, 81)); err == nil || ctx.Err() != nil {
		t.Errorf("a closed port: %v, %v", c, err)
	}
	d, err := n.host.DialPacket(vpcID, gatewayB, netip.AddrPortFrom(gatewayA, 80))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n.talks(d)
}
