package iam

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// defaultSession is how many seconds a session of a role lasts at most, where
// nobody has said so.
const defaultSession = 3600

// CreateRole makes a role that its trust policy lets others assume.
func (s *Service) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if isServicePath(in.Path) {
		return nil, errValidation("Roles with the path %s can only be created by CreateServiceLinkedRole", servicePath)
	}
	r := store.Role{
		Identity:    store.Identity{Entity: s.newEntity(ownerFrom(ctx), idRole, in.RoleName, in.Path, tags)},
		Trust:       wire.Value(in.AssumeRolePolicyDocument),
		Description: wire.Value(in.Description),
		MaxSession:  cmp.Or(wire.Value(in.MaxSessionDuration), defaultSession),
	}
	err = s.update(ctx, func(tx *store.Tx) error {
		if err := s.checkTrust(tx, r.GlobalOwner, r.Trust); err != nil {
			return err
		}
		if in.PermissionsBoundary != nil {
			if err := s.checkBoundary(tx, r.GlobalOwner, *in.PermissionsBoundary); err != nil {
				return err
			}
			r.Boundary = *in.PermissionsBoundary
		}
		return s.roles.create(tx, r, s.limits.Roles, s)
	})
	if err != nil {
		return nil, err
	}
	// The answer does not have the description and the duration's default.
	shape := s.roleShape(s.store.Snapshot(), r)
	return &iam.CreateRoleOutput{Role: shape}, nil
}

// GetRole answers with a role.
func (s *Service) GetRole(ctx context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	snapshot := s.store.Snapshot()
	r, err := s.roles.get(snapshot, ownerFrom(ctx), wire.Value(in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: s.roleShape(snapshot, r)}, nil
}

// ListRoles lists the roles below a path.
func (s *Service) ListRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	return &iam.ListRolesOutput{Roles: under(s, ctx, s.store.Roles, in.PathPrefix,
		func(r *store.Role) *store.Entity { return &r.Entity }, listedRole)}, nil
}

// UpdateRole changes the description and the longest session of a role.
func (s *Service) UpdateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	err := s.roles.change(ctx, s, wire.Value(in.RoleName), func(_ *store.Tx, r *store.Role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleOutput{}, nil
}

// UpdateRoleDescription is UpdateRole's predecessor. It also changes
// service-linked roles.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	var r store.Role
	err := s.update(ctx, func(tx *store.Tx) (err error) {
		if r, err = s.roles.get(tx, ownerFrom(ctx), wire.Value(in.RoleName)); err != nil {
			return err
		}
		r.Description = wire.Value(in.Description)
		s.store.Roles.Put(tx, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionOutput{Role: s.roleShape(s.store.Snapshot(), r)}, nil
}

// UpdateAssumeRolePolicy replaces the trust policy of a role.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	err := s.roles.change(ctx, s, wire.Value(in.RoleName), func(tx *store.Tx, r *store.Role) error {
		r.Trust = wire.Value(in.PolicyDocument)
		return s.checkTrust(tx, r.GlobalOwner, r.Trust)
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// DeleteRole deletes a role that has no policies and is in no instance profile.
func (s *Service) DeleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		r, err := s.roles.get(tx, ownerFrom(ctx), wire.Value(in.RoleName))
		if err != nil {
			return err
		}
		if err := refuseServiceRole(r); err != nil {
			return err
		}
		if _, in := first(s.store.InstanceProfiles.By(tx, "role", r.ID)); in {
			return errConflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		if err := empty(r.Identity); err != nil {
			return err
		}
		s.deleteRole(tx, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRoleOutput{}, nil
}

// deleteRole removes a role and what is known of its use.
func (s *Service) deleteRole(tx *store.Tx, r store.Role) {
	s.store.Roles.Delete(tx, r.Key(r.Name))
	s.store.LastUses.Delete(tx, r.Key(r.ID))
}

func (s *Service) roleShape(r store.Snapshot, role store.Role) *iam.Role {
	shape := listedRole(role)
	shape.Tags = tagShapes(role.Tags)
	shape.PermissionsBoundary = boundaryShape(role.Boundary)
	shape.RoleLastUsed = s.roleLastUsed(r, role)
	return &shape
}

// roleLastUsed is empty for a role that nobody has used.
func (s *Service) roleLastUsed(r store.Snapshot, role store.Role) *iam.RoleLastUsed {
	use, used := s.lastUse(r, role.GlobalOwner, role.ID)
	if !used {
		return &iam.RoleLastUsed{}
	}
	return &iam.RoleLastUsed{LastUsedDate: &use.Time, Region: &use.Region}
}

// listedRole is a role as lists show it: without tags, boundary and last use.
func listedRole(r store.Role) iam.Role {
	shape := iam.Role{
		Arn:                      wire.Ptr(arn(r.Entity, "role")),
		AssumeRolePolicyDocument: encoded(r.Trust),
		CreateDate:               &r.Created,
		MaxSessionDuration:       &r.MaxSession,
		Path:                     &r.Path,
		RoleId:                   &r.ID,
		RoleName:                 &r.Name,
	}
	if r.Description != "" {
		shape.Description = &r.Description
	}
	return shape
}

// profilesOf are the instance profiles that a role is in, in the order of
// their names.
func (s *Service) profilesOf(r store.Reader, role store.Role) []store.InstanceProfile {
	return slices.Collect(s.store.InstanceProfiles.By(r, "role", role.ID))
}
