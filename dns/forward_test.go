package dns

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	miekg "github.com/miekg/dns"
)

// A peer is the other end of the forwarder's connections: handle sees the
// query of each dial, from 1, and returns the packets that come back.
type peer struct {
	dials  []string // networks
	handle func(dial int, q *miekg.Msg) []*miekg.Msg
}

func (p *peer) dial(ctx context.Context, network string) (net.Conn, error) {
	p.dials = append(p.dials, network)
	dial := len(p.dials)
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		c := conn{theirs, network == "udp"}
		b, err := c.readPacket(make([]byte, 4096))
		q := new(miekg.Msg)
		if err != nil || q.Unpack(b) != nil {
			return
		}
		for _, m := range p.handle(dial, q) {
			if c.write(m) != nil {
				return
			}
		}
		theirs.Read(make([]byte, 1)) // until the forwarder closes
	}()
	return ours, nil
}

func reply(q *miekg.Msg, change func(*miekg.Msg)) *miekg.Msg {
	m := new(miekg.Msg).SetReply(q)
	m.Answer = []miekg.RR{&miekg.TXT{Hdr: header(q.Question[0].Name, miekg.TypeTXT), Txt: []string{"true"}}}
	change(m)
	return m
}

func keep(*miekg.Msg) {}

// Only the answer to the question counts: with its id, question and QR.
func TestForwarderPassesOverForgeries(t *testing.T) {
	var ids []uint16
	p := &peer{handle: func(_ int, q *miekg.Msg) []*miekg.Msg {
		ids = append(ids, q.Id)
		return []*miekg.Msg{
			reply(q, func(m *miekg.Msg) { m.Id++; m.Answer = nil }),
			reply(q, func(m *miekg.Msg) { m.Response = false }),
			reply(q, func(m *miekg.Msg) { m.Question[0].Name = "example.com." }),
			reply(q, func(m *miekg.Msg) { m.Question[0].Qtype = AAAA }),
			reply(q, func(m *miekg.Msg) { m.Question = nil }),
			reply(q, keep),
		}
	}}
	q := question("example.org.", miekg.TypeTXT)
	ask := NewForwarder(p.dial)
	for range 3 {
		m, err := ask(t.Context(), q)
		if err != nil || text(m.Answer) != `example.org. 60 IN TXT "true"` {
			t.Fatalf("got %v, %v", m, err)
		}
	}
	if ids[0] == q.Id && ids[1] == q.Id || ids[0] == ids[1] && ids[1] == ids[2] {
		t.Errorf("ids %v are not random", ids)
	}
}

// A truncated answer is asked for again over TCP, where anything else than the
// answer is an error.
func TestForwarderTCP(t *testing.T) {
	tcp := keep
	p := &peer{handle: func(dial int, q *miekg.Msg) []*miekg.Msg {
		if dial%2 == 1 {
			return []*miekg.Msg{reply(q, func(m *miekg.Msg) { m.Truncated = true; m.Answer = nil })}
		}
		return []*miekg.Msg{reply(q, tcp)}
	}}
	ask := NewForwarder(p.dial)
	m, err := ask(t.Context(), question("example.org.", miekg.TypeTXT))
	if err != nil || m.Truncated || len(m.Answer) != 1 {
		t.Errorf("got %v, %v", m, err)
	}
	if len(p.dials) != 2 || p.dials[0] != "udp" || p.dials[1] != "tcp" {
		t.Errorf("dialled %v", p.dials)
	}
	tcp = func(m *miekg.Msg) { m.Id++ }
	if m, err := ask(t.Context(), question("example.org.", miekg.TypeTXT)); err == nil {
		t.Errorf("a forged answer over TCP was taken: %v", m)
	}
}

// deaf is a peer that answers only after so many lost queries.
func deaf(lost int) *peer {
	return &peer{handle: func(dial int, q *miekg.Msg) []*miekg.Msg {
		if dial <= lost {
			return nil
		}
		return []*miekg.Msg{reply(q, keep)}
	}}
}

// A lost datagram is sent again, once.
func TestForwarderRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		m, err := NewForwarder(deaf(1).dial)(t.Context(), question("example.org.", miekg.TypeTXT))
		if err != nil || len(m.Answer) != 1 || time.Since(start) != attemptTimeout {
			t.Errorf("after %v: %v, %v", time.Since(start), m, err)
		}
		p := deaf(100)
		_, err = NewForwarder(p.dial)(t.Context(), question("example.org.", miekg.TypeTXT))
		if !errors.Is(err, os.ErrDeadlineExceeded) || len(p.dials) != udpAttempts {
			t.Errorf("%d attempts: %v", len(p.dials), err)
		}
	})
}

// The caller's context ends the wait.
func TestForwarderContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{handle: func(int, *miekg.Msg) []*miekg.Msg { return nil }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := NewForwarder(p.dial)(ctx, question("example.org.", A))
		if err == nil || time.Since(start) != time.Second || len(p.dials) != 1 {
			t.Errorf("after %v and %d dials: %v", time.Since(start), len(p.dials), err)
		}
	})
}

func TestForwarderBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		ask := NewForwarder(func(ctx context.Context, _ string) (net.Conn, error) {
			dials.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		for range maxUpstream + 5 {
			go ask(ctx, question("example.org.", A))
		}
		synctest.Wait()
		if n := dials.Load(); n != maxUpstream {
			t.Errorf("%d queries under way", n)
		}
		cancel()
		synctest.Wait()
	})
}

func TestForwarderDialError(t *testing.T) {
	ask := NewForwarder(func(context.Context, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED })
	if _, err := ask(t.Context(), question("example.org.", A)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// Over real sockets: a second lab is the upstream of the first.
func TestForwarderSockets(t *testing.T) {
	upstream := newLab(t, nil)
	lab := newLab(t, NewForwarder(func(ctx context.Context, network string) (net.Conn, error) {
		address := map[string]string{"udp": upstream.udp, "tcp": upstream.tcp}[network]
		return new(net.Dialer).DialContext(ctx, network, address)
	}))
	upstream.Set(vpcID, View{Support: true, Hostnames: true, Zones: []RRSet{set("www.example.org", "192.0.2.80")}})
	if got, want := outcome(lab.ask(t, "udp", question("WWW.example.org.", A))), "WWW.example.org. 60 IN A 192.0.2.80"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
