package logs

import (
	"context"
	"strings"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// scanEvents is how many events one call looks at. An answer that stops there
// has a token even if it has no events, as AWS's may.
const scanEvents = 500_000

// FilterLogEvents searches the streams of a group. The events are in the order of
// time over all streams; interleaved is always on, as in AWS since 2019.
func (s *Service) FilterLogEvents(ctx context.Context, in *logs.FilterLogEventsInput) (*logs.FilterLogEventsOutput, error) {
	o, group, err := reference(owner(ctx), in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	match, err := parsePattern(wire.Value(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	r := s.store.Snapshot()
	g, ok := s.store.LogGroups.Get(r, groupKey(o, group))
	if !ok {
		return nil, errGroupNotFound()
	}
	streams, err := s.selectStreams(r, o, group, in)
	if err != nil {
		return nil, err
	}
	w := s.window(g, in.StartTime, in.EndTime)
	from := journal.Bookmark{Time: w.first}
	if in.NextToken != nil {
		p, ok := journal.ParseBookmark(*in.NextToken)
		if !ok {
			return nil, errToken()
		}
		if p.Time >= w.first {
			from = p
		}
	}
	m := s.journal.Merge(from, w.last, false)
	for _, l := range streams {
		if err := m.Add(l.Name, files(l)); err != nil {
			return nil, err
		}
	}
	return search(ctx, m, match, limit(in.Limit))
}

// selectStreams returns the streams that a request names, all of the group if
// it names none.
func (s *Service) selectStreams(r store.Reader, o vpc.Owner, group string, in *logs.FilterLogEventsInput) ([]store.LogStream, error) {
	prefix := wire.Value(in.LogStreamNamePrefix)
	if prefix != "" && len(in.LogStreamNames) > 0 {
		return nil, errInvalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	}
	var streams []store.LogStream
	named := make(map[string]bool)
	for _, name := range in.LogStreamNames {
		_, l, err := s.find(r, o, group, name)
		if err != nil {
			return nil, err
		}
		if !named[name] {
			streams = append(streams, l)
		}
		named[name] = true
	}
	if len(named) > 0 {
		return streams, nil
	}
	for l := range s.streams(r, o, group) {
		if strings.HasPrefix(l.Name, prefix) {
			streams = append(streams, l)
		}
	}
	return streams, nil
}

// search collects the events that match until the answer is full.
func search(ctx context.Context, m *journal.Merge, match pattern, limit int) (*logs.FilterLogEventsOutput, error) {
	out := &logs.FilterLogEventsOutput{Events: []logs.FilteredLogEvent{}, SearchedLogStreams: []logs.SearchedLogStream{}}
	size := 0
	for scanned := 0; ; scanned++ {
		e, stream, ok := m.Peek()
		if !ok {
			return out, nil
		}
		found := match.matches(e.Message)
		if found {
			size += len(e.Message) + eventOverhead
		}
		if len(out.Events) == limit || size > pageBytes && len(out.Events) > 0 || scanned == scanEvents {
			out.NextToken = wire.Ptr(m.Bookmark().String())
			return out, nil
		}
		if found {
			out.Events = append(out.Events, logs.FilteredLogEvent{
				EventId: wire.Ptr(eventID(stream, e)), IngestionTime: &e.Ingested, LogStreamName: &stream, Message: &e.Message, Timestamp: &e.Time,
			})
		}
		if err := m.Advance(); err != nil {
			return nil, err
		}
		if scanned%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}
