package iam

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateUser makes a user without keys and policies.
func (s *Service) CreateUser(ctx context.Context, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	u := store.User{Identity: store.Identity{Entity: s.newEntity(ownerFrom(ctx), idUser, in.UserName, in.Path, tags)}}
	err = s.update(ctx, func(tx *store.Tx) error {
		if in.PermissionsBoundary != nil {
			if err := s.checkBoundary(tx, u.GlobalOwner, *in.PermissionsBoundary); err != nil {
				return err
			}
			u.Boundary = *in.PermissionsBoundary
		}
		return s.users.create(tx, u, s.limits.Users, s)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateUserOutput{User: userShape(u)}, nil
}

// GetUser answers with a user, by default the caller.
func (s *Service) GetUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	if in.UserName == nil {
		if c := auth.CallerFrom(ctx); isRoot(c) {
			return &iam.GetUserOutput{User: &iam.User{Arn: &c.ARN, UserId: &c.Account}}, nil
		}
	}
	u, err := s.user(ctx, s.store.Snapshot(), in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserOutput{User: userShape(u)}, nil
}

// user reads the caller's user of that name, or without a name the caller.
func (s *Service) user(ctx context.Context, r store.Reader, name *string) (store.User, error) {
	if name == nil {
		n, ok := parseARN(auth.CallerFrom(ctx).Identity)
		if !ok || n.kind != "user" {
			return store.User{}, errValidation("Must specify userName when calling with non-User credentials")
		}
		name = &n.name
	}
	return s.users.get(r, ownerFrom(ctx), *name)
}

// isRoot reports whether the root of an account calls.
func isRoot(c auth.Caller) bool { return c.Kind == auth.Root }

// ListUsers lists the users below a path.
func (s *Service) ListUsers(ctx context.Context, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	return &iam.ListUsersOutput{Users: under(s, ctx, s.store.Users, in.PathPrefix,
		func(u *store.User) *store.Entity { return &u.Entity }, listedUser)}, nil
}

// UpdateUser renames a user or moves it to another path. Its id, keys, groups
// and policies stay.
func (s *Service) UpdateUser(ctx context.Context, in *iam.UpdateUserInput) (*iam.UpdateUserOutput, error) {
	err := s.users.change(ctx, s, wire.Value(in.UserName), func(tx *store.Tx, u *store.User) error {
		return s.users.rename(tx, u, in.NewUserName, in.NewPath)
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateUserOutput{}, nil
}

// DeleteUser deletes a user that has nothing any more.
func (s *Service) DeleteUser(ctx context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		u, err := s.users.get(tx, ownerFrom(ctx), wire.Value(in.UserName))
		if err != nil {
			return err
		}
		if len(u.Groups) > 0 {
			return errConflict("Cannot delete entity, must remove users from group first.")
		}
		if _, has := first(s.store.AccessKeys.By(tx, "user", u.ID)); has {
			return errConflict("Cannot delete entity, must delete access keys first.")
		}
		if err := empty(u.Identity); err != nil {
			return err
		}
		s.store.Users.Delete(tx, u.Key(u.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserOutput{}, nil
}

func userShape(u store.User) *iam.User {
	shape := listedUser(u)
	shape.Tags = tagShapes(u.Tags)
	shape.PermissionsBoundary = boundaryShape(u.Boundary)
	return &shape
}

// listedUser is a user as lists show it: without tags and boundary.
func listedUser(u store.User) iam.User {
	return iam.User{
		Arn:        wire.Ptr(arn(u.Entity, "user")),
		CreateDate: &u.Created,
		Path:       &u.Path,
		UserId:     &u.ID,
		UserName:   &u.Name,
	}
}
