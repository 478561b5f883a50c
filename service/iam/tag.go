package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// mergeTags returns tags with those of a request added. Keys keep their case,
// but two that differ in nothing else are the same key.
func (s *Service) mergeTags(tags vpc.Tags, added []iam.Tag) (vpc.Tags, error) {
	merged := vpc.Tags{}
	maps.Copy(merged, tags)
	seen := map[string]bool{}
	for _, t := range added {
		key := wire.Value(t.Key)
		switch folded := strings.ToLower(key); {
		case seen[folded]:
			return nil, errInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(folded, "aws:"):
			return nil, errInput("Tag keys beginning with aws: are reserved for system use: %s", key)
		default:
			seen[folded] = true
		}
		maps.DeleteFunc(merged, func(k, _ string) bool { return strings.EqualFold(k, key) })
		merged[key] = wire.Value(t.Value)
	}
	if len(merged) > s.limits.TagsPer {
		return nil, errLimit("The number of tags has reached the maximum limit.")
	}
	return merged, nil
}

// withoutTags returns tags without those of the keys, in any case.
func withoutTags(tags vpc.Tags, keys []string) vpc.Tags {
	rest := maps.Clone(tags)
	maps.DeleteFunc(rest, func(k, _ string) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(k, key) })
	})
	return rest
}

// tagShapes are tags in the order of their keys; never nil, so that an empty
// list is answered as one.
func tagShapes(tags vpc.Tags) []iam.Tag {
	shapes := []iam.Tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		shapes = append(shapes, iam.Tag{Key: &key, Value: wire.Ptr(tags[key])})
	}
	return shapes
}

// change of tags: one of the two lists of a request.
type tagChange struct {
	add    []iam.Tag
	remove []string
}

func (s *Service) changed(tags vpc.Tags, c tagChange) (vpc.Tags, error) {
	if c.remove != nil {
		return withoutTags(tags, c.remove), nil
	}
	return s.mergeTags(tags, c.add)
}

func (s *Service) tagUser(ctx context.Context, name *string, c tagChange) error {
	return s.users.change(ctx, s, wire.Value(name), func(_ *store.Tx, u *store.User) (err error) {
		u.Tags, err = s.changed(u.Tags, c)
		return err
	})
}

// TagUser adds tags to a user, or replaces their values.
func (s *Service) TagUser(ctx context.Context, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	return &iam.TagUserOutput{}, s.tagUser(ctx, in.UserName, tagChange{add: in.Tags})
}

// UntagUser removes tags from a user.
func (s *Service) UntagUser(ctx context.Context, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	return &iam.UntagUserOutput{}, s.tagUser(ctx, in.UserName, tagChange{remove: in.TagKeys})
}

// ListUserTags lists the tags of a user.
func (s *Service) ListUserTags(ctx context.Context, in *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error) {
	u, err := s.users.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.UserName))
	if err != nil {
		return nil, err
	}
	return &iam.ListUserTagsOutput{Tags: tagShapes(u.Tags)}, nil
}

// tagRole changes the tags of a role. AWS's own roles may be tagged.
func (s *Service) tagRole(ctx context.Context, name *string, c tagChange) error {
	return s.update(ctx, func(tx *store.Tx) error {
		r, err := s.roles.get(tx, ownerFrom(ctx), wire.Value(name))
		if err != nil {
			return err
		}
		if r.Tags, err = s.changed(r.Tags, c); err != nil {
			return err
		}
		s.store.Roles.Put(tx, r)
		return nil
	})
}

// TagRole adds tags to a role, or replaces their values.
func (s *Service) TagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, s.tagRole(ctx, in.RoleName, tagChange{add: in.Tags})
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, s.tagRole(ctx, in.RoleName, tagChange{remove: in.TagKeys})
}

// ListRoleTags lists the tags of a role.
func (s *Service) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := s.roles.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsOutput{Tags: tagShapes(r.Tags)}, nil
}

func (s *Service) tagInstanceProfile(ctx context.Context, name *string, c tagChange) error {
	return s.changeInstanceProfile(ctx, name, func(_ *store.Tx, p *store.InstanceProfile) (err error) {
		p.Tags, err = s.changed(p.Tags, c)
		return err
	})
}

// TagInstanceProfile adds tags to an instance profile, or replaces their values.
func (s *Service) TagInstanceProfile(ctx context.Context, in *iam.TagInstanceProfileInput) (*iam.TagInstanceProfileOutput, error) {
	return &iam.TagInstanceProfileOutput{}, s.tagInstanceProfile(ctx, in.InstanceProfileName, tagChange{add: in.Tags})
}

// UntagInstanceProfile removes tags from an instance profile.
func (s *Service) UntagInstanceProfile(ctx context.Context, in *iam.UntagInstanceProfileInput) (*iam.UntagInstanceProfileOutput, error) {
	return &iam.UntagInstanceProfileOutput{}, s.tagInstanceProfile(ctx, in.InstanceProfileName, tagChange{remove: in.TagKeys})
}

// ListInstanceProfileTags lists the tags of an instance profile.
func (s *Service) ListInstanceProfileTags(ctx context.Context, in *iam.ListInstanceProfileTagsInput) (*iam.ListInstanceProfileTagsOutput, error) {
	p, err := s.instanceProfile(ctx, s.store.Snapshot(), in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfileTagsOutput{Tags: tagShapes(p.Tags)}, nil
}
