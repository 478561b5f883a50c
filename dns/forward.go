package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	miekg "github.com/miekg/dns"
)

const (
	// attemptTimeout is how long one datagram is waited for: two of them
	// fit into upstreamTimeout.
	attemptTimeout = 1500 * time.Millisecond
	udpAttempts    = 2
	// maxUpstream bounds the queries of all VPCs that are under way at once.
	maxUpstream = 256
)

// NewForwarder returns an Upstream that asks the resolver which dial connects
// to (network is "udp" or "tcp"). Each query goes over a connection of its
// own, so that with a fresh port and a random id an answer is hard to forge;
// packets that do not answer the question are passed over. A truncated answer
// is asked for again over TCP.
func NewForwarder(dial func(ctx context.Context, network string) (net.Conn, error)) Upstream {
	f := &forwarder{dial: dial, slots: make(chan struct{}, maxUpstream)}
	return f.ask
}

type forwarder struct {
	dial  func(ctx context.Context, network string) (net.Conn, error)
	slots chan struct{}
}

func (f *forwarder) ask(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for an upstream slot: %w", ctx.Err())
	}
	answer, err := f.askUDP(ctx, q)
	if err == nil && answer.Truncated {
		answer, err = f.exchange(ctx, "tcp", q)
	}
	return answer, err
}

// askUDP sends the question again when the answer does not come.
func (f *forwarder) askUDP(ctx context.Context, q *miekg.Msg) (answer *miekg.Msg, err error) {
	for range udpAttempts {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		answer, err = f.exchange(attempt, "udp", q)
		cancel()
		if !errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			break
		}
	}
	return answer, err
}

// exchange asks once, until ctx is done.
func (f *forwarder) exchange(ctx context.Context, network string, q *miekg.Msg) (*miekg.Msg, error) {
	nc, err := f.dial(ctx, network)
	if err != nil {
		return nil, fmt.Errorf("dial upstream resolver: %w", err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()
	query := q.Copy()
	query.Id = miekg.Id()
	conn := conn{nc, network == "udp"}
	if err := conn.write(query); err != nil {
		return nil, fmt.Errorf("ask upstream resolver: %w", err)
	}
	answer, err := conn.read(query)
	if err != nil {
		return nil, fmt.Errorf("read upstream answer: %w", err)
	}
	return answer, nil
}

// conn carries messages: a datagram each, or with their length in front.
type conn struct {
	net.Conn
	datagram bool
}

func (c conn) write(m *miekg.Msg) error {
	b, err := m.Pack()
	if err != nil {
		return err
	}
	if !c.datagram {
		return writeMessage(c, b)
	}
	_, err = c.Write(b)
	return err
}

// read returns the answer to query. Datagrams that are none are passed over,
// because anybody may send one; in a stream nothing else can come.
func (c conn) read(query *miekg.Msg) (*miekg.Msg, error) {
	buf := make([]byte, 2*udpSize) // twice of what was offered
	for {
		b, err := c.readPacket(buf)
		if err != nil {
			return nil, err
		}
		m, err := decode(b)
		if err == nil && answers(query, m) {
			return m, nil
		}
		if !c.datagram {
			return nil, errors.New("not an answer to the question")
		}
	}
}

func (c conn) readPacket(buf []byte) ([]byte, error) {
	if !c.datagram {
		return readMessage(c)
	}
	n, err := c.Read(buf)
	return buf[:n], err
}

// decode reads a message, and makes sure that it can be written as well: the
// codec reads records without data and writes them so that nobody can read
// them.
func decode(b []byte) (*miekg.Msg, error) {
	m := new(miekg.Msg)
	if err := m.Unpack(b); err != nil {
		return nil, err
	}
	again, err := m.Pack()
	if err != nil {
		return nil, err
	}
	return m, new(miekg.Msg).Unpack(again)
}

// answers reports whether m is an answer to query (RFC 5452, section 9.1).
func answers(query, m *miekg.Msg) bool {
	if !m.Response || m.Id != query.Id || m.Opcode != query.Opcode || len(m.Question) != 1 {
		return false
	}
	got, want := m.Question[0], query.Question[0]
	return got.Qtype == want.Qtype && got.Qclass == want.Qclass && strings.EqualFold(got.Name, want.Name)
}
