package logs

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// The rules of PutLogEvents on time and size (API reference).
const (
	eventOverhead = 26 // bytes that each event counts beside its message
	mostAhead     = 2 * time.Hour
	mostBehind    = 14 * 24 * time.Hour
	mostSpan      = 24 * time.Hour
)

// PutLogEvents adds events to a stream. Those that are too old or too new are
// left out, which the answer says.
func (s *Service) PutLogEvents(ctx context.Context, in *logs.PutLogEventsInput) (*logs.PutLogEventsOutput, error) {
	g, l, err := s.find(s.store.Snapshot(), owner(ctx), wire.Value(in.LogGroupName), wire.Value(in.LogStreamName))
	if err != nil {
		return nil, err
	}
	if err := s.checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	now := s.now()
	accepted, rejected := s.accept(g, in.LogEvents, now)
	if n := len(accepted); n > 0 && accepted[n-1].Time-accepted[0].Time > mostSpan.Milliseconds() {
		return nil, errInvalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	if err := s.journal.Append(files(l), now.UnixMilli(), accepted); err != nil {
		return nil, err
	}
	return &logs.PutLogEventsOutput{
		NextSequenceToken:     wire.Ptr(fmt.Sprintf("%056d", now.UnixNano())), // nobody needs it: every token is accepted
		RejectedLogEventsInfo: rejected,
	}, nil
}

func (s *Service) checkBatch(events []logs.InputLogEvent) error {
	if len(events) > s.limits.BatchEvents {
		return errInvalid(fmt.Sprintf("Too many log events: %d exceeds limit of %d", len(events), s.limits.BatchEvents))
	}
	total := 0
	for i, e := range events {
		size := len(wire.Value(e.Message)) + eventOverhead
		if size > s.limits.EventBytes {
			return errInvalid(fmt.Sprintf("Log event too large: %d bytes exceeds limit of %d", size, s.limits.EventBytes))
		}
		if i > 0 && wire.Value(e.Timestamp) < wire.Value(events[i-1].Timestamp) {
			return errInvalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		total += size
	}
	if total > s.limits.BatchBytes {
		return errInvalid(fmt.Sprintf("Upload too large: %d bytes exceeds limit of %d", total, s.limits.BatchBytes))
	}
	return nil
}

// accept cuts off the events, which are in the order of their times, that are
// too old, expired or too new.
func (s *Service) accept(g store.LogGroup, in []logs.InputLogEvent, now time.Time) ([]journal.Event, *logs.RejectedLogEventsInfo) {
	first := func(from int64) int { // index of the first event at or after a time
		return sort.Search(len(in), func(i int) bool { return wire.Value(in[i].Timestamp) >= from })
	}
	tooOld := first(now.Add(-mostBehind).UnixMilli())
	expired := first(s.kept(g))
	tooNew := first(now.Add(mostAhead).UnixMilli() + 1)

	var info logs.RejectedLogEventsInfo
	if tooOld > 0 {
		info.TooOldLogEventEndIndex = wire.Ptr(int32(tooOld))
	}
	if expired > 0 {
		info.ExpiredLogEventEndIndex = wire.Ptr(int32(expired))
	}
	if tooNew < len(in) {
		info.TooNewLogEventStartIndex = wire.Ptr(int32(tooNew))
	}
	var accepted []journal.Event
	for i := max(tooOld, expired); i < tooNew; i++ {
		accepted = append(accepted, journal.Event{Time: wire.Value(in[i].Timestamp), Message: wire.Value(in[i].Message)})
	}
	if info == (logs.RejectedLogEventsInfo{}) {
		return accepted, nil
	}
	return accepted, &info
}

// Event is a log event of this program's own.
type Event struct {
	Time    time.Time
	Message string
}

// Append adds events, in any order and of any age, to a stream. It makes the
// stream and its group where they are missing.
func (s *Service) Append(ctx context.Context, account, region, group, stream string, events []Event) error {
	l, err := s.ensure(ctx, vpc.Owner{Account: account, Region: region}, group, stream)
	if err != nil {
		return err
	}
	own := make([]journal.Event, len(events))
	for i, e := range events {
		own[i] = journal.Event{Time: e.Time.UnixMilli(), Message: e.Message}
	}
	return s.journal.Append(files(l), s.now().UnixMilli(), own)
}

// ensure returns the record of a stream, which it makes if need be.
func (s *Service) ensure(ctx context.Context, o vpc.Owner, group, stream string) (store.LogStream, error) {
	_, l, err := s.find(s.store.Snapshot(), o, group, stream)
	if err == nil {
		return l, nil
	}
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		now := s.now().UTC()
		if _, ok := s.store.LogGroups.Get(tx, groupKey(o, group)); !ok {
			s.store.LogGroups.Put(tx, store.LogGroup{Owner: o, Name: group, Created: now})
		}
		l = store.LogStream{Owner: o, Group: group, Name: stream, Created: now}
		if made, ok := s.store.LogStreams.Get(tx, s.store.LogStreams.Key(l)); ok {
			l = made
			return nil
		}
		s.store.LogStreams.Put(tx, l)
		return nil
	})
	return l, err
}
