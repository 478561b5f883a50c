package logs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/postern/postern/journal"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// retentionDays are the values that PutRetentionPolicy accepts.
var retentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy sets after how many days the events of a group expire.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error) {
	days := int(wire.Value(in.RetentionInDays))
	if !slices.Contains(retentionDays, days) {
		return nil, errInvalid(fmt.Sprintf("Invalid retention value %d. Valid values are: %v", days, retentionDays))
	}
	if err := s.setRetention(ctx, in.LogGroupName, days); err != nil {
		return nil, err
	}
	return &logs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy makes the events of a group stay for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *logs.DeleteRetentionPolicyInput) (*logs.DeleteRetentionPolicyOutput, error) {
	if err := s.setRetention(ctx, in.LogGroupName, 0); err != nil {
		return nil, err
	}
	return &logs.DeleteRetentionPolicyOutput{}, nil
}

func (s *Service) setRetention(ctx context.Context, group *string, days int) error {
	k := groupKey(owner(ctx), wire.Value(group))
	return s.changeGroup(ctx, k, errGroupNotFound(), func(g *store.LogGroup) error {
		g.RetentionDays = days
		return nil
	})
}

// kept is the time, in milliseconds, of the oldest event that a group shows.
func (s *Service) kept(g store.LogGroup) int64 {
	if g.RetentionDays == 0 {
		return math.MinInt64
	}
	return s.now().Add(-time.Duration(g.RetentionDays) * 24 * time.Hour).UnixMilli()
}

// expire removes the files of which all events have expired.
func (s *Service) expire() {
	r := s.store.Snapshot()
	for g := range s.store.LogGroups.List(r, "", "") {
		if g.RetentionDays == 0 {
			continue
		}
		for stream := range s.streams(r, g.Owner, g.Name) {
			if err := s.journal.Trim(files(stream), s.kept(g)); err != nil {
				s.log.Error("remove expired log events", "acct", g.Account, "group", g.Name, "err", err)
			}
		}
	}
}

// files is the stream's identity in the journal.
func files(l store.LogStream) journal.Stream {
	return journal.Stream{Account: l.Account, Region: l.Region, Group: l.Group, Name: l.Name, Created: l.Created}
}

// everyStream yields the streams of all accounts.
func (s *Service) everyStream(yield func(journal.Stream) bool) {
	for l := range s.store.LogStreams.List(s.store.Snapshot(), "", "") {
		if !yield(files(l)) {
			return
		}
	}
}
