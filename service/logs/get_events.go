package logs

import (
	"context"
	"math"
	"slices"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// An answer holds at most so many events and bytes.
const (
	pageEvents = 10_000
	pageBytes  = 1 << 20
)

// window is the time that a request asks for, both ends included.
type window struct{ first, last int64 }

// reading is where and in which direction GetLogEvents reads.
type reading struct {
	window
	at    journal.Position
	back  bool
	limit int
}

// GetLogEvents reads a page of a stream, in the order of time. The two tokens
// of the answer lead to the pages beside it; one that leads nowhere is the
// request's own.
func (s *Service) GetLogEvents(ctx context.Context, in *logs.GetLogEventsInput) (*logs.GetLogEventsOutput, error) {
	o, group, err := reference(owner(ctx), in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, l, err := s.find(s.store.Snapshot(), o, group, wire.Value(in.LogStreamName))
	if err != nil {
		return nil, err
	}
	r, err := s.reading(g, in)
	if err != nil {
		return nil, err
	}
	events, err := s.read(l, r)
	if err != nil {
		return nil, err
	}
	before, after := r.at, r.at
	if n := len(events); n > 0 {
		before, after = events[0].Position(), events[n-1].After()
	}
	out := &logs.GetLogEventsOutput{
		Events:            make([]logs.OutputLogEvent, len(events)),
		NextBackwardToken: wire.Ptr(eventToken(backward, before)),
		NextForwardToken:  wire.Ptr(eventToken(forward, after)),
	}
	if len(events) == 0 && in.NextToken != nil {
		if r.back {
			out.NextBackwardToken = in.NextToken
		} else {
			out.NextForwardToken = in.NextToken
		}
	}
	for i, e := range events {
		out.Events[i] = logs.OutputLogEvent{Timestamp: &e.Time, IngestionTime: &e.Ingested, Message: &e.Message}
	}
	return out, nil
}

// reading works out what the request's token, times and direction mean. In
// GetLogEvents the end time is not part of the window.
func (s *Service) reading(g store.LogGroup, in *logs.GetLogEventsInput) (reading, error) {
	r := reading{window: s.window(g, in.StartTime, nil), back: !wire.Value(in.StartFromHead), limit: limit(in.Limit)}
	if in.EndTime != nil {
		r.last = *in.EndTime - 1
	}
	first, end := journal.Position{Time: r.first}, journal.Position{Time: r.last, Sequence: math.MaxUint64}
	if in.NextToken == nil {
		if r.at = first; r.back {
			r.at = end
		}
		return r, nil
	}
	direction, at, err := parseEventToken(*in.NextToken)
	if err != nil {
		return r, err
	}
	if r.back = direction == backward; r.back {
		r.at = slices.MinFunc([]journal.Position{at, end}, journal.Position.Compare)
	} else {
		r.at = slices.MaxFunc([]journal.Position{at, first}, journal.Position.Compare)
	}
	return r, nil
}

// window is the time between two limits of a request, without what has
// expired.
func (s *Service) window(g store.LogGroup, start, end *int64) window {
	w := window{first: s.kept(g), last: math.MaxInt64}
	if start != nil {
		w.first = max(w.first, *start)
	}
	if end != nil {
		w.last = *end
	}
	return w
}

func limit(l *int32) int {
	if l == nil {
		return pageEvents
	}
	return min(int(*l), pageEvents)
}

// read returns a page in the order of time.
func (s *Service) read(l store.LogStream, r reading) ([]journal.Event, error) {
	open := s.journal.Forward
	if r.back {
		open = s.journal.Backward
	}
	c, err := open(files(l), r.at)
	if err != nil {
		return nil, err
	}
	var events []journal.Event
	size := 0
	for len(events) < r.limit {
		e, ok, err := c.Next()
		if err != nil {
			return nil, err
		}
		if !ok || e.Time < r.first || e.Time > r.last {
			break
		}
		if size += len(e.Message) + eventOverhead; size > pageBytes && len(events) > 0 {
			break
		}
		events = append(events, e)
	}
	if r.back {
		slices.Reverse(events)
	}
	return events, nil
}
