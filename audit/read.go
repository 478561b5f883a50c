package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/vpc"
)

// One page looks at so many records at most, and holds so many bytes of them.
const (
	scanRecords = 20_000
	pageBytes   = 4 << 20
)

// ErrToken refuses a Query.After that is no Page.Next.
var ErrToken = errors.New("token is not one of this log")

// Query says what to read.
type Query struct {
	Owner    vpc.Owner          // whose journal; zero: all, each call once
	From, To time.Time          // both included; zero: no limit
	Newest   bool               // begin with the newest record
	After    string             // Next of the page before
	Limit    int                // records of the page; 0: as many as a page holds
	Match    func(*Record) bool // nil: all
}

// Page is a part of the records that a Query asks for.
type Page struct {
	Records []Record
	Next    string // empty on the last page; one with a Next may be empty itself
}

// Call finds the record of a call by its request id, the newest first.
func (l *Log) Call(ctx context.Context, requestID string) (r Record, ok bool, err error) {
	q := Query{Newest: true, Limit: 1, Match: func(r *Record) bool { return r.RequestID == requestID }}
	for {
		p, err := l.Read(ctx, q)
		if err != nil {
			return Record{}, false, err
		}
		if len(p.Records) > 0 {
			return p.Records[0], true, nil
		}
		if p.Next == "" {
			return Record{}, false, nil
		}
		q.After = p.Next
	}
}

// Read returns a page of records; calls that have ended before are among
// them. The error is ErrToken, or about the files.
func (l *Log) Read(ctx context.Context, q Query) (Page, error) {
	if err := l.flush(ctx); err != nil {
		return Page{}, err
	}
	m, err := l.merge(q)
	if err != nil {
		return Page{}, err
	}
	var p Page
	size := 0
	for scanned := 0; ; scanned++ {
		h := m.next()
		if h == nil || m.beyond(h.event) {
			return p, nil
		}
		if q.Limit > 0 && len(p.Records) == q.Limit || size > pageBytes || scanned == scanRecords {
			p.Next = m.resume(h).String()
			return p, nil
		}
		if r, ok := l.decode(h.event); ok && q.wants(&r) {
			p.Records = append(p.Records, r)
			size += len(h.event.Message)
		}
		if err := m.advance(h); err != nil {
			return Page{}, fmt.Errorf("read audit records: %w", err)
		}
		if scanned%1000 == 0 && ctx.Err() != nil {
			return Page{}, ctx.Err()
		}
	}
}

func (l *Log) decode(e journal.Event) (Record, bool) {
	var r Record
	if err := json.Unmarshal([]byte(e.Message), &r); err != nil {
		l.log.Error("audit record is not understood", "err", err)
		return Record{}, false
	}
	return r, true
}

func (q *Query) wants(r *Record) bool {
	switch {
	case q.Owner == (vpc.Owner{}) && r.Copy,
		!q.From.IsZero() && r.Time.Before(q.From),
		!q.To.IsZero() && r.Time.After(q.To):
		return false
	}
	return q.Match == nil || q.Match(r)
}

// place is a position in the order of all journals: by time, journal and
// sequence.
type place struct {
	Time     int64  `json:"t"`
	Stream   string `json:"s,omitempty"`
	Sequence uint64 `json:"n"`
}

func (p place) String() string {
	b, _ := json.Marshal(p) // numbers and a string always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePlace(token string) (place, error) {
	var p place
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Time == math.MaxInt64 {
		return place{}, ErrToken
	}
	return p, nil
}

// in is the position in one journal that corresponds to p.
func (p place) in(stream string) journal.Position {
	switch strings.Compare(stream, p.Stream) {
	case -1:
		return journal.Position{Time: p.Time + 1}
	case 1:
		return journal.Position{Time: p.Time}
	}
	return journal.Position{Time: p.Time, Sequence: p.Sequence}
}

// merge reads journals side by side.
type merge struct {
	newest bool
	end    int64 // time of the last record that may be wanted
	heads  []*head
}

// head is the next record of one journal.
type head struct {
	stream string
	event  journal.Event
	cursor *journal.Cursor
	done   bool
}

func (l *Log) merge(q Query) (*merge, error) {
	first, last := int64(math.MinInt64), int64(math.MaxInt64-1)
	if !q.From.IsZero() {
		first = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		last = q.To.Add(disorder).UnixMilli()
	}
	m := &merge{newest: q.Newest, end: last}
	from := place{Time: first}
	open := l.journal.Forward
	if q.Newest {
		m.end, from, open = first, place{Time: last + 1}, l.journal.Backward
	}
	if q.After != "" {
		var err error
		if from, err = parsePlace(q.After); err != nil {
			return nil, err
		}
	}
	owners := []vpc.Owner{q.Owner}
	if q.Owner == (vpc.Owner{}) {
		owners = l.owners()
	}
	for _, o := range owners {
		name := o.Account + "/" + o.Region
		c, err := open(stream(o), from.in(name))
		if err != nil {
			return nil, err
		}
		h := &head{stream: name, cursor: c}
		if err := m.advance(h); err != nil {
			return nil, fmt.Errorf("read audit records: %w", err)
		}
		m.heads = append(m.heads, h)
	}
	return m, nil
}

// next is the head whose record comes first, nil where there is none.
func (m *merge) next() *head {
	var first *head
	for _, h := range m.heads {
		if !h.done && (first == nil || m.before(h, first)) {
			first = h
		}
	}
	return first
}

func (m *merge) before(a, b *head) bool {
	if a.event.Time != b.event.Time {
		return a.event.Time < b.event.Time != m.newest
	}
	return a.stream < b.stream != m.newest
}

func (m *merge) advance(h *head) error {
	e, ok, err := h.cursor.Next()
	h.event, h.done = e, !ok
	return err
}

// beyond says that e and all that follow are outside of the query's time.
func (m *merge) beyond(e journal.Event) bool {
	if m.newest {
		return e.Time < m.end
	}
	return e.Time > m.end
}

// resume is the place from which a later page reads h and what follows.
func (m *merge) resume(h *head) place {
	p := place{h.event.Time, h.stream, h.event.Sequence}
	if m.newest { // journals are read backward from before a place
		p.Sequence++
	}
	return p
}
