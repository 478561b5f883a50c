package elbv2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// maxTagResources is how many resources one description of tags may name.
const maxTagResources = 20

// AddTags adds tags to load balancers, listeners and target groups, or
// replaces their values.
func (s *Service) AddTags(ctx context.Context, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	err := s.changeTags(ctx, in.ResourceArns, func(tags vpc.Tags) (vpc.Tags, error) { return s.mergeTags(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &elbv2.AddTagsOutput{}, nil
}

// RemoveTags removes tags. A key that is not there is no error.
func (s *Service) RemoveTags(ctx context.Context, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	err := s.changeTags(ctx, in.ResourceArns, func(tags vpc.Tags) (vpc.Tags, error) {
		rest := maps.Clone(tags)
		for _, k := range in.TagKeys {
			delete(rest, k)
		}
		return rest, nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.RemoveTagsOutput{}, nil
}

// DescribeTags lists the tags of the resources that a request names.
func (s *Service) DescribeTags(ctx context.Context, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	if len(in.ResourceArns) > maxTagResources {
		return nil, errValidation("The number of resources cannot exceed %d", maxTagResources)
	}
	out := &elbv2.DescribeTagsOutput{}
	for _, arn := range in.ResourceArns {
		t, err := s.tagged(s.store.Snapshot(), ownerFrom(ctx), arn)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, elbv2.TagDescription{ResourceArn: &arn, Tags: tagList(t.tags)})
	}
	return out, nil
}

func (s *Service) changeTags(ctx context.Context, arns []string, change func(vpc.Tags) (vpc.Tags, error)) error {
	return s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		for _, arn := range arns {
			t, err := s.tagged(tx, ownerFrom(ctx), arn)
			if err != nil {
				return nil, err
			}
			tags, err := change(t.tags)
			if err != nil {
				return nil, err
			}
			vpcs = append(vpcs, t.put(tx, tags)...)
		}
		return vpcs, nil
	})
}

// tagged is a resource with tags.
type tagged struct {
	tags vpc.Tags
	put  func(tx *store.Tx, tags vpc.Tags) (vpcs []string) // writes it with other tags; names whom that reaches
}

func (s *Service) tagged(r store.Reader, o vpc.Owner, arn string) (tagged, error) {
	switch {
	case isARN(arn, "loadbalancer"):
		l, err := s.loadBalancer(r, o, arn)
		return tagged{l.Tags, func(tx *store.Tx, tags vpc.Tags) []string {
			l.Tags = tags
			s.store.LoadBalancers.Put(tx, l)
			return s.reach(tx.Snapshot(), l)
		}}, err
	case isARN(arn, "listener"):
		l, err := s.listener(r, o, arn)
		return tagged{l.Tags, func(tx *store.Tx, tags vpc.Tags) []string {
			l.Tags = tags
			s.store.Listeners.Put(tx, l)
			return s.reachOfListener(tx.Snapshot(), l)
		}}, err
	case isARN(arn, "targetgroup"):
		g, err := s.targetGroup(r, o, arn)
		return tagged{g.Tags, func(tx *store.Tx, tags vpc.Tags) []string {
			g.Tags = tags
			s.store.TargetGroups.Put(tx, g)
			return s.reachOfGroup(tx.Snapshot(), g)
		}}, err
	}
	return tagged{}, errARN(arn, "resource")
}

// mergeTags returns a copy of tags with the new ones over the old.
func (s *Service) mergeTags(tags vpc.Tags, add []elbv2.Tag) (vpc.Tags, error) {
	if len(tags)+len(add) == 0 {
		return nil, nil
	}
	merged := vpc.Tags{}
	maps.Copy(merged, tags)
	seen := map[string]bool{}
	for _, t := range add {
		key := wire.Value(t.Key)
		switch {
		case seen[key]:
			return nil, &wire.Error{Code: "DuplicateTagKeys", Message: "The tag key '" + key + "' is specified more than once"}
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, errValidation("Tag keys starting with 'aws:' are reserved for internal use")
		}
		seen[key] = true
		merged[key] = wire.Value(t.Value)
	}
	if len(merged) > s.limits.TagsPer {
		return nil, errLimit("TooManyTags", "tags of a resource", s.limits.TagsPer)
	}
	return merged, nil
}

// tagList is the wire form of tags, ordered by key.
func tagList(tags vpc.Tags) []elbv2.Tag {
	var list []elbv2.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, elbv2.Tag{Key: wire.Ptr(k), Value: wire.Ptr(tags[k])})
	}
	return list
}
