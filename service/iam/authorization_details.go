package iam

import (
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// GetAccountAuthorizationDetails answers with all users, groups, roles and
// managed policies of the account and how they hang together. Of AWS's own
// policies it has those that somebody uses.
func (s *Service) GetAccountAuthorizationDetails(ctx context.Context, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	asked := func(kind string) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, kind) }
	out := &iam.GetAccountAuthorizationDetailsOutput{
		UserDetailList: []iam.UserDetail{}, GroupDetailList: []iam.GroupDetail{}, RoleDetailList: []iam.RoleDetail{}, Policies: []iam.ManagedPolicyDetail{},
	}
	if asked(iam.EntityTypeUser) {
		for u := range s.store.Users.List(r, o.Account, o.Partition) {
			out.UserDetailList = append(out.UserDetailList, s.userDetail(r, u))
		}
	}
	if asked(iam.EntityTypeGroup) {
		for g := range s.store.Groups.List(r, o.Account, o.Partition) {
			out.GroupDetailList = append(out.GroupDetailList, groupDetail(g))
		}
	}
	if asked(iam.EntityTypeRole) {
		for role := range s.store.Roles.List(r, o.Account, o.Partition) {
			out.RoleDetailList = append(out.RoleDetailList, s.roleDetail(r, role))
		}
	}
	if asked(iam.EntityTypeLocalManagedPolicy) {
		for p := range s.store.ManagedPolicies.List(r, o.Account, o.Partition) {
			out.Policies = append(out.Policies, s.policyDetail(r, o, p))
		}
	}
	if asked(iam.EntityTypeAWSManagedPolicy) {
		for _, p := range s.aws.in(o.Partition) {
			if detail := s.policyDetail(r, o, p); *detail.AttachmentCount+*detail.PermissionsBoundaryUsageCount > 0 {
				out.Policies = append(out.Policies, detail)
			}
		}
	}
	return out, nil
}

func (s *Service) userDetail(r store.Snapshot, u store.User) iam.UserDetail {
	groups := []string{}
	for _, g := range s.groupsOf(r, u) {
		groups = append(groups, g.Name)
	}
	return iam.UserDetail{
		Arn:                     wire.Ptr(arn(u.Entity, "user")),
		AttachedManagedPolicies: attachedShapes(u.Identity, "/"),
		CreateDate:              &u.Created,
		GroupList:               groups,
		Path:                    &u.Path,
		PermissionsBoundary:     boundaryShape(u.Boundary),
		Tags:                    tagShapes(u.Tags),
		UserId:                  &u.ID,
		UserName:                &u.Name,
		UserPolicyList:          inlineShapes(u.Identity),
	}
}

func groupDetail(g store.Group) iam.GroupDetail {
	return iam.GroupDetail{
		Arn:                     wire.Ptr(arn(g.Entity, "group")),
		AttachedManagedPolicies: attachedShapes(g.Identity, "/"),
		CreateDate:              &g.Created,
		GroupId:                 &g.ID,
		GroupName:               &g.Name,
		GroupPolicyList:         inlineShapes(g.Identity),
		Path:                    &g.Path,
	}
}

func (s *Service) roleDetail(r store.Snapshot, role store.Role) iam.RoleDetail {
	profiles := []iam.InstanceProfile{}
	for _, p := range s.profilesOf(r, role) {
		profiles = append(profiles, s.listedInstanceProfile(r, p))
	}
	return iam.RoleDetail{
		Arn:                      wire.Ptr(arn(role.Entity, "role")),
		AssumeRolePolicyDocument: encoded(role.Trust),
		AttachedManagedPolicies:  attachedShapes(role.Identity, "/"),
		CreateDate:               &role.Created,
		InstanceProfileList:      profiles,
		Path:                     &role.Path,
		PermissionsBoundary:      boundaryShape(role.Boundary),
		RoleId:                   &role.ID,
		RoleLastUsed:             s.roleLastUsed(r, role),
		RoleName:                 &role.Name,
		RolePolicyList:           inlineShapes(role.Identity),
		Tags:                     tagShapes(role.Tags),
	}
}

func (s *Service) policyDetail(r store.Reader, o store.GlobalOwner, p store.ManagedPolicy) iam.ManagedPolicyDetail {
	shape := s.listedPolicy(r, o, p)
	detail := iam.ManagedPolicyDetail{
		Arn:                           shape.Arn,
		AttachmentCount:               shape.AttachmentCount,
		CreateDate:                    shape.CreateDate,
		DefaultVersionId:              shape.DefaultVersionId,
		IsAttachable:                  shape.IsAttachable,
		Path:                          shape.Path,
		PermissionsBoundaryUsageCount: shape.PermissionsBoundaryUsageCount,
		PolicyId:                      shape.PolicyId,
		PolicyName:                    shape.PolicyName,
		UpdateDate:                    shape.UpdateDate,
		PolicyVersionList:             []iam.PolicyVersion{},
	}
	if p.Description != "" {
		detail.Description = &p.Description
	}
	for _, v := range slices.Backward(p.Versions) {
		version := versionShape(p, v)
		version.Document = encoded(v.Document)
		detail.PolicyVersionList = append(detail.PolicyVersionList, version)
	}
	return detail
}
