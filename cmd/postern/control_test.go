package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
)

// statusWhile is a status that takes its time, and needs its context for it.
type statusWhile time.Duration

func (d statusWhile) Status(ctx context.Context) (statusReport, error) {
	select {
	case <-time.After(time.Duration(d)):
		return statusReport{}, nil
	case <-ctx.Done():
		return statusReport{}, ctx.Err()
	}
}

// A daemon that ends answers every client that it has accepted, and leaves the
// others in the socket's queue.
func TestControlEndCutsNobody(t *testing.T) {
	const clients = 100
	for range 20 {
		dir := t.TempDir()
		l, err := world.Listen(dir, controlSocket)
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.File() // as the keeper holds it
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var waiting []*net.UnixConn
		for range clients {
			u, err := world.Dial(dir, controlSocket)
			if err != nil {
				t.Fatal(err)
			}
			defer u.Close()
			if err := world.WriteFrame(u, controlRequest{Status: &statusRequest{}}); err != nil {
				t.Fatal(err)
			}
			waiting = append(waiting, u)
		}
		serveOnce(t, l, func(cancel context.CancelFunc) {
			readReply(waiting[0]) // it has begun
			cancel()
		})
		again, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		serveOnce(t, again.(*net.UnixListener), func(cancel context.CancelFunc) {
			for n, u := range waiting[1:] {
				u.SetReadDeadline(time.Now().Add(10 * time.Second))
				if _, err := readReply(u); err != nil {
					t.Errorf("client %d: %v", n+1, err)
				}
			}
			cancel()
		})
	}
}

// serveOnce serves l until during cancels it.
func serveOnce(t *testing.T, l *net.UnixListener, during func(context.CancelFunc)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &control{listener: l, sessions: map[string]statusSession{}, controlConfig: controlConfig{
		World: &world.Inside{}, Status: statusWhile(time.Millisecond), Log: slog.New(slog.DiscardHandler),
	}}
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	during(cancel)
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// A workload is told of a resolver's address that it has the family for.
func TestAttachmentResolver(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.1.5"), netip.MustParseAddr("3fff:0:0:1::5")
	network := vpc.Network{CIDR: netip.MustParsePrefix("10.0.0.0/16")}
	for _, row := range []struct {
		name string
		eni  vpc.ENI
		want string
	}{
		{"IPv4", vpc.ENI{Address: four}, "10.0.0.2"},
		{"dual-stack", vpc.ENI{Address: four, IPv6: six}, "10.0.0.2"},
		{"IPv6-only", vpc.ENI{IPv6: six}, "fd00:ec2::253"},
	} {
		if got := (attachment{ENI: row.eni, Network: network}).resolver().String(); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
