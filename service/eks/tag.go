package eks

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// TagResource adds tags to a cluster, or gives them new values.
func (s *Service) TagResource(ctx context.Context, in *eks.TagResourceInput) (*eks.TagResourceOutput, error) {
	for k := range in.Tags {
		if !userTag(k) {
			return nil, errTagRequest("Tag keys cannot be empty or start with 'aws:': '" + k + "'")
		}
	}
	err := s.changeTags(ctx, wire.Value(in.ResourceArn), func(tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		if len(tags) > s.limits.TagsPer {
			return errTagRequest(fmt.Sprintf("A resource can have at most %d tags", s.limits.TagsPer))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eks.TagResourceOutput{}, nil
}

// UntagResource removes tags from a cluster. A key that is not there is no
// error.
func (s *Service) UntagResource(ctx context.Context, in *eks.UntagResourceInput) (*eks.UntagResourceOutput, error) {
	err := s.changeTags(ctx, wire.Value(in.ResourceArn), func(tags map[string]string) error {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eks.UntagResourceOutput{}, nil
}

// ListTagsForResource answers with a cluster's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *eks.ListTagsForResourceInput) (*eks.ListTagsForResourceOutput, error) {
	row, err := s.tagged(ctx, s.store.Snapshot(), wire.Value(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &eks.ListTagsForResourceOutput{Tags: shape(row).Tags}, nil
}

// changeTags lets change work on a copy of the tags of the cluster that arn
// names, and stores the result.
func (s *Service) changeTags(ctx context.Context, arn string, change func(map[string]string) error) error {
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		row, err := s.tagged(ctx, tx, arn)
		if err != nil {
			return err
		}
		tags := make(map[string]string, len(row.Cluster.Tags))
		maps.Copy(tags, row.Cluster.Tags)
		if err := change(tags); err != nil {
			return err
		}
		row.Cluster.Tags = tags
		s.store.Clusters.Put(tx, row)
		return nil
	})
	return err
}

// tagged reads the caller's cluster that arn names.
func (s *Service) tagged(ctx context.Context, r store.Reader, arn string) (store.Cluster, error) {
	if parts := strings.Split(arn, ":"); len(parts) != 6 || parts[0] != "arn" || parts[2] != "eks" {
		return store.Cluster{}, errTagRequest("Invalid resource ARN: " + arn)
	}
	caller := auth.CallerFrom(ctx)
	name, ok := strings.CutPrefix(arn, clusterARN(caller, ""))
	if !ok {
		return store.Cluster{}, errTagNotFound(arn)
	}
	row, ok := s.store.Clusters.Get(r, key(caller, name))
	if !ok {
		return store.Cluster{}, errTagNotFound(arn)
	}
	return row, nil
}

// userTag reports whether users may set a tag of that key.
func userTag(key string) bool {
	return key != "" && !strings.HasPrefix(strings.ToLower(key), "aws:")
}
