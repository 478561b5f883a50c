package iam

import (
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateGroup makes an empty group.
func (s *Service) CreateGroup(ctx context.Context, in *iam.CreateGroupInput) (*iam.CreateGroupOutput, error) {
	g := store.Group{Identity: store.Identity{Entity: s.newEntity(ownerFrom(ctx), idGroup, in.GroupName, in.Path, nil)}}
	err := s.update(ctx, func(tx *store.Tx) error { return s.groups.create(tx, g, s.limits.Groups, s) })
	if err != nil {
		return nil, err
	}
	return &iam.CreateGroupOutput{Group: wire.Ptr(groupShape(g))}, nil
}

// GetGroup answers with a group and its users.
func (s *Service) GetGroup(ctx context.Context, in *iam.GetGroupInput) (*iam.GetGroupOutput, error) {
	r := s.store.Snapshot()
	g, err := s.groups.get(r, ownerFrom(ctx), wire.Value(in.GroupName))
	if err != nil {
		return nil, err
	}
	out := &iam.GetGroupOutput{Group: wire.Ptr(groupShape(g)), Users: []iam.User{}}
	for u := range s.store.Users.By(r, "group", g.ID) {
		out.Users = append(out.Users, listedUser(u))
	}
	return out, nil
}

// ListGroups lists the groups below a path.
func (s *Service) ListGroups(ctx context.Context, in *iam.ListGroupsInput) (*iam.ListGroupsOutput, error) {
	return &iam.ListGroupsOutput{Groups: under(s, ctx, s.store.Groups, in.PathPrefix,
		func(g *store.Group) *store.Entity { return &g.Entity }, groupShape)}, nil
}

// UpdateGroup renames a group or moves it to another path.
func (s *Service) UpdateGroup(ctx context.Context, in *iam.UpdateGroupInput) (*iam.UpdateGroupOutput, error) {
	err := s.groups.change(ctx, s, wire.Value(in.GroupName), func(tx *store.Tx, g *store.Group) error {
		return s.groups.rename(tx, g, in.NewGroupName, in.NewPath)
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateGroupOutput{}, nil
}

// DeleteGroup deletes a group without users and policies.
func (s *Service) DeleteGroup(ctx context.Context, in *iam.DeleteGroupInput) (*iam.DeleteGroupOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		g, err := s.groups.get(tx, ownerFrom(ctx), wire.Value(in.GroupName))
		if err != nil {
			return err
		}
		if _, has := first(s.store.Users.By(tx, "group", g.ID)); has {
			return errConflict("Cannot delete entity, must remove users from group first.")
		}
		if err := empty(g.Identity); err != nil {
			return err
		}
		s.store.Groups.Delete(tx, g.Key(g.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteGroupOutput{}, nil
}

// AddUserToGroup puts a user into a group, where it may be already.
func (s *Service) AddUserToGroup(ctx context.Context, in *iam.AddUserToGroupInput) (*iam.AddUserToGroupOutput, error) {
	err := s.changeMembership(ctx, in.GroupName, in.UserName, func(u *store.User, group string) error {
		if slices.Contains(u.Groups, group) {
			return nil
		}
		if len(u.Groups) >= s.limits.GroupsPerUser {
			return errQuota("GroupsPerUser", s.limits.GroupsPerUser)
		}
		u.Groups = append(slices.Clone(u.Groups), group)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.AddUserToGroupOutput{}, nil
}

// RemoveUserFromGroup takes a user out of a group, in which it need not be.
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *iam.RemoveUserFromGroupInput) (*iam.RemoveUserFromGroupOutput, error) {
	err := s.changeMembership(ctx, in.GroupName, in.UserName, func(u *store.User, group string) error {
		u.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(id string) bool { return id == group })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.RemoveUserFromGroupOutput{}, nil
}

// changeMembership lets fn change a user's groups; group is the id of the one
// that the request names.
func (s *Service) changeMembership(ctx context.Context, group, user *string, fn func(u *store.User, group string) error) error {
	return s.update(ctx, func(tx *store.Tx) error {
		g, err := s.groups.get(tx, ownerFrom(ctx), wire.Value(group))
		if err != nil {
			return err
		}
		u, err := s.users.get(tx, ownerFrom(ctx), wire.Value(user))
		if err != nil {
			return err
		}
		if err := fn(&u, g.ID); err != nil {
			return err
		}
		s.store.Users.Put(tx, u)
		return nil
	})
}

// ListGroupsForUser lists the groups that a user is in.
func (s *Service) ListGroupsForUser(ctx context.Context, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserOutput, error) {
	r := s.store.Snapshot()
	u, err := s.users.get(r, ownerFrom(ctx), wire.Value(in.UserName))
	if err != nil {
		return nil, err
	}
	out := &iam.ListGroupsForUserOutput{Groups: []iam.Group{}}
	for _, g := range s.groupsOf(r, u) {
		out.Groups = append(out.Groups, groupShape(g))
	}
	return out, nil
}

// groupsOf are the groups of a user, in the order in which it was added.
func (s *Service) groupsOf(r store.Reader, u store.User) []store.Group {
	var groups []store.Group
	for _, id := range u.Groups {
		if g, ok := s.groups.byID(r, id); ok {
			groups = append(groups, g)
		}
	}
	return groups
}

func groupShape(g store.Group) iam.Group {
	return iam.Group{
		Arn:        wire.Ptr(arn(g.Entity, "group")),
		CreateDate: &g.Created,
		GroupId:    &g.ID,
		GroupName:  &g.Name,
		Path:       &g.Path,
	}
}
