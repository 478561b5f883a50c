package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	miekg "github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

const (
	// Want of file descriptors makes Accept fail; it passes. UDP goes on
	// meanwhile.
	acceptFailures = 50
	acceptPause    = 100 * time.Millisecond
)

var errStopped = errors.New("stopped")

// serve answers what arrives at pc and l until ctx is done or the VPC is
// removed. It owns both and returns when everything it started has ended.
func (r *resolver) serve(ctx context.Context, pc net.PacketConn, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.serveUDP(ctx, pc) })
	g.Go(func() error { return r.serveTCP(ctx, l) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-r.removed:
		}
		pc.Close()
		l.Close()
		return errStopped // ends ctx for the others
	})
	if err := g.Wait(); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

// serveUDP answers from its own knowledge at once and leaves what the upstream
// must answer to a goroutine each, of which there are at most maxForwards.
func (r *resolver) serveUDP(ctx context.Context, pc net.PacketConn) error {
	var forwards sync.WaitGroup
	defer forwards.Wait()
	buf := make([]byte, miekg.MaxMsgSize)
	for {
		n, from, err := pc.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return errStopped
		} else if err != nil {
			return fmt.Errorf("read queries at %v: %w", pc.LocalAddr(), err)
		}
		out, query := r.lookup(buf[:n], udpLimit)
		if query != nil {
			out = r.forwardUDP(ctx, &forwards, pc, from, query)
		}
		if out != nil {
			pc.WriteTo(out, from) // a lost answer is asked for again
		}
	}
}

// forwardUDP starts the way of query to the upstream and back to the client.
// When too many queries of the VPC are on that way it returns the refusal.
func (r *resolver) forwardUDP(ctx context.Context, wg *sync.WaitGroup, pc net.PacketConn, to net.Addr, query *miekg.Msg) []byte {
	if !r.acquire() {
		return pack(query, servfail(query), udpLimit(query))
	}
	wg.Go(func() {
		defer r.release()
		if out := pack(query, r.forward(ctx, query), udpLimit(query)); ctx.Err() == nil {
			pc.WriteTo(out, to)
		}
	})
	return nil
}

// serveTCP accepts up to maxConns connections; it closes those above at once.
func (r *resolver) serveTCP(ctx context.Context, l net.Listener) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	for failures := 0; ; {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return errStopped
		} else if err != nil {
			if failures++; failures > acceptFailures {
				return fmt.Errorf("accept queries at %v: %w", l.Addr(), err)
			}
			pause(ctx, acceptPause)
			continue
		}
		failures = 0
		select {
		case r.conns <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		conns.Go(func() {
			defer func() { <-r.conns }()
			r.serveConn(ctx, conn)
		})
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// serveConn answers the queries of one connection one after the other. It ends
// with the first packet that gets no answer.
func (r *resolver) serveConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		conn.SetDeadline(time.Now().Add(tcpIdle))
		packet, err := readMessage(conn)
		if err != nil {
			return
		}
		out := r.exchange(ctx, packet)
		if out == nil {
			return
		}
		conn.SetDeadline(time.Now().Add(tcpIdle))
		if writeMessage(conn, out) != nil {
			return
		}
	}
}

// exchange answers a packet of a TCP connection.
func (r *resolver) exchange(ctx context.Context, packet []byte) []byte {
	out, query := r.lookup(packet, func(*miekg.Msg) int { return miekg.MaxMsgSize })
	if query == nil {
		return out
	}
	if !r.acquire() {
		return pack(query, servfail(query), miekg.MaxMsgSize)
	}
	defer r.release()
	return pack(query, r.forward(ctx, query), miekg.MaxMsgSize)
}

// readMessage reads a message with its length in front (RFC 1035, 4.2.2).
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	m := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, m)
	return m, err
}

// writeMessage writes m with its length in front, in one segment.
func writeMessage(w io.Writer, m []byte) error {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(m)), uint16(len(m)))
	_, err := w.Write(append(b, m...))
	return err
}
