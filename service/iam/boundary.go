package iam

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// checkBoundary checks that a policy exists which is to be a permissions
// boundary.
func (s *Service) checkBoundary(r store.Reader, o store.GlobalOwner, policy string) error {
	if n, ok := parseARN(policy); !ok || n.kind != "policy" {
		return errARN(policy)
	}
	if _, ok := s.findPolicy(r, o, policy); !ok {
		return errNoSuchEntity("Scope ARN: %s does not exist or is not attachable.", policy)
	}
	return nil
}

// setBoundary gives an identity a permissions boundary; nil takes it away.
func setBoundary[T any](ctx context.Context, s *Service, k kind[T], name, policy *string) error {
	return k.change(ctx, s, wire.Value(name), func(tx *store.Tx, v *T) error {
		i := k.identity(v)
		if policy == nil {
			if i.Boundary == "" {
				return errNoSuchEntity("The %s with name %s does not have a permissions boundary.", k.noun, i.Name)
			}
			i.Boundary = ""
			return nil
		}
		i.Boundary = *policy
		return s.checkBoundary(tx, i.GlobalOwner, *policy)
	})
}

// PutUserPermissionsBoundary gives a user a permissions boundary.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *iam.PutUserPermissionsBoundaryInput) (*iam.PutUserPermissionsBoundaryOutput, error) {
	return &iam.PutUserPermissionsBoundaryOutput{}, setBoundary(ctx, s, s.users, in.UserName, in.PermissionsBoundary)
}

// PutRolePermissionsBoundary gives a role a permissions boundary.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	return &iam.PutRolePermissionsBoundaryOutput{}, setBoundary(ctx, s, s.roles, in.RoleName, in.PermissionsBoundary)
}

// DeleteUserPermissionsBoundary takes the permissions boundary of a user away.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *iam.DeleteUserPermissionsBoundaryInput) (*iam.DeleteUserPermissionsBoundaryOutput, error) {
	return &iam.DeleteUserPermissionsBoundaryOutput{}, setBoundary(ctx, s, s.users, in.UserName, nil)
}

// DeleteRolePermissionsBoundary takes the permissions boundary of a role away.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	return &iam.DeleteRolePermissionsBoundaryOutput{}, setBoundary(ctx, s, s.roles, in.RoleName, nil)
}

func boundaryShape(policy string) *iam.AttachedPermissionsBoundary {
	if policy == "" {
		return nil
	}
	return &iam.AttachedPermissionsBoundary{PermissionsBoundaryArn: &policy, PermissionsBoundaryType: wire.Ptr("Policy")}
}
