package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a running proxy: the client's end, the target's end, and how it ended.
type line struct {
	client, target *net.TCPConn
	ended          <-chan error
}

// lay runs a proxy between two connections over loopback.
func lay(t *testing.T, edit ...func(*Connection)) line {
	t.Helper()
	client, accepted := pair(t)
	dialed, target := pair(t)
	c := Connection{Client: accepted, Dial: func(context.Context) (net.Conn, error) { return dialed, nil }}
	for _, e := range edit {
		e(&c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c) }()
	t.Cleanup(func() { cancel() })
	return line{client, target, ended}
}

// pair are the two ends of a TCP connection.
func pair(t *testing.T) (dialed, accepted *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{d, a} {
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	return d.(*net.TCPConn), a.(*net.TCPConn)
}

func send(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Error(err)
	}
}

func receive(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("received %d bytes (%v) that are not what was sent", len(got), err)
	}
}

// wantReset wants the peer of c to have reset it.
func wantReset(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the %s's connection: %v, want a reset", what, err)
	}
}

func (l line) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-l.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the proxy does not end")
		return nil
	}
}

// A large body passes in both directions, and an end of data of one side leaves
// the other one open.
func TestRunHalfClose(t *testing.T) {
	l := lay(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		l.client.Write(body)
		l.client.CloseWrite()
	}()
	receive(t, l.target, body)
	if n, err := l.target.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the client's end: %d, %v", n, err)
	}
	go func() {
		l.target.Write(body)
		l.target.CloseWrite()
	}()
	receive(t, l.client, body)
	if n, err := l.client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the target's end: %d, %v", n, err)
	}
	if err := l.end(t); err != nil {
		t.Error(err)
	}
}

// The header comes before the first byte of the client.
func TestRunHeader(t *testing.T) {
	source, destination := netip.MustParseAddrPort("10.0.1.7:49152"), netip.MustParseAddrPort("10.0.2.9:443")
	l := lay(t, func(c *Connection) {
		c.Source, c.Destination, c.Endpoint, c.Header = source, destination, "vpce-1", true
	})
	send(t, l.client, []byte("hello"))
	receive(t, l.target, append(Header(source, destination, "vpce-1"), "hello"...))
	l.client.Close()
	l.target.Close()
	if err := l.end(t); err != nil {
		t.Error(err)
	}
}

// Silence resets both connections; data in one direction is no silence.
func TestRunIdle(t *testing.T) {
	const idle = 2 * time.Second
	l := lay(t, func(c *Connection) { c.Idle = idle })
	begin := time.Now()
	tick := time.NewTicker(idle / 4)
	defer tick.Stop()
	for range 8 {
		<-tick.C
		send(t, l.client, []byte("."))
		receive(t, l.target, []byte("."))
	}
	last := time.Now()
	if err := l.end(t); !errors.Is(err, ErrIdle) {
		t.Errorf("ended with %v", err)
	}
	if kept, silent := last.Sub(begin), time.Since(last); kept < 2*idle-idle/4 || silent < idle*3/4 {
		t.Errorf("ended %v after the last byte of a connection of %v", silent, kept)
	}
	wantReset(t, "client", l.client)
	wantReset(t, "target", l.target)
}

// A reset of one side is passed on to the other.
func TestRunReset(t *testing.T) {
	for _, who := range []string{"client", "target"} {
		l := lay(t)
		from, to := l.client, l.target
		if who == "target" {
			from, to = to, from
		}
		send(t, from, []byte("x"))
		receive(t, to, []byte("x"))
		if err := from.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		from.Close()
		wantReset(t, "other side of the "+who, to)
		if err := l.end(t); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the %s's reset: %v", who, err)
		}
	}
}

// A target that is not there resets the client.
func TestRunNoTarget(t *testing.T) {
	l := lay(t, func(c *Connection) {
		c.Dial = func(context.Context) (net.Conn, error) { return nil, os.ErrDeadlineExceeded }
	})
	wantReset(t, "client", l.client)
	if err := l.end(t); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// The end of the context ends the connection, while dialing too.
func TestRunContext(t *testing.T) {
	for _, dialing := range []bool{false, true} {
		client, accepted := pair(t)
		dialed, target := pair(t)
		ctx, cancel := context.WithCancel(t.Context())
		began := make(chan bool, 1)
		c := Connection{Client: accepted, Dial: func(ctx context.Context) (net.Conn, error) {
			began <- true
			if dialing {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return dialed, nil
		}}
		ended := make(chan error, 1)
		go func() { ended <- Run(ctx, c) }()
		<-began
		if !dialing { // the proxy works
			send(t, client, []byte("x"))
			receive(t, target, []byte("x"))
		}
		cancel()
		if err := (line{ended: ended}).end(t); !errors.Is(err, context.Canceled) {
			t.Errorf("dialing %v: %v", dialing, err)
		}
		wantReset(t, "client", client)
	}
}

// What is no TCP connection is closed and refused.
func TestRunNoTCP(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	if err := Run(t.Context(), Connection{Client: a}); err == nil {
		t.Error("a pipe is carried")
	}
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the pipe is open: %v", err)
	}
}
