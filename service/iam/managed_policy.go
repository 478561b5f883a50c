package iam

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := s.checkManaged(wire.Value(in.PolicyDocument)); err != nil {
		return nil, err
	}
	p := store.ManagedPolicy{
		Entity:      s.newEntity(ownerFrom(ctx), idPolicy, in.PolicyName, in.Path, tags),
		Description: wire.Value(in.Description),
	}
	p.Updated = p.Created
	p.Default, p.Last = 1, 1
	p.Versions = []store.PolicyVersion{{Number: 1, Document: *in.PolicyDocument, Created: p.Created}}
	err = s.update(ctx, func(tx *store.Tx) error {
		if _, taken := s.store.ManagedPolicies.Get(tx, p.Key(p.Name)); taken {
			return errExists("A policy called %s already exists. Duplicate names are not allowed.", p.Name)
		}
		if s.limits.Account && count(s.store.ManagedPolicies.List(tx, p.Account, p.Partition)) >= s.limits.Policies {
			return errQuota("PoliciesPerAccount", s.limits.Policies)
		}
		s.store.ManagedPolicies.Put(tx, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyOutput{Policy: s.policyShape(s.store.Snapshot(), p.GlobalOwner, p)}, nil
}

// checkManaged checks the document of a managed policy.
func (s *Service) checkManaged(document string) error {
	if err := validate(policy.Identity, document); err != nil {
		return err
	}
	if policy.Size(document) > s.limits.PolicySize {
		return errQuota("PolicySize", s.limits.PolicySize)
	}
	return nil
}

// findPolicy finds the managed policy of an ARN that o may use: one of AWS's
// or of its own.
func (s *Service) findPolicy(r store.Reader, o store.GlobalOwner, policy string) (store.ManagedPolicy, bool) {
	n, ok := parseARN(policy)
	if !ok || n.kind != "policy" || n.Partition != o.Partition {
		return store.ManagedPolicy{}, false
	}
	if n.Account == awsAccount {
		return s.awsPolicy(n)
	}
	if n.Account != o.Account {
		return store.ManagedPolicy{}, false
	}
	p, ok := s.store.ManagedPolicies.Get(r, o.Key(n.name))
	return p, ok && p.Name == n.name && p.Path == n.path
}

// policy reads the managed policy that a request names. operation is for the
// refusal to show somebody else's.
func (s *Service) policy(ctx context.Context, r store.Reader, operation string, policy *string) (store.ManagedPolicy, error) {
	c, o := auth.CallerFrom(ctx), ownerFrom(ctx)
	n, ok := parseARN(wire.Value(policy))
	switch {
	case !ok || n.kind != "policy":
		return store.ManagedPolicy{}, errARN(wire.Value(policy))
	case n.Account != awsAccount && n.Account != o.Account || n.Partition != o.Partition:
		return store.ManagedPolicy{}, errForeign(c, operation, *policy)
	}
	p, ok := s.findPolicy(r, o, *policy)
	if !ok {
		return p, errPolicyNotFound(*policy)
	}
	return p, nil
}

// changePolicy lets fn work on the caller's managed policy of an ARN and
// stores the result. AWS's own are refused.
func (s *Service) changePolicy(ctx context.Context, operation string, policy *string, fn func(tx *store.Tx, p *store.ManagedPolicy) error) error {
	return s.update(ctx, func(tx *store.Tx) error {
		p, err := s.policy(ctx, tx, operation, policy)
		if err != nil {
			return err
		}
		if p.Account == awsAccount {
			return errForeign(auth.CallerFrom(ctx), operation, *policy)
		}
		p.Tags, p.Versions = maps.Clone(p.Tags), slices.Clone(p.Versions)
		if err := fn(tx, &p); err != nil {
			return err
		}
		s.store.ManagedPolicies.Put(tx, p)
		return nil
	})
}

// GetPolicy answers with a managed policy, without its documents.
func (s *Service) GetPolicy(ctx context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	r := s.store.Snapshot()
	p, err := s.policy(ctx, r, "GetPolicy", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: s.policyShape(r, ownerFrom(ctx), p)}, nil
}

// ListPolicies lists managed policies: the caller's, AWS's, or both.
func (s *Service) ListPolicies(ctx context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	var all []store.ManagedPolicy
	if wire.Value(in.Scope) != iam.PolicyScopeTypeAws {
		all = slices.Collect(s.store.ManagedPolicies.List(r, o.Account, o.Partition))
	}
	if wire.Value(in.Scope) != iam.PolicyScopeTypeLocal {
		all = append(all, s.aws.in(o.Partition)...)
	}
	out := &iam.ListPoliciesOutput{Policies: []iam.Policy{}}
	for _, p := range all {
		shape := s.listedPolicy(r, o, p)
		if strings.HasPrefix(p.Path, orRoot(in.PathPrefix)) && used(shape, in) {
			out.Policies = append(out.Policies, shape)
		}
	}
	return out, nil
}

// used reports whether a policy is in use as a list asks for.
func used(p iam.Policy, in *iam.ListPoliciesInput) bool {
	attached, bounds := *p.AttachmentCount > 0, *p.PermissionsBoundaryUsageCount > 0
	switch wire.Value(in.PolicyUsageFilter) {
	case iam.PolicyUsageTypePermissionsPolicy:
		return attached
	case iam.PolicyUsageTypePermissionsBoundary:
		return bounds
	}
	return attached || bounds || !wire.Value(in.OnlyAttached)
}

// DeletePolicy deletes a managed policy that nobody has and that has no
// version but the default one.
func (s *Service) DeletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		p, err := s.policy(ctx, tx, "DeletePolicy", in.PolicyArn)
		switch {
		case err != nil:
			return err
		case p.Account == awsAccount:
			return errForeign(auth.CallerFrom(ctx), "DeletePolicy", *in.PolicyArn)
		case s.attachments(tx, p.GlobalOwner, *in.PolicyArn)+s.bounded(tx, p.GlobalOwner, *in.PolicyArn) > 0:
			return errConflict("Cannot delete a policy attached to entities.")
		case len(p.Versions) > 1:
			return errConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
				"The default version is deleted with the policy.")
		}
		s.store.ManagedPolicies.Delete(tx, p.Key(p.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyOutput{}, nil
}

// attachments counts o's identities that a managed policy is attached to.
func (s *Service) attachments(r store.Reader, o store.GlobalOwner, policy string) int {
	of := o.Of(policy)
	return count(s.store.Users.By(r, "policy", of)) + count(s.store.Groups.By(r, "policy", of)) + count(s.store.Roles.By(r, "policy", of))
}

// bounded counts o's identities whose permissions boundary a policy is.
func (s *Service) bounded(r store.Reader, o store.GlobalOwner, policy string) int {
	of := o.Of(policy)
	return count(s.store.Users.By(r, "boundary", of)) + count(s.store.Roles.By(r, "boundary", of))
}

func (s *Service) policyShape(r store.Reader, o store.GlobalOwner, p store.ManagedPolicy) *iam.Policy {
	shape := s.listedPolicy(r, o, p)
	shape.Tags = tagShapes(p.Tags)
	if p.Description != "" {
		shape.Description = &p.Description
	}
	return &shape
}

// listedPolicy is a managed policy as lists show it to o: without tags and
// description.
func (s *Service) listedPolicy(r store.Reader, o store.GlobalOwner, p store.ManagedPolicy) iam.Policy {
	named := arn(p.Entity, "policy")
	return iam.Policy{
		Arn:                           &named,
		AttachmentCount:               wire.Ptr(int32(s.attachments(r, o, named))),
		CreateDate:                    &p.Created,
		DefaultVersionId:              versionID(p.Default),
		IsAttachable:                  wire.Ptr(true),
		Path:                          &p.Path,
		PermissionsBoundaryUsageCount: wire.Ptr(int32(s.bounded(r, o, named))),
		PolicyId:                      &p.ID,
		PolicyName:                    &p.Name,
		UpdateDate:                    &p.Updated,
	}
}

func versionID(number int) *string { return wire.Ptr("v" + strconv.Itoa(number)) }
