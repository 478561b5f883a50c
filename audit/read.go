package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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
		e, _, ok := m.Peek()
		if !ok {
			return p, nil
		}
		if q.Limit > 0 && len(p.Records) == q.Limit || size > pageBytes || scanned == scanRecords {
			p.Next = m.Bookmark().String()
			return p, nil
		}
		if r, ok := l.decode(e); ok && q.wants(&r) {
			p.Records = append(p.Records, r)
			size += len(e.Message)
		}
		if err := m.Advance(); err != nil {
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

// merge reads the journals that q asks for side by side.
func (l *Log) merge(q Query) (*journal.Merge, error) {
	first, last := int64(math.MinInt64), int64(math.MaxInt64-1)
	if !q.From.IsZero() {
		first = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		last = q.To.Add(disorder).UnixMilli()
	}
	from, end := journal.Bookmark{Time: first}, last
	if q.Newest {
		from, end = journal.Bookmark{Time: last + 1}, first
	}
	if q.After != "" {
		var ok bool
		if from, ok = journal.ParseBookmark(q.After); !ok {
			return nil, ErrToken
		}
	}
	owners := []vpc.Owner{q.Owner}
	if q.Owner == (vpc.Owner{}) {
		owners = l.owners()
	}
	m := l.journal.Merge(from, end, q.Newest)
	for _, o := range owners {
		if err := m.Add(o.Account+"/"+o.Region, stream(o)); err != nil {
			return nil, fmt.Errorf("read audit records: %w", err)
		}
	}
	return m, nil
}
