package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	miekg "github.com/miekg/dns"
)

// Without enableDnsSupport there is no answer at all; with it again there is.
func TestSupportOff(t *testing.T) {
	r := newResolver(elsewhere)
	packet, err := question("eks.us-east-1.amazonaws.com.", A).Pack()
	if err != nil {
		t.Fatal(err)
	}
	off := theView
	off.Support = false
	r.view.Store(compileView(off))
	if out := r.exchange(context.Background(), packet); out != nil {
		t.Errorf("answer %x", out)
	}
	r.view.Store(nil)
	if out := r.exchange(context.Background(), packet); out != nil {
		t.Errorf("answer before the first Set %x", out)
	}
	r.view.Store(compileView(theView))
	if out := r.exchange(context.Background(), packet); out == nil {
		t.Error("no answer")
	}
}

// A TCP query to a VPC without DNS support ends the connection.
func TestSupportOffTCP(t *testing.T) {
	lab := newLab(t, nil)
	lab.Set(vpcID, View{})
	conn, err := net.Dial("tcp", lab.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	packet, _ := question("example.org.", A).Pack()
	if err := writeMessage(conn, packet); err != nil {
		t.Fatal(err)
	}
	if _, err := readMessage(conn); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v, want EOF", err)
	}
}

// Without an upstream the answer to what is not ours is SERVFAIL, at once.
func TestNoUpstream(t *testing.T) {
	lab := newLab(t, nil)
	for _, network := range []string{"udp", "tcp"} {
		if m := lab.ask(t, network, question("example.org.", A)); m.Rcode != miekg.RcodeServerFailure {
			t.Errorf("%s: %v", network, m)
		}
	}
}

// Several queries go over one connection.
func TestPipeline(t *testing.T) {
	lab := newLab(t, elsewhere)
	conn, err := net.Dial("tcp", lab.tcp)
	if err != nil {
		t.Fatal(err)
	}
	c := &miekg.Conn{Conn: conn}
	defer c.Close()
	names := []string{"eks.us-east-1.amazonaws.com.", "example.org.", "localhost."}
	for _, name := range names {
		if err := c.WriteMsg(question(name, A)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		m, err := c.ReadMsg()
		if err != nil || m.Question[0].Name != name {
			t.Errorf("want the answer for %s, got %v, %v", name, m, err)
		}
	}
}

// Each VPC has names of its own; the public ones they share.
func TestVPCsApart(t *testing.T) {
	lab := newLab(t, nil)
	pc, l := listen(t)
	other := "vpc-0ffffffffffffffff"
	lab.Set(other, View{Support: true, Hostnames: true})
	served := make(chan error, 1)
	go func() { served <- lab.Serve(context.Background(), other, pc, l) }()
	there := *lab
	there.udp = pc.LocalAddr().String()

	for _, row := range []struct {
		name, want string
	}{
		{"eks.us-east-1.amazonaws.com.", "eks.us-east-1.amazonaws.com. 60 IN A 198.18.31.1"},
		{thePublic[1].Name + ".", thePublic[1].Name + ". 60 IN A 10.0.1.7"},
		{"ip-10-0-1-5.ec2.internal.", noName + "ec2.internal."},
	} {
		if got := outcome(there.ask(t, "udp", question(row.name, A))); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	lab.Remove(other)
	if err := <-served; err != nil {
		t.Error(err)
	}
	if got := outcome(lab.ask(t, "udp", question("ip-10-0-1-5.ec2.internal.", A))); got != "ip-10-0-1-5.ec2.internal. 60 IN A 10.0.1.5" {
		t.Errorf("after the removal of another VPC: %s", got)
	}
}

// A client that waits and an idle connection hold up no end: Remove returns
// when the sockets are closed, and Serve returns nil.
func TestRemove(t *testing.T) {
	asked := make(chan struct{})
	lab := newLab(t, func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	idle, err := net.Dial("tcp", lab.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	conn, err := net.Dial("udp", lab.udp)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	packet, _ := question("example.org.", A).Pack()
	if _, err := conn.Write(packet); err != nil {
		t.Fatal(err)
	}
	<-asked
	lab.Remove(vpcID)
	if err := <-lab.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", lab.tcp); err == nil {
		t.Error("the listener is still open")
	}
}

func TestServeAfterClose(t *testing.T) {
	lab := newLab(t, nil)
	lab.Close()
	if err := <-lab.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	pc, l := listen(t)
	if err := lab.Serve(context.Background(), vpcID, pc, l); !errors.Is(err, ErrClosed) {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener was left open: %v", err)
	}
}

func TestServeUntilContextEnds(t *testing.T) {
	s := newLab(t, nil).Server
	pc, l := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Serve(ctx, vpcID, pc, l); err != nil {
		t.Error(err)
	}
}

// The queries of one VPC that wait for the upstream are bounded; one too many
// is refused, and names of our own are answered meanwhile.
func TestForwardsAreBounded(t *testing.T) {
	var waiting atomic.Int32
	full := make(chan struct{})
	lab := newLab(t, func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
		if waiting.Add(1) == maxForwards {
			close(full)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	conn, err := net.Dial("udp", lab.udp)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range maxForwards {
		packet, _ := question(fmt.Sprintf("%d.example.org.", i), A).Pack()
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	<-full
	for _, network := range []string{"udp", "tcp"} {
		if m := lab.ask(t, network, question("example.org.", A)); m.Rcode != miekg.RcodeServerFailure {
			t.Errorf("%s: %v", network, m)
		}
		if m := lab.ask(t, network, question("eks.us-east-1.amazonaws.com.", A)); len(m.Answer) != 2 {
			t.Errorf("%s: %v", network, m)
		}
	}
	if n := waiting.Load(); n != maxForwards {
		t.Errorf("%d queries were upstream", n)
	}
}

// An upstream that does not answer costs the client less than its own patience.
func TestUpstreamTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		start := time.Now()
		m := r.forward(t.Context(), question("example.org.", A))
		if took := time.Since(start); m.Rcode != miekg.RcodeServerFailure || took != upstreamTimeout {
			t.Errorf("after %v: %v", took, m)
		}
	})
}

func TestIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		start := time.Now()
		newResolver(nil).serveConn(t.Context(), server)
		if took := time.Since(start); took != tcpIdle {
			t.Errorf("closed after %v", took)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("read: %v", err)
		}
	})
}

// A connection above the limit is closed, not left waiting.
func TestConnectionsAreBounded(t *testing.T) {
	lab := newLab(t, nil)
	r := lab.vpcs[vpcID]
	for range maxConns {
		r.conns <- struct{}{}
	}
	conn, err := net.Dial("tcp", lab.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v, want EOF", err)
	}
	<-r.conns
	if m := lab.ask(t, "tcp", question("localhost.", A)); len(m.Answer) != 1 {
		t.Errorf("with a free place: %v", m)
	}
}

// What an upstream says passes, less its EDNS; what else the client sent does
// not go to it.
func TestForward(t *testing.T) {
	var asked *miekg.Msg
	r := newResolver(func(_ context.Context, q *miekg.Msg) (*miekg.Msg, error) {
		asked = q
		m := new(miekg.Msg).SetRcode(q, miekg.RcodeNameError)
		soa, err := miekg.NewRR("org. 900 IN SOA a.example.org. b.example.org. 1 2 3 4 5")
		m.Ns = []miekg.RR{soa}
		m.AuthenticatedData = true
		m.SetEdns0(4096, false)
		return m, err
	})
	q := question("example.org.", A)
	q.Extra = []miekg.RR{&miekg.TXT{Hdr: header("secret.", miekg.TypeTXT), Txt: []string{"x"}}}
	packet, _ := q.Pack()
	m := new(miekg.Msg)
	if err := m.Unpack(r.exchange(t.Context(), packet)); err != nil {
		t.Fatal(err)
	}
	if m.Rcode != miekg.RcodeNameError || len(m.Ns) != 1 || len(m.Extra) != 0 || m.AuthenticatedData || m.Id != q.Id {
		t.Errorf("got %v", m)
	}
	if len(asked.Extra) != 1 || asked.IsEdns0() == nil || asked.IsEdns0().UDPSize() != udpSize {
		t.Errorf("asked %v", asked)
	}
	q.SetEdns0(1232, true) // a question of its own for the upstream
	if m := r.forward(t.Context(), q); !m.AuthenticatedData {
		t.Error("AD is lost although the client understands it")
	}
}

// Codes of the hop to the upstream, and answers that do not encode, are
// SERVFAIL for the client.
func TestForwardBadAnswer(t *testing.T) {
	for _, bad := range []*miekg.Msg{
		{MsgHdr: miekg.MsgHdr{Rcode: miekg.RcodeBadVers}},
		{Answer: []miekg.RR{&miekg.TXT{Hdr: header("example.org.", miekg.TypeTXT), Txt: []string{string(make([]byte, 300))}}}},
	} {
		r := newResolver(func(context.Context, *miekg.Msg) (*miekg.Msg, error) { return bad, nil })
		packet, _ := question("example.org.", A).Pack()
		m := new(miekg.Msg)
		if err := m.Unpack(r.exchange(t.Context(), packet)); err != nil || m.Rcode != miekg.RcodeServerFailure {
			t.Errorf("%v: got %v, %v", bad, m, err)
		}
	}
}
