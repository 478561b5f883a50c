package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// defaultIdle is how long a connection may be silent ("Network Load Balancers:
// connection idle timeout").
const defaultIdle = 350 * time.Second

// dialTimeout bounds how long a client waits for the target.
const dialTimeout = 10 * time.Second

// ErrIdle is the end of a connection on which nothing was sent for longer than
// its idle timeout.
var ErrIdle = errors.New("idle timeout")

// Connection is a client's connection and where it goes on.
type Connection struct {
	Client      net.Conn       // accepted, a *net.TCPConn; Run closes it
	Source      netip.AddrPort // the client, as the target is told
	Destination netip.AddrPort // what the client has connected to
	Endpoint    string         // vpce-… that it came through; may be empty
	Header      bool           // tell the target all that
	Idle        time.Duration  // 350 s when 0

	// Dial connects to the target; the result is a *net.TCPConn. It returns
	// when ctx ends.
	Dial func(ctx context.Context) (net.Conn, error)
}

// Run carries c until both sides have ended it, and returns nil then. The end
// of ctx, ErrIdle and a failure of one side reset the connections of both.
func Run(ctx context.Context, c Connection) error {
	client, err := tcp(c.Client)
	if err != nil {
		return fmt.Errorf("accept client: %w", err)
	}
	target, err := connect(ctx, c)
	if err != nil {
		reset(client)
		return fmt.Errorf("connect to target: %w", err)
	}
	return carry(ctx, client, target, cmp.Or(c.Idle, defaultIdle))
}

func tcp(c net.Conn) (*net.TCPConn, error) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T is no TCP connection", c), c.Close())
	}
	return t, nil
}

// connect dials the target and sends the header.
func connect(ctx context.Context, c Connection) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := c.Dial(ctx)
	if err != nil {
		return nil, err
	}
	target, err := tcp(conn)
	if err != nil || !c.Header {
		return target, err
	}
	if _, err := target.Write(Header(c.Source, c.Destination, c.Endpoint)); err != nil {
		reset(target)
		return nil, fmt.Errorf("send header: %w", err)
	}
	return target, nil
}

// carry copies in both directions until both have ended, and closes both
// connections.
func carry(ctx context.Context, client, target *net.TCPConn, idle time.Duration) error {
	copied := make(chan error, 2)
	go func() { copied <- forward(target, client) }()
	go func() { copied <- forward(client, target) }()
	silence := time.NewTimer(idle)
	defer silence.Stop()
	var cause error
	end := func(err error) {
		if cause == nil && err != nil {
			cause = err
			reset(client)
			reset(target)
		}
	}
	done := ctx.Done()
	for open := 2; open > 0; {
		select {
		case err := <-copied:
			open--
			end(err)
		case <-silence.C:
			if rest := idle - min(quiet(client), quiet(target)); rest > 0 {
				silence.Reset(rest)
			} else {
				end(ErrIdle)
			}
		case <-done:
			done = nil
			end(ctx.Err())
		}
	}
	client.Close()
	target.Close()
	return cause
}

// forward copies until src has nothing more to send, and says so to dst.
func forward(dst, src *net.TCPConn) error {
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	if err := dst.CloseWrite(); err != nil && !errors.Is(err, unix.ENOTCONN) {
		return err
	}
	return nil
}

// quiet is for how long c has received no data; nothing where that is not
// known.
func quiet(c *net.TCPConn) time.Duration {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	var d time.Duration
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			d = time.Duration(info.Last_data_recv) * time.Millisecond
		}
	})
	return d
}

// reset closes c so that its peer sees a reset.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // fails only where c is closed already
	c.Close()
}
