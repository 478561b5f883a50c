package iam

import (
	"context"
	"maps"
	"slices"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// putInline gives an identity an inline policy, or replaces the one of that
// name.
func putInline[T any](ctx context.Context, s *Service, k kind[T], name, called, document *string) error {
	if err := validate(policy.Identity, wire.Value(document)); err != nil {
		return err
	}
	return k.change(ctx, s, wire.Value(name), func(_ *store.Tx, v *T) error {
		i := k.identity(v)
		if i.Inline == nil {
			i.Inline = map[string]string{}
		}
		i.Inline[wire.Value(called)] = *document
		total := 0
		for _, text := range i.Inline {
			total += policy.Size(text)
		}
		if total > k.inline {
			return errLimit("Maximum policy size of %d bytes exceeded for %s %s", k.inline, k.noun, i.Name)
		}
		return nil
	})
}

// getInline is the document of an identity's inline policy, and the names of
// both as they were given.
func getInline[T any](ctx context.Context, s *Service, k kind[T], name, policy *string) (identity *string, document *string, err error) {
	v, err := k.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(name))
	if err != nil {
		return nil, nil, err
	}
	i := k.identity(&v)
	text, ok := i.Inline[wire.Value(policy)]
	if !ok {
		return nil, nil, errNotFound(k.noun+" policy", wire.Value(policy))
	}
	return &i.Name, encoded(text), nil
}

// deleteInline takes an inline policy from an identity.
func deleteInline[T any](ctx context.Context, s *Service, k kind[T], name, policy *string) error {
	return k.change(ctx, s, wire.Value(name), func(_ *store.Tx, v *T) error {
		i := k.identity(v)
		if _, ok := i.Inline[wire.Value(policy)]; !ok {
			return errNotFound(k.noun+" policy", wire.Value(policy))
		}
		delete(i.Inline, *policy)
		return nil
	})
}

// listInline lists the names of an identity's inline policies.
func listInline[T any](ctx context.Context, s *Service, k kind[T], name *string) ([]string, error) {
	v, err := k.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(name))
	if err != nil {
		return nil, err
	}
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(k.identity(&v).Inline)))), nil
}

// inlineShapes are the inline policies of an identity with their documents.
func inlineShapes(i store.Identity) []iam.PolicyDetail {
	shapes := []iam.PolicyDetail{}
	for _, name := range slices.Sorted(maps.Keys(i.Inline)) {
		shapes = append(shapes, iam.PolicyDetail{PolicyName: &name, PolicyDocument: encoded(i.Inline[name])})
	}
	return shapes
}

// PutUserPolicy gives a user an inline policy.
func (s *Service) PutUserPolicy(ctx context.Context, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	return &iam.PutUserPolicyOutput{}, putInline(ctx, s, s.users, in.UserName, in.PolicyName, in.PolicyDocument)
}

// PutGroupPolicy gives a group an inline policy.
func (s *Service) PutGroupPolicy(ctx context.Context, in *iam.PutGroupPolicyInput) (*iam.PutGroupPolicyOutput, error) {
	return &iam.PutGroupPolicyOutput{}, putInline(ctx, s, s.groups, in.GroupName, in.PolicyName, in.PolicyDocument)
}

// PutRolePolicy gives a role an inline policy.
func (s *Service) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, putInline(ctx, s, s.roles, in.RoleName, in.PolicyName, in.PolicyDocument)
}

// GetUserPolicy answers with an inline policy of a user.
func (s *Service) GetUserPolicy(ctx context.Context, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	name, document, err := getInline(ctx, s, s.users, in.UserName, in.PolicyName)
	return &iam.GetUserPolicyOutput{UserName: name, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// GetGroupPolicy answers with an inline policy of a group.
func (s *Service) GetGroupPolicy(ctx context.Context, in *iam.GetGroupPolicyInput) (*iam.GetGroupPolicyOutput, error) {
	name, document, err := getInline(ctx, s, s.groups, in.GroupName, in.PolicyName)
	return &iam.GetGroupPolicyOutput{GroupName: name, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// GetRolePolicy answers with an inline policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	name, document, err := getInline(ctx, s, s.roles, in.RoleName, in.PolicyName)
	return &iam.GetRolePolicyOutput{RoleName: name, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// DeleteUserPolicy deletes an inline policy of a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	return &iam.DeleteUserPolicyOutput{}, deleteInline(ctx, s, s.users, in.UserName, in.PolicyName)
}

// DeleteGroupPolicy deletes an inline policy of a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *iam.DeleteGroupPolicyInput) (*iam.DeleteGroupPolicyOutput, error) {
	return &iam.DeleteGroupPolicyOutput{}, deleteInline(ctx, s, s.groups, in.GroupName, in.PolicyName)
}

// DeleteRolePolicy deletes an inline policy of a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, deleteInline(ctx, s, s.roles, in.RoleName, in.PolicyName)
}

// ListUserPolicies lists the inline policies of a user.
func (s *Service) ListUserPolicies(ctx context.Context, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesOutput, error) {
	names, err := listInline(ctx, s, s.users, in.UserName)
	return &iam.ListUserPoliciesOutput{PolicyNames: names}, err
}

// ListGroupPolicies lists the inline policies of a group.
func (s *Service) ListGroupPolicies(ctx context.Context, in *iam.ListGroupPoliciesInput) (*iam.ListGroupPoliciesOutput, error) {
	names, err := listInline(ctx, s, s.groups, in.GroupName)
	return &iam.ListGroupPoliciesOutput{PolicyNames: names}, err
}

// ListRolePolicies lists the inline policies of a role.
func (s *Service) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	names, err := listInline(ctx, s, s.roles, in.RoleName)
	return &iam.ListRolePoliciesOutput{PolicyNames: names}, err
}
