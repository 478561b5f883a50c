package dns

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	miekg "github.com/miekg/dns"
)

const (
	// upstreamTimeout ends before the 5 s after which stub resolvers ask
	// again.
	upstreamTimeout = 4 * time.Second
	// maxForwards bounds the queries of one VPC that wait for an upstream.
	maxForwards = 64
	// maxConns bounds the TCP connections of one VPC.
	maxConns = 128
	// tcpIdle is how long a TCP connection may be silent.
	tcpIdle = 10 * time.Second
)

// resolver answers the queries of one VPC.
type resolver struct {
	log      *slog.Logger
	cache    *cache                // in front of the upstream, the server's; nil without one
	view     atomic.Pointer[zones] // nil until the first Set
	public   *directory            // the server's
	batches  *sync.Pool            // the server's
	forwards chan struct{}         // a token for each query that is upstream
	conns    chan struct{}         // a token for each TCP connection
	removed  chan struct{}         // closed when the VPC is removed
	serving  sync.WaitGroup        // calls of serve
}

// lookup answers one packet from what is known here and appends the answer to
// out. It returns the query without an answer when the upstream must be asked,
// and neither when the packet gets no answer.
func (r *resolver) lookup(out, packet []byte, t transport) (answered []byte, forward *miekg.Msg) {
	view := r.view.Load()
	if view == nil || view.drop {
		return nil, nil
	}
	if out, ok := answerPlain(view, r.public, out, packet, t); ok {
		return out, nil
	}
	query, rcode, ok := parse(packet)
	if !ok {
		return nil, nil
	}
	reply := new(miekg.Msg).SetRcode(query, rcode)
	if rcode == miekg.RcodeSuccess && !answer(view, r.public, reply) {
		if r.cache == nil {
			reply.Rcode = miekg.RcodeServerFailure
		} else if hit := r.cache.get(upstreamQuery(query)); hit != nil {
			reply = relay(query, hit)
		} else {
			return nil, query
		}
	}
	return append(out, pack(query, reply, t)...), nil
}

// forward asks the upstream and returns its answer to query: SERVFAIL when
// that fails or takes too long. The caller holds a token (acquire).
func (r *resolver) forward(ctx context.Context, query *miekg.Msg) *miekg.Msg {
	ctx, cancel := context.WithTimeout(ctx, upstreamTimeout)
	defer cancel()
	got, err := r.cache.ask(ctx, upstreamQuery(query))
	if err != nil {
		r.log.Debug("ask upstream", "name", query.Question[0].Name, "err", err)
		return servfail(query)
	}
	return relay(query, got)
}

// relay makes what the upstream has said the answer to query.
func relay(query, got *miekg.Msg) *miekg.Msg {
	if got.Rcode > 15 { // belongs to the hop to the upstream
		return servfail(query)
	}
	reply := new(miekg.Msg).SetRcode(query, got.Rcode)
	reply.Answer, reply.Ns, reply.Extra = got.Answer, got.Ns, withoutOPT(got.Extra)
	opt := query.IsEdns0()
	reply.AuthenticatedData = got.AuthenticatedData && (query.AuthenticatedData || opt != nil && opt.Do())
	return reply
}

// acquire takes a token for a forward; false when there is none.
func (r *resolver) acquire() bool {
	select {
	case r.forwards <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *resolver) release() { <-r.forwards }

// upstreamQuery is the question of query as it leaves for the upstream:
// nothing else that the client sent goes along. Whether the answer is
// authentic is always asked (RFC 6840, section 5.7), since others will be
// answered with it.
func upstreamQuery(query *miekg.Msg) *miekg.Msg {
	q := new(miekg.Msg)
	q.Question = []miekg.Question{query.Question[0]}
	q.RecursionDesired = true
	q.CheckingDisabled = query.CheckingDisabled
	q.AuthenticatedData = true
	opt := query.IsEdns0()
	q.SetEdns0(udpSize, opt != nil && opt.Do())
	return q
}

func withoutOPT(rrs []miekg.RR) []miekg.RR {
	var kept []miekg.RR
	for _, rr := range rrs {
		if rr.Header().Rrtype != miekg.TypeOPT {
			kept = append(kept, rr)
		}
	}
	return kept
}

func servfail(query *miekg.Msg) *miekg.Msg {
	return new(miekg.Msg).SetRcode(query, miekg.RcodeServerFailure)
}
