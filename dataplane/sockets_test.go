package dataplane

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
)

// custody is a Custody that keeps files.
type custody map[string]*os.File

func (c custody) Hold(name string, s syscall.Conn) (err error) {
	c[name], err = s.(interface{ File() (*os.File, error) }).File() // both kinds have it
	return err
}

func (c custody) Drop(name string) error {
	f := c[name]
	delete(c, name)
	return f.Close()
}

// A Host that comes after another one takes its listening sockets: nobody who
// connects in between is turned away.
func TestSocketsAreInherited(t *testing.T) {
	n := newNetwork(t, client, door)
	n.may(client, anything(true))
	n.may(door, anything(false))
	n.set()
	files := custody{}
	n.host.custody = files
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
	for _, key := range []string{vpcID + " tcp 10.0.2.9:443", vpcID + " udp 10.0.0.2:53", vpcID + " tcp 10.0.2.9:444"} {
		if files[key] == nil {
			t.Errorf("no socket %q in %v", key, files)
		}
	}
	if len(files) != 3 {
		t.Errorf("%d sockets are handed over: %v", len(files), files)
	}
	n.host.custody = nil // as in a process that ends
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

	kept := custody{}
	for key := range files {
		if kept[key], err = os.Open(os.DevNull); err != nil {
			t.Fatal(err)
		}
	}
	next, err := NewHost(Config{Dir: n.host.dir, Log: n.host.log, Inherited: files, Custody: kept})
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
	if len(kept) != 2 {
		t.Errorf("in custody: %v", kept)
	}
	for _, c := range []interface{ Close() error }{l, u} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) != 0 {
		t.Errorf("in custody after the end: %v", kept)
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
