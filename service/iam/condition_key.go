package iam

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// ConditionKeys are those of the service's own ("Actions, resources, and
// condition keys for AWS Identity and Access Management").
func (s *Service) ConditionKeys() []wire.ConditionKey {
	return []wire.ConditionKey{
		{Name: "iam:ResourceTag/", From: "tags of the resource", Values: func(ctx context.Context, _ any, arn, tag string) []string {
			return wire.TagValues(s.ResourceTags(ctx, arn), tag)
		}},
		{Name: "iam:PassedToService", From: "the service that a role is handed to, of iam:PassRole"},
		{Name: "iam:PolicyARN", From: "the policy that is attached or detached", Values: attachedPolicy},
		{Name: "iam:PermissionsBoundary", From: "the boundary in the request, or that of the user or role", Values: s.boundaryOf},
		wire.InputKey("iam:AWSServiceName", "the request of CreateServiceLinkedRole", func(in *iam.CreateServiceLinkedRoleInput) []string {
			return wire.Text(in.AWSServiceName)
		}),
	}
}

func attachedPolicy(_ context.Context, in any, _, _ string) []string {
	switch in := in.(type) {
	case *iam.AttachUserPolicyInput:
		return wire.Text(in.PolicyArn)
	case *iam.AttachGroupPolicyInput:
		return wire.Text(in.PolicyArn)
	case *iam.AttachRolePolicyInput:
		return wire.Text(in.PolicyArn)
	case *iam.DetachUserPolicyInput:
		return wire.Text(in.PolicyArn)
	case *iam.DetachGroupPolicyInput:
		return wire.Text(in.PolicyArn)
	case *iam.DetachRolePolicyInput:
		return wire.Text(in.PolicyArn)
	}
	return nil
}

func (s *Service) boundaryOf(_ context.Context, in any, arn, _ string) []string {
	switch in := in.(type) {
	case *iam.CreateUserInput:
		return wire.Text(in.PermissionsBoundary)
	case *iam.CreateRoleInput:
		return wire.Text(in.PermissionsBoundary)
	case *iam.PutUserPermissionsBoundaryInput:
		return wire.Text(in.PermissionsBoundary)
	case *iam.PutRolePermissionsBoundaryInput:
		return wire.Text(in.PermissionsBoundary)
	}
	n, _ := parseARN(arn)
	identity := store.Identity{}
	switch r := s.store.Snapshot(); n.kind {
	case "user":
		u, _ := s.store.Users.Get(r, n.Key(n.name))
		identity = u.Identity
	case "role":
		role, _ := s.store.Roles.Get(r, n.Key(n.name))
		identity = role.Identity
	}
	if identity.Boundary == "" {
		return nil
	}
	return []string{identity.Boundary}
}

// ResourceTags are the tags of a resource by its ARN.
func (s *Service) ResourceTags(_ context.Context, arn string) vpc.Tags {
	n, ok := parseARN(arn)
	if !ok {
		return nil
	}
	r, k := s.store.Snapshot(), n.Key(n.name)
	switch n.kind {
	case "user":
		u, _ := s.store.Users.Get(r, k)
		return u.Tags
	case "role":
		role, _ := s.store.Roles.Get(r, k)
		return role.Tags
	case "instance-profile":
		p, _ := s.store.InstanceProfiles.Get(r, k)
		return p.Tags
	case "policy":
		p, _ := s.findPolicy(r, n.GlobalOwner, arn)
		return p.Tags
	case "oidc-provider":
		p, _ := s.store.OIDCProviders.Get(r, n.Key(n.path[1:]+n.name))
		return p.Tags
	}
	return nil
}

// tagging lets the methods that make something with tags need the permission
// to tag it, too.
func tagging(methods []wire.Method) []wire.Method {
	for i, m := range methods {
		switch m.Operation {
		case iam.OpCreateUser:
			methods[i] = tagsToCreate(m, "iam:TagUser", func(in *iam.CreateUserInput) []iam.Tag { return in.Tags })
		case iam.OpCreateRole:
			methods[i] = tagsToCreate(m, "iam:TagRole", func(in *iam.CreateRoleInput) []iam.Tag { return in.Tags })
		case iam.OpCreatePolicy:
			methods[i] = tagsToCreate(m, "iam:TagPolicy", func(in *iam.CreatePolicyInput) []iam.Tag { return in.Tags })
		case iam.OpCreateInstanceProfile:
			methods[i] = tagsToCreate(m, "iam:TagInstanceProfile", func(in *iam.CreateInstanceProfileInput) []iam.Tag { return in.Tags })
		case iam.OpCreateOpenIDConnectProvider:
			methods[i] = tagsToCreate(m, "iam:TagOpenIDConnectProvider", func(in *iam.CreateOpenIDConnectProviderInput) []iam.Tag { return in.Tags })
		}
	}
	return methods
}

func tagsToCreate[I any](m wire.Method, action string, tags func(*I) []iam.Tag) wire.Method {
	return wire.Needs(m, func(ctx context.Context, in *I) []wire.Access {
		if len(tags(in)) == 0 {
			return nil
		}
		return []wire.Access{{Action: action, Resource: m.Resources(ctx, in)[0]}}
	})
}

// passToInstances: a role in an instance profile is handed to EC2.
func (s *Service) passToInstances(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) []wire.Access {
	return wire.PassRole(&resource(ctx, s, s.roles, in.RoleName)[0], "ec2.amazonaws.com")
}
