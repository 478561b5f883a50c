package iam

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateInstanceProfile makes an instance profile without a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, in *iam.CreateInstanceProfileInput) (*iam.CreateInstanceProfileOutput, error) {
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p := store.InstanceProfile{Entity: s.newEntity(ownerFrom(ctx), idInstanceProfile, in.InstanceProfileName, in.Path, tags)}
	err = s.update(ctx, func(tx *store.Tx) error {
		if _, taken := s.store.InstanceProfiles.Get(tx, p.Key(p.Name)); taken {
			return errExists("Instance Profile %s already exists.", p.Name)
		}
		if s.limits.Account && count(s.store.InstanceProfiles.List(tx, p.Account, p.Partition)) >= s.limits.InstanceProfiles {
			return errQuota("InstanceProfilesPerAccount", s.limits.InstanceProfiles)
		}
		s.store.InstanceProfiles.Put(tx, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateInstanceProfileOutput{InstanceProfile: wire.Ptr(s.instanceProfileShape(s.store.Snapshot(), p))}, nil
}

// instanceProfile reads the caller's instance profile of that name.
func (s *Service) instanceProfile(ctx context.Context, r store.Reader, name *string) (store.InstanceProfile, error) {
	p, ok := s.store.InstanceProfiles.Get(r, ownerFrom(ctx).Key(wire.Value(name)))
	if !ok {
		return p, errInstanceProfileNotFound(wire.Value(name))
	}
	return p, nil
}

// changeInstanceProfile lets fn change the caller's instance profile of that name.
func (s *Service) changeInstanceProfile(ctx context.Context, name *string, fn func(tx *store.Tx, p *store.InstanceProfile) error) error {
	return s.update(ctx, func(tx *store.Tx) error {
		p, err := s.instanceProfile(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := fn(tx, &p); err != nil {
			return err
		}
		s.store.InstanceProfiles.Put(tx, p)
		return nil
	})
}

// GetInstanceProfile answers with an instance profile.
func (s *Service) GetInstanceProfile(ctx context.Context, in *iam.GetInstanceProfileInput) (*iam.GetInstanceProfileOutput, error) {
	r := s.store.Snapshot()
	p, err := s.instanceProfile(ctx, r, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &iam.GetInstanceProfileOutput{InstanceProfile: wire.Ptr(s.instanceProfileShape(r, p))}, nil
}

// ListInstanceProfiles lists the instance profiles below a path.
func (s *Service) ListInstanceProfiles(ctx context.Context, in *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
	r := s.store.Snapshot()
	return &iam.ListInstanceProfilesOutput{InstanceProfiles: under(s, ctx, s.store.InstanceProfiles, in.PathPrefix,
		func(p *store.InstanceProfile) *store.Entity { return &p.Entity },
		func(p store.InstanceProfile) iam.InstanceProfile { return s.listedInstanceProfile(r, p) })}, nil
}

// ListInstanceProfilesForRole lists the instance profiles that a role is in.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	r := s.store.Snapshot()
	role, err := s.roles.get(r, ownerFrom(ctx), wire.Value(in.RoleName))
	if err != nil {
		return nil, err
	}
	out := &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []iam.InstanceProfile{}}
	for _, p := range s.profilesOf(r, role) {
		out.InstanceProfiles = append(out.InstanceProfiles, s.listedInstanceProfile(r, p))
	}
	return out, nil
}

// AddRoleToInstanceProfile gives an instance profile its one role.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	err := s.changeInstanceProfile(ctx, in.InstanceProfileName, func(tx *store.Tx, p *store.InstanceProfile) error {
		role, err := s.roles.get(tx, p.GlobalOwner, wire.Value(in.RoleName))
		if err != nil {
			return err
		}
		if err := refuseServiceRole(role); err != nil {
			return err
		}
		if p.Role != "" {
			return errQuota("InstanceSessionsPerInstanceProfile", 1)
		}
		p.Role = role.ID
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.AddRoleToInstanceProfileOutput{}, nil
}

// RemoveRoleFromInstanceProfile takes the role out of an instance profile.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	err := s.changeInstanceProfile(ctx, in.InstanceProfileName, func(tx *store.Tx, p *store.InstanceProfile) error {
		role, err := s.roles.get(tx, p.GlobalOwner, wire.Value(in.RoleName))
		if err != nil {
			return err
		}
		if p.Role != role.ID {
			return errNotFound("role", role.Name)
		}
		p.Role = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.RemoveRoleFromInstanceProfileOutput{}, nil
}

// DeleteInstanceProfile deletes an instance profile without a role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		p, err := s.instanceProfile(ctx, tx, in.InstanceProfileName)
		if err != nil {
			return err
		}
		if p.Role != "" {
			return errConflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		s.store.InstanceProfiles.Delete(tx, p.Key(p.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteInstanceProfileOutput{}, nil
}

func (s *Service) instanceProfileShape(r store.Reader, p store.InstanceProfile) iam.InstanceProfile {
	shape := s.listedInstanceProfile(r, p)
	shape.Tags = tagShapes(p.Tags)
	return shape
}

// listedInstanceProfile is an instance profile as lists show it: without tags.
func (s *Service) listedInstanceProfile(r store.Reader, p store.InstanceProfile) iam.InstanceProfile {
	shape := iam.InstanceProfile{
		Arn:                 wire.Ptr(arn(p.Entity, "instance-profile")),
		CreateDate:          &p.Created,
		InstanceProfileId:   &p.ID,
		InstanceProfileName: &p.Name,
		Path:                &p.Path,
		Roles:               []iam.Role{},
	}
	if role, ok := s.roles.byID(r, p.Role); ok {
		shape.Roles = append(shape.Roles, listedRole(role))
	}
	return shape
}
