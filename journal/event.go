package journal

import "cmp"

// Event is one log event. Times are milliseconds since 1970.
type Event struct {
	Time     int64
	Ingested int64
	Sequence uint64 // of its arrival in the stream, from 0
	Message  string
}

// Position is a place in the order of a stream's events: by time, then by
// arrival. It need not be that of an event.
type Position struct {
	Time     int64
	Sequence uint64
}

// Position returns the place right before e.
func (e Event) Position() Position { return Position{e.Time, e.Sequence} }

// After returns the place right after e.
func (e Event) After() Position { return Position{e.Time, e.Sequence + 1} }

// Compare orders positions.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Time, q.Time), cmp.Compare(p.Sequence, q.Sequence))
}
