package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/vpc"
)

const (
	queued       = 1024                   // calls that wait to be written
	patience     = 100 * time.Millisecond // that a call waits for a place among them
	batch        = 256                    // records that are written at once
	batchTime    = 250 * time.Millisecond // at most between a call and its record on disk
	segmentBytes = 4 << 20
	disorder     = time.Minute // see stamp
)

// nobody is whose journal has the calls of callers that were not
// authenticated.
const nobody = "unknown"

// Config says where records are kept, and for how long.
type Config struct {
	Dir       string        // required: folder of the files, used by nobody else
	Retention time.Duration // default 90 days
	MaxBytes  int64         // on disk, all journals together; default 256 MiB
	Log       *slog.Logger  // optional: lost records, damaged files
}

// Log keeps records of calls. It is safe for concurrent use.
type Log struct {
	journal   *journal.Journal
	retention time.Duration
	maxBytes  int64
	log       *slog.Logger

	queue   chan *Call
	flushes chan chan struct{}
	stop    context.CancelFunc
	ended   <-chan struct{} // the stop was asked for
	stopped chan struct{}
	lost    atomic.Uint64

	writer
}

// writer is what belongs to the writing goroutine.
type writer struct {
	shapes
	pending  map[vpc.Owner][]journal.Event
	count    int                 // of pending
	last     map[vpc.Owner]int64 // time of the last event of each journal
	bytes    int64               // on disk, about
	reported uint64              // lost records that were logged
}

// Open opens the files in c.Dir and begins to write what Record hands over.
func Open(c Config) (*Log, error) {
	if c.Dir == "" {
		return nil, errors.New("open audit log: Dir is required")
	}
	c.Retention = cmp.Or(c.Retention, 90*24*time.Hour)
	c.MaxBytes = cmp.Or(c.MaxBytes, 256<<20)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	j, err := journal.Open(journal.Config{Dir: c.Dir, SegmentBytes: segmentBytes, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &Log{
		journal: j, retention: c.Retention, maxBytes: c.MaxBytes, log: c.Log,
		queue: make(chan *Call, queued), flushes: make(chan chan struct{}), stop: stop, ended: ctx.Done(), stopped: make(chan struct{}),
		writer: writer{pending: map[vpc.Owner][]journal.Event{}, last: map[vpc.Owner]int64{}},
	}
	go l.run()
	return l, nil
}

// Close writes what is queued and ends the log. Calls that are recorded later
// are lost, and counted.
func (l *Log) Close() error {
	l.stop()
	<-l.stopped
	return nil
}

// Record takes c over and returns at once, or after a moment where the writer
// does not keep pace. A record that finds no place even then is lost: the log
// says so, and Lost counts it.
func (l *Log) Record(c Call) {
	if isData(c.Service, c.Operation) {
		c.In, c.Out = nil, nil
	}
	if c.Error != nil || !answersRecorded(c.Service, c.Operation) {
		c.Out = nil
	}
	select {
	case <-l.ended:
		l.lost.Add(1)
		return
	default:
	}
	select {
	case l.queue <- &c:
		return
	default:
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case l.queue <- &c:
	case <-wait.C:
		l.lost.Add(1)
	case <-l.ended:
		l.lost.Add(1)
	}
}

// Lost is how many records were lost since the log was opened.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// flush returns when everything that was recorded before can be read.
func (l *Log) flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.flushes <- done:
	case <-l.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	<-done
	return nil
}

// run is the writer.
func (l *Log) run() {
	defer close(l.stopped)
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	due := time.NewTimer(batchTime)
	defer due.Stop()
	l.expire()
	for {
		select {
		case c := <-l.queue:
			if l.count == 0 {
				due.Reset(batchTime)
			}
			if l.add(c); l.count >= batch {
				l.write()
			}
		case <-due.C:
			l.write()
		case done := <-l.flushes:
			l.drain()
			close(done)
		case <-hourly.C:
			l.expire()
		case <-l.ended:
			l.drain()
			return
		}
	}
}

// drain writes what is queued now.
func (l *Log) drain() {
	for range len(l.queue) {
		l.add(<-l.queue)
	}
	l.write()
}

// add makes the record of a call. A panic is that record's failure: it holds
// what clients have chosen.
func (l *Log) add(c *Call) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("audit record is lost", "req", c.ID, "err", fmt.Errorf("panic: %v", p))
			l.lost.Add(1)
			l.reported++
		}
	}()
	r := l.record(c)
	for i, o := range r.owners() {
		r.Copy = i > 0
		b, err := json.Marshal(r)
		if err != nil { // no value of a record fails
			l.log.Error("audit record is lost", "req", c.ID, "err", err)
			l.lost.Add(1)
			continue
		}
		l.pending[o] = append(l.pending[o], journal.Event{Time: l.stamp(o, c.Time), Message: string(b)})
		l.count++
	}
}

// stamp is the place of a record in its journal. Calls that end side by side
// come in any order; they are stamped in the order of their coming, so that
// the journal stays in the order of time, and a record's own time is at most
// disorder before its stamp. A clock that is set back is no disorder.
func (l *Log) stamp(o vpc.Owner, t time.Time) int64 {
	last, known := l.last[o]
	if !known {
		if status, err := l.journal.Status(stream(o)); err == nil {
			last = status.Last
		}
	}
	at := t.UnixMilli()
	if at < last && last-at < disorder.Milliseconds() {
		at = last
	}
	l.last[o] = at
	return at
}

// write appends what is pending.
func (l *Log) write() {
	for o, events := range l.pending {
		if err := l.journal.Append(stream(o), time.Now().UnixMilli(), events); err != nil {
			l.log.Error("audit records are lost", "acct", o.Account, "count", len(events), "err", err)
			l.lost.Add(uint64(len(events)))
			l.reported += uint64(len(events))
		}
		for _, e := range events {
			l.bytes += int64(len(e.Message))
		}
	}
	clear(l.pending)
	l.count = 0
	if lost := l.lost.Load(); lost > l.reported {
		l.log.Error("audit records are lost: the writer does not keep pace", "count", lost-l.reported)
		l.reported = lost
	}
	if l.bytes > l.maxBytes {
		l.shrink()
	}
}

// stream is the journal of an account in a Region.
func stream(o vpc.Owner) journal.Stream {
	return journal.Stream{Account: o.Account, Region: o.Region, Group: "calls", Name: "calls", Created: time.Unix(0, 0)}
}
