package dns

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	miekg "github.com/miekg/dns"
)

const (
	// cacheSize is how many bytes of upstream answers are kept at most, as
	// they are on the wire, with cacheOverhead for each.
	cacheSize     = 16 << 20
	cacheOverhead = 256
	// An answer is kept for its TTL but never longer than this: that it is
	// there, and that it is not (RFC 2308, section 5).
	maxPositive = 24 * time.Hour
	maxNegative = time.Hour
)

// cache stands in front of the upstream for all VPCs. It asks the same
// question once at a time. Its lock is never held while the upstream is asked.
type cache struct {
	upstream Upstream

	mu      sync.Mutex
	kept    map[cacheKey]*list.Element
	recent  *list.List // of *cached, the one last used first
	size    int        // bytes of everything kept
	flights map[cacheKey]*flight
}

// cacheKey is what an answer depends on.
type cacheKey struct {
	name   string // canonical
	qtype  uint16
	do, cd bool
}

type cached struct {
	key         cacheKey
	wire        []byte
	from, until time.Time
}

func (c *cached) size() int { return len(c.wire) + len(c.key.name) + cacheOverhead }

// flight is a question on its way to the upstream. The rest is there, and not
// changed any more, when done is closed.
type flight struct {
	done      chan struct{}
	answer    *miekg.Msg
	err       error
	abandoned bool // whoever asked went away: err says nothing about the upstream
}

func newCache(upstream Upstream) *cache {
	return &cache{
		upstream: upstream,
		kept:     map[cacheKey]*list.Element{},
		recent:   list.New(),
		flights:  map[cacheKey]*flight{},
	}
}

func keyOf(q *miekg.Msg) cacheKey {
	opt := q.IsEdns0()
	return cacheKey{
		name:  miekg.CanonicalName(q.Question[0].Name),
		qtype: q.Question[0].Qtype,
		do:    opt != nil && opt.Do(),
		cd:    q.CheckingDisabled,
	}
}

// ask is an Upstream: it answers from what is kept, waits for whoever asks the
// same already, or asks itself. The answer is the caller's own.
func (c *cache) ask(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
	key := keyOf(q)
	for {
		if m := c.get(q); m != nil {
			return m, nil
		}
		f, first := c.join(key)
		if first {
			c.fly(ctx, key, f, q)
		} else if err := f.wait(ctx); err != nil {
			return nil, err
		}
		switch {
		case f.err == nil:
			return asked(f.answer.Copy(), q), nil
		case first || !f.abandoned:
			return nil, f.err
		}
	}
}

// wait returns when f has ended, or an error when ctx ends before.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the same question: %w", ctx.Err())
	}
}

// join returns the flight of a question, a new one for the first who asks.
func (c *cache) join(key cacheKey) (f *flight, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

// fly asks the upstream for all who wait for f, and keeps what it says.
func (c *cache) fly(ctx context.Context, key cacheKey, f *flight, q *miekg.Msg) {
	f.answer, f.err = c.upstream(ctx, q)
	f.abandoned = errors.Is(ctx.Err(), context.Canceled)
	c.mu.Lock()
	delete(c.flights, key)
	if f.err == nil {
		c.put(key, f.answer)
	}
	c.mu.Unlock()
	close(f.done)
}

// get returns what is kept about the question of q, or nil. Its TTLs are what
// is left of them.
func (c *cache) get(q *miekg.Msg) *miekg.Msg {
	now := time.Now()
	hit := c.find(keyOf(q), now)
	if hit == nil {
		return nil
	}
	m := new(miekg.Msg)
	if err := m.Unpack(hit.wire); err != nil {
		return nil
	}
	age := uint32(now.Sub(hit.from) / time.Second)
	for _, rr := range records(m) {
		rr.Header().Ttl -= min(age, rr.Header().Ttl)
	}
	return asked(m, q)
}

func (c *cache) find(key cacheKey, now time.Time) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.kept[key]
	if element == nil {
		return nil
	}
	hit := element.Value.(*cached)
	if !now.Before(hit.until) {
		c.remove(element)
		return nil
	}
	c.recent.MoveToFront(element)
	return hit
}

// put keeps an answer while it lives; those that nobody has used for longest
// make room for it. The caller holds mu.
func (c *cache) put(key cacheKey, m *miekg.Msg) {
	now, life := time.Now(), lifetime(m, key.qtype)
	if life <= 0 {
		return
	}
	m.Compress = true
	wire, err := m.Pack()
	if err != nil {
		return // the client will get SERVFAIL as well
	}
	if old := c.kept[key]; old != nil {
		c.remove(old)
	}
	entry := &cached{key: key, wire: wire, from: now, until: now.Add(life)}
	c.kept[key] = c.recent.PushFront(entry)
	for c.size += entry.size(); c.size > cacheSize; {
		c.remove(c.recent.Back())
	}
}

// remove forgets an answer. The caller holds mu.
func (c *cache) remove(element *list.Element) {
	entry := c.recent.Remove(element).(*cached)
	delete(c.kept, entry.key)
	c.size -= entry.size()
}

// lifetime is how long an answer to a question of qtype may be kept: the least TTL in it, and for a
// denial what its SOA says. One without a SOA, or that is no answer, may not.
func lifetime(m *miekg.Msg, qtype uint16) time.Duration {
	limit := maxPositive
	switch {
	case m.Truncated || m.Rcode != miekg.RcodeSuccess && m.Rcode != miekg.RcodeNameError:
		return 0
	case m.Rcode == miekg.RcodeNameError || !has(m.Answer, qtype):
		soa := findSOA(m.Ns)
		if soa == nil {
			return 0
		}
		limit = min(maxNegative, seconds(soa.Minttl))
	}
	for _, rr := range records(m) {
		limit = min(limit, seconds(rr.Header().Ttl))
	}
	return limit
}

// seconds reads a TTL; one with the top bit set is 0 (RFC 2181, section 8).
func seconds(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

func has(rrs []miekg.RR, qtype uint16) bool {
	for _, rr := range rrs {
		if rr.Header().Rrtype == qtype || qtype == miekg.TypeANY {
			return true
		}
	}
	return false
}

func findSOA(rrs []miekg.RR) *miekg.SOA {
	for _, rr := range rrs {
		if soa, ok := rr.(*miekg.SOA); ok {
			return soa
		}
	}
	return nil
}

// records are all of m but its EDNS.
func records(m *miekg.Msg) []miekg.RR {
	all := make([]miekg.RR, 0, len(m.Answer)+len(m.Ns)+len(m.Extra))
	return append(append(append(all, m.Answer...), m.Ns...), withoutOPT(m.Extra)...)
}

// asked makes m an answer to q, with the name as it was asked: it was another
// client that m had answered.
func asked(m, q *miekg.Msg) *miekg.Msg {
	name := q.Question[0].Name
	for _, rr := range records(m) {
		if strings.EqualFold(rr.Header().Name, name) {
			rr.Header().Name = name
		}
	}
	m.Question = []miekg.Question{q.Question[0]}
	return m
}
