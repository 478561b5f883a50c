package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// deleteBatch is how many streams one transaction deletes.
const deleteBatch = 100

func groupKey(o vpc.Owner, group string) store.Key {
	return store.Key{Account: o.Account, Region: o.Region, ID: group}
}

// CreateLogGroup makes a log group.
func (s *Service) CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error) {
	switch {
	case wire.Value(in.KmsKeyId) != "":
		return nil, errUnsupported("kmsKeyId")
	case in.LogGroupClass != nil && *in.LogGroupClass != logs.LogGroupClassStandard:
		return nil, errUnsupported("logGroupClass " + *in.LogGroupClass)
	case wire.Value(in.DeletionProtectionEnabled):
		return nil, errUnsupported("deletionProtectionEnabled")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	group := store.LogGroup{Owner: owner(ctx), Name: wire.Value(in.LogGroupName), Created: s.now().UTC(), Tags: in.Tags}
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		if _, ok := s.store.LogGroups.Get(tx, s.store.LogGroups.Key(group)); ok {
			return errGroupExists()
		}
		s.store.LogGroups.Put(tx, group)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logs.CreateLogGroupOutput{}, nil
}

// DeleteLogGroup deletes a log group with all that is in it.
func (s *Service) DeleteLogGroup(ctx context.Context, in *logs.DeleteLogGroupInput) (*logs.DeleteLogGroupOutput, error) {
	o, group := owner(ctx), wire.Value(in.LogGroupName)
	k := groupKey(o, group)
	for more := true; more; {
		var gone []store.LogStream
		_, err := s.store.Update(ctx, func(tx *store.Tx) error {
			if _, ok := s.store.LogGroups.Get(tx, k); !ok {
				return errGroupNotFound()
			}
			gone, more = nil, false
			for stream := range s.streams(tx, o, group) {
				if len(gone) == deleteBatch {
					more = true
					break
				}
				gone = append(gone, stream)
			}
			for _, stream := range gone {
				s.store.LogStreams.Delete(tx, s.store.LogStreams.Key(stream))
			}
			if !more {
				s.store.LogGroups.Delete(tx, k)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, stream := range gone {
			if err := s.journal.Remove(files(stream)); err != nil {
				return nil, err
			}
		}
	}
	return &logs.DeleteLogGroupOutput{}, nil
}

// DescribeLogGroups lists log groups by name.
func (s *Service) DescribeLogGroups(ctx context.Context, in *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsOutput, error) {
	o := owner(ctx)
	match, err := groupMatcher(o, in)
	if err != nil {
		return nil, err
	}
	out := &logs.DescribeLogGroupsOutput{LogGroups: []logs.LogGroup{}}
	for g := range s.store.LogGroups.List(s.store.Snapshot(), o.Account, o.Region) {
		if match(g.Name) {
			out.LogGroups = append(out.LogGroups, groupShape(g))
		}
	}
	if err := wire.Page(logs.OpDescribeLogGroups, in, out); err != nil {
		return nil, err
	}
	for i := range out.LogGroups { // only those of the page: it reads folders
		size, err := s.journal.Size(o.Account, o.Region, *out.LogGroups[i].LogGroupName)
		if err != nil {
			return nil, err
		}
		out.LogGroups[i].StoredBytes = &size
	}
	return out, nil
}

// groupMatcher says which groups a request asks for.
func groupMatcher(o vpc.Owner, in *logs.DescribeLogGroupsInput) (func(name string) bool, error) {
	prefix, pattern := wire.Value(in.LogGroupNamePrefix), wire.Value(in.LogGroupNamePattern)
	if prefix != "" && pattern != "" {
		return nil, errInvalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	if len(in.LogGroupIdentifiers) > 0 && (prefix != "" || pattern != "") {
		return nil, errInvalid("logGroupIdentifiers cannot be combined with a name prefix or a name pattern.")
	}
	class := in.LogGroupClass == nil || *in.LogGroupClass == logs.LogGroupClassStandard
	account := len(in.AccountIdentifiers) == 0 || slices.Contains(in.AccountIdentifiers, o.Account)
	names := make(map[string]bool)
	for _, identifier := range in.LogGroupIdentifiers {
		if _, name, err := reference(o, nil, &identifier); err == nil {
			names[name] = true
		}
	}
	return func(name string) bool {
		return class && account && strings.HasPrefix(name, prefix) && strings.Contains(name, pattern) &&
			(len(in.LogGroupIdentifiers) == 0 || names[name])
	}, nil
}

func groupShape(g store.LogGroup) logs.LogGroup {
	shape := logs.LogGroup{
		Arn:                       wire.Ptr(groupARN(g.Owner, g.Name) + ":*"),
		CreationTime:              wire.Ptr(g.Created.UnixMilli()),
		DeletionProtectionEnabled: wire.Ptr(false),
		LogGroupArn:               wire.Ptr(groupARN(g.Owner, g.Name)),
		LogGroupClass:             wire.Ptr(logs.LogGroupClassStandard),
		LogGroupName:              &g.Name,
		MetricFilterCount:         wire.Ptr(int32(0)),
	}
	if g.RetentionDays > 0 {
		shape.RetentionInDays = wire.Ptr(int32(g.RetentionDays))
	}
	return shape
}

// changeGroup changes the record of a group. The record that change gets is a
// copy; its tags are not.
func (s *Service) changeGroup(ctx context.Context, k store.Key, missing error, change func(*store.LogGroup) error) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		g, ok := s.store.LogGroups.Get(tx, k)
		if !ok {
			return missing
		}
		if err := change(&g); err != nil {
			return err
		}
		s.store.LogGroups.Put(tx, g)
		return nil
	})
	return err
}
