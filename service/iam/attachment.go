package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// attach gives an identity a managed policy, which it may have already.
func attach[T any](ctx context.Context, s *Service, k kind[T], name, policy *string) error {
	return k.change(ctx, s, wire.Value(name), func(tx *store.Tx, v *T) error {
		i := k.identity(v)
		p, err := s.attachable(tx, i.GlobalOwner, wire.Value(policy))
		switch {
		case err != nil:
			return err
		case isServiceRolePolicy(p):
			return errServicePolicy()
		case slices.Contains(i.Attached, *policy):
			return nil
		case len(i.Attached) >= k.attached:
			return errQuota("PoliciesPer"+k.title, k.attached)
		}
		i.Attached = append(i.Attached, *policy)
		return nil
	})
}

// attachable finds the managed policy that o wants to use.
func (s *Service) attachable(r store.Reader, o store.GlobalOwner, policy string) (store.ManagedPolicy, error) {
	if n, ok := parseARN(policy); !ok || n.kind != "policy" {
		return store.ManagedPolicy{}, errARN(policy)
	}
	p, ok := s.findPolicy(r, o, policy)
	if !ok {
		return p, errNotAttachable(policy)
	}
	return p, nil
}

// detach takes a managed policy from an identity that has it.
func detach[T any](ctx context.Context, s *Service, k kind[T], name, policy *string) error {
	return k.change(ctx, s, wire.Value(name), func(_ *store.Tx, v *T) error {
		i := k.identity(v)
		at := slices.Index(i.Attached, wire.Value(policy))
		if at < 0 {
			return errPolicyNotFound(wire.Value(policy))
		}
		i.Attached = slices.Delete(i.Attached, at, at+1)
		return nil
	})
}

// listAttached lists the managed policies of an identity below a path.
func listAttached[T any](ctx context.Context, s *Service, k kind[T], name, prefix *string) ([]iam.AttachedPolicy, error) {
	v, err := k.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(name))
	if err != nil {
		return nil, err
	}
	return attachedShapes(*k.identity(&v), orRoot(prefix)), nil
}

func attachedShapes(i store.Identity, prefix string) []iam.AttachedPolicy {
	shapes := []iam.AttachedPolicy{}
	for _, policy := range i.Attached {
		if n, _ := parseARN(policy); strings.HasPrefix(n.path, prefix) {
			shapes = append(shapes, iam.AttachedPolicy{PolicyArn: &policy, PolicyName: &n.name})
		}
	}
	return shapes
}

// AttachUserPolicy gives a user a managed policy.
func (s *Service) AttachUserPolicy(ctx context.Context, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	return &iam.AttachUserPolicyOutput{}, attach(ctx, s, s.users, in.UserName, in.PolicyArn)
}

// AttachGroupPolicy gives a group a managed policy.
func (s *Service) AttachGroupPolicy(ctx context.Context, in *iam.AttachGroupPolicyInput) (*iam.AttachGroupPolicyOutput, error) {
	return &iam.AttachGroupPolicyOutput{}, attach(ctx, s, s.groups, in.GroupName, in.PolicyArn)
}

// AttachRolePolicy gives a role a managed policy.
func (s *Service) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return &iam.AttachRolePolicyOutput{}, attach(ctx, s, s.roles, in.RoleName, in.PolicyArn)
}

// DetachUserPolicy takes a managed policy from a user.
func (s *Service) DetachUserPolicy(ctx context.Context, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	return &iam.DetachUserPolicyOutput{}, detach(ctx, s, s.users, in.UserName, in.PolicyArn)
}

// DetachGroupPolicy takes a managed policy from a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, in *iam.DetachGroupPolicyInput) (*iam.DetachGroupPolicyOutput, error) {
	return &iam.DetachGroupPolicyOutput{}, detach(ctx, s, s.groups, in.GroupName, in.PolicyArn)
}

// DetachRolePolicy takes a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return &iam.DetachRolePolicyOutput{}, detach(ctx, s, s.roles, in.RoleName, in.PolicyArn)
}

// ListAttachedUserPolicies lists the managed policies of a user.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesOutput, error) {
	attached, err := listAttached(ctx, s, s.users, in.UserName, in.PathPrefix)
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: attached}, err
}

// ListAttachedGroupPolicies lists the managed policies of a group.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *iam.ListAttachedGroupPoliciesInput) (*iam.ListAttachedGroupPoliciesOutput, error) {
	attached, err := listAttached(ctx, s, s.groups, in.GroupName, in.PathPrefix)
	return &iam.ListAttachedGroupPoliciesOutput{AttachedPolicies: attached}, err
}

// ListAttachedRolePolicies lists the managed policies of a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	attached, err := listAttached(ctx, s, s.roles, in.RoleName, in.PathPrefix)
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: attached}, err
}
