package conntrack

import (
	"time"

	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
)

// maxEnded is how many ended connections are kept between two collections.
const maxEnded = 1 << 17

// maxAbsent is after how many collections a connection is forgotten that is
// neither live nor known to have ended.
const maxAbsent = 16

// key tells connections apart; the kernel's ID alone may come again.
type key struct {
	id    uint32
	tuple conntrack.Tuple
}

// count is what has been reported of a connection.
type count struct {
	packets, bytes [2]uint64
	absent         int // collections since it was seen last
}

// ledger turns absolute counters into what is new. It is not safe for
// concurrent use.
type ledger struct {
	reported map[key]count
	ended    map[key]conntrack.Flow
	lost     uint64    // ended connections that found no room
	last     time.Time // of the last collection
}

// newLedger takes the counters of live as known: traffic from before now is
// not reported.
func newLedger(live []conntrack.Flow, now time.Time) *ledger {
	l := &ledger{reported: map[key]count{}, ended: map[key]conntrack.Flow{}, last: now}
	for _, f := range live {
		l.reported[keyOf(f)] = countOf(f)
	}
	return l
}

// end notes that a connection has ended, with its last counters.
func (l *ledger) end(f conntrack.Flow) {
	if len(l.ended) >= maxEnded {
		l.lost++
		return
	}
	l.ended[keyOf(f)] = f
}

// collect returns what is new since the last time, and how many connections
// are missing in it. A connection may be in live and have ended.
func (l *ledger) collect(live []conntrack.Flow, now time.Time) (all []vpc.Conversation, lost uint64) {
	seen := map[key]bool{}
	for _, f := range live {
		k := keyOf(f)
		if _, over := l.ended[k]; over || seen[k] {
			continue
		}
		seen[k] = true
		all = l.report(all, k, f, now)
		l.reported[k] = countOf(f)
	}
	for k, f := range l.ended {
		end := f.Timestamp.Stop
		if end.IsZero() {
			end = now
		}
		all = l.report(all, k, f, end)
		delete(l.reported, k)
	}
	for k, c := range l.reported {
		if seen[k] {
			continue
		}
		if c.absent++; c.absent > maxAbsent {
			delete(l.reported, k)
			continue
		}
		l.reported[k] = c
	}
	lost, l.lost = l.lost, 0
	clear(l.ended)
	l.last = now
	return all, lost
}

// report appends what is new of f, if anything is: one conversation for each
// side that the VPC sees.
func (l *ledger) report(all []vpc.Conversation, k key, f conntrack.Flow, end time.Time) []vpc.Conversation {
	was, known := l.reported[k]
	is := countOf(f)
	c := vpc.Conversation{Start: l.last, End: end}
	for i := range 2 {
		c.Packets[i], c.Bytes[i] = is.packets[i]-was.packets[i], is.bytes[i]-was.bytes[i]
	}
	if c.Packets == [2]uint64{} {
		return all
	}
	if !known && !f.Timestamp.Start.IsZero() {
		c.Start = f.Timestamp.Start
	}
	if c.End.Before(c.Start) {
		c.End = c.Start
	}
	for _, c.Tuple = range tuples(f) {
		all = append(all, c)
	}
	return all
}

func keyOf(f conntrack.Flow) key { return key{f.ID, f.TupleOrig} }

func countOf(f conntrack.Flow) count {
	return count{
		packets: [2]uint64{f.CountersOrig.Packets, f.CountersReply.Packets},
		bytes:   [2]uint64{f.CountersOrig.Bytes, f.CountersReply.Bytes},
	}
}
