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
)

const (
	// Want of file descriptors makes Accept fail; it passes. UDP goes on
	// meanwhile.
	acceptFailures = 50
	acceptPause    = 100 * time.Millisecond
)

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
	out, query := r.lookup(nil, packet, overTCP)
	if query == nil {
		return out
	}
	if !r.acquire() {
		return pack(query, servfail(query), overTCP)
	}
	defer r.release()
	return pack(query, r.forward(ctx, query), overTCP)
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
