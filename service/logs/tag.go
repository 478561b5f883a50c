package logs

import (
	"context"
	"maps"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// taggedGroup is the group that the ARN of a tag operation means.
func taggedGroup(ctx context.Context, arn string) (store.Key, error) {
	o, group, ok := parseGroupARN(arn)
	if !ok {
		return store.Key{}, errInvalid("Invalid resource ARN " + arn)
	}
	if o != owner(ctx) {
		return store.Key{}, errResourceNotFound()
	}
	return groupKey(o, group), nil
}

// TagResource adds tags to a log group.
func (s *Service) TagResource(ctx context.Context, in *logs.TagResourceInput) (*logs.TagResourceOutput, error) {
	arn := wire.Value(in.ResourceArn)
	k, err := taggedGroup(ctx, arn)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err = s.changeGroup(ctx, k, errResourceNotFound(), func(g *store.LogGroup) error {
		tags := make(vpc.Tags)
		maps.Copy(tags, g.Tags)
		maps.Copy(tags, in.Tags)
		if len(tags) > s.limits.Tags {
			return errTooManyTags(arn, s.limits.Tags)
		}
		g.Tags = tags
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logs.TagResourceOutput{}, nil
}

// ListTagsForResource lists the tags of a log group.
func (s *Service) ListTagsForResource(ctx context.Context, in *logs.ListTagsForResourceInput) (*logs.ListTagsForResourceOutput, error) {
	k, err := taggedGroup(ctx, wire.Value(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	g, ok := s.store.LogGroups.Get(s.store.Snapshot(), k)
	if !ok {
		return nil, errResourceNotFound()
	}
	tags := make(map[string]string)
	maps.Copy(tags, g.Tags)
	return &logs.ListTagsForResourceOutput{Tags: tags}, nil
}

func checkTags(tags map[string]string) error {
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return errInvalid("aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}
