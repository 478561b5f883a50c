package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// maxTagResources is how many resources one call may tag.
const maxTagResources = 1000

func (s *Service) tagMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpCreateTags, s.CreateTags),
			func(ctx context.Context, in *ec2.CreateTagsInput) []string { return tagARNs(ctx, in.Resources) }),
		wire.On(wire.Bind(ec2.OpDeleteTags, s.DeleteTags),
			func(ctx context.Context, in *ec2.DeleteTagsInput) []string { return tagARNs(ctx, in.Resources) }),
		wire.Bind(ec2.OpDescribeTags, s.DescribeTags),
	}
}

func tagARNs(ctx context.Context, ids []string) []string {
	var all []string
	for _, id := range ids {
		if k, ok := taggableKind(id); ok {
			all = append(all, arns(ctx, k.resource, id)...)
		}
	}
	return all
}

// CreateTags adds tags to resources of any kind, or replaces their values.
func (s *Service) CreateTags(ctx context.Context, in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	err := s.changeTags(ctx, in.Resources, func(tags vpc.Tags) (vpc.Tags, error) { return s.mergeTags(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &ec2.CreateTagsOutput{}, nil
}

// DeleteTags removes tags: those of a key, where a value is given only with
// that value; all of them where no tag is named.
func (s *Service) DeleteTags(ctx context.Context, in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
	err := s.changeTags(ctx, in.Resources, func(tags vpc.Tags) (vpc.Tags, error) { return withoutTags(tags, in.Tags), nil })
	if err != nil {
		return nil, err
	}
	return &ec2.DeleteTagsOutput{}, nil
}

func withoutTags(tags vpc.Tags, remove []ec2.Tag) vpc.Tags {
	rest := vpc.Tags{}
	for key, value := range tags {
		gone := len(remove) == 0 || slices.ContainsFunc(remove, func(t ec2.Tag) bool {
			return wire.Value(t.Key) == key && (t.Value == nil || *t.Value == value)
		})
		if !gone {
			rest[key] = value
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

func (s *Service) changeTags(ctx context.Context, ids []string, change func(vpc.Tags) (vpc.Tags, error)) error {
	if len(ids) > maxTagResources {
		return errInvalid("The maximum number of resources in a request is %d", maxTagResources)
	}
	return s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		for _, id := range distinct(ids) {
			kind, ok := taggableKind(id)
			if !ok {
				return nil, errResourceID(id)
			}
			vpcID, err := kind.change(s, tx, key(auth.CallerFrom(ctx), id), change)
			if err != nil {
				return nil, err
			}
			if vpcID != "" {
				vpcs = append(vpcs, vpcID)
			}
		}
		return vpcs, nil
	})
}

// DescribeTags lists the tags of all resources.
func (s *Service) DescribeTags(ctx context.Context, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	match, err := compileFilters(tagDescriptionFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeTagsOutput{}
	r, caller := s.store.Snapshot(), auth.CallerFrom(ctx)
	for _, kind := range taggableKinds {
		for id, tags := range kind.list(s, r, caller) {
			for _, t := range tagList(tags) {
				d := ec2.TagDescription{Key: t.Key, Value: t.Value, ResourceId: wire.Ptr(id), ResourceType: wire.Ptr(kind.resource)}
				if match(&d) {
					out.Tags = append(out.Tags, d)
				}
			}
		}
	}
	return out, nil
}

var tagDescriptionFilters = filters[*ec2.TagDescription]{
	"key":           func(d *ec2.TagDescription) []string { return one(d.Key) },
	"value":         func(d *ec2.TagDescription) []string { return one(d.Value) },
	"resource-id":   func(d *ec2.TagDescription) []string { return one(d.ResourceId) },
	"resource-type": func(d *ec2.TagDescription) []string { return one(d.ResourceType) },
	"tag": func(d *ec2.TagDescription) []string {
		return []string{tagPair(wire.Value(d.Key), wire.Value(d.Value))}
	},
}
