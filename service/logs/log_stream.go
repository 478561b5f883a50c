package logs

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// CreateLogStream makes a stream in a log group.
func (s *Service) CreateLogStream(ctx context.Context, in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error) {
	stream := store.LogStream{
		Owner: owner(ctx), Group: wire.Value(in.LogGroupName), Name: wire.Value(in.LogStreamName), Created: s.now().UTC(),
	}
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		if _, ok := s.store.LogGroups.Get(tx, groupKey(stream.Owner, stream.Group)); !ok {
			return errGroupNotFound()
		}
		if _, ok := s.store.LogStreams.Get(tx, s.store.LogStreams.Key(stream)); ok {
			return errStreamExists()
		}
		s.store.LogStreams.Put(tx, stream)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream deletes a stream with its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *logs.DeleteLogStreamInput) (*logs.DeleteLogStreamOutput, error) {
	var gone store.LogStream
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if _, gone, err = s.find(tx, owner(ctx), wire.Value(in.LogGroupName), wire.Value(in.LogStreamName)); err != nil {
			return err
		}
		s.store.LogStreams.Delete(tx, s.store.LogStreams.Key(gone))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.journal.Remove(files(gone)); err != nil {
		return nil, err
	}
	return &logs.DeleteLogStreamOutput{}, nil
}

// find returns the records of a stream and its group.
func (s *Service) find(r store.Reader, o vpc.Owner, group, stream string) (store.LogGroup, store.LogStream, error) {
	g, ok := s.store.LogGroups.Get(r, groupKey(o, group))
	if !ok {
		return g, store.LogStream{}, errGroupNotFound()
	}
	l, ok := s.store.LogStreams.Get(r, s.store.LogStreams.Key(store.LogStream{Owner: o, Group: group, Name: stream}))
	if !ok {
		return g, l, errStreamNotFound()
	}
	return g, l, nil
}

// streams are those of a group, in the order of their names.
func (s *Service) streams(r store.Reader, o vpc.Owner, group string) iter.Seq[store.LogStream] {
	return s.store.LogStreams.By(r, "group", store.LogStream{Owner: o, Group: group}.GroupKey())
}

// DescribeLogStreams lists the streams of a log group.
func (s *Service) DescribeLogStreams(ctx context.Context, in *logs.DescribeLogStreamsInput) (*logs.DescribeLogStreamsOutput, error) {
	o, group, err := reference(owner(ctx), in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	prefix := wire.Value(in.LogStreamNamePrefix)
	byTime := wire.Value(in.OrderBy) == logs.OrderByLastEventTime
	if byTime && prefix != "" {
		return nil, errInvalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	r := s.store.Snapshot()
	if _, ok := s.store.LogGroups.Get(r, groupKey(o, group)); !ok {
		return nil, errGroupNotFound()
	}
	records := make(map[string]store.LogStream)
	out := &logs.DescribeLogStreamsOutput{LogStreams: []logs.LogStream{}}
	for l := range s.streams(r, o, group) {
		if strings.HasPrefix(l.Name, prefix) {
			records[l.Name] = l
			out.LogStreams = append(out.LogStreams, streamShape(l))
		}
	}
	if byTime {
		if err := s.observe(out.LogStreams, records); err != nil {
			return nil, err
		}
		slices.SortStableFunc(out.LogStreams, func(a, b logs.LogStream) int {
			return cmp.Compare(wire.Value(a.LastEventTimestamp), wire.Value(b.LastEventTimestamp))
		})
	}
	if wire.Value(in.Descending) {
		slices.Reverse(out.LogStreams)
	}
	if err := wire.Page(logs.OpDescribeLogStreams, in, out); err != nil {
		return nil, err
	}
	return out, s.observe(out.LogStreams, records) // only those of the page: it reads files
}

func streamShape(l store.LogStream) logs.LogStream {
	return logs.LogStream{
		Arn:           wire.Ptr(streamARN(l.Owner, l.Group, l.Name)),
		CreationTime:  wire.Ptr(l.Created.UnixMilli()),
		LogStreamName: &l.Name,
		StoredBytes:   wire.Ptr(int64(0)), // AWS reports 0 since 2019
	}
}

// observe fills in what the journal knows.
func (s *Service) observe(shapes []logs.LogStream, records map[string]store.LogStream) error {
	for i := range shapes {
		shape := &shapes[i]
		status, err := s.journal.Status(files(records[*shape.LogStreamName]))
		if err != nil {
			return err
		}
		if status.Events {
			shape.FirstEventTimestamp, shape.LastEventTimestamp = &status.First, &status.Last
			shape.LastIngestionTime = &status.Ingested
		}
	}
	return nil
}
