package iam

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func (s *Service) roleMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(iam.OpAttachRolePolicy, s.AttachRolePolicy),
			func(ctx context.Context, in *iam.AttachRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpCreateRole, s.CreateRole),
			func(ctx context.Context, in *iam.CreateRoleInput) []string {
				return created(ctx, "role", in.Path, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpCreateServiceLinkedRole, s.CreateServiceLinkedRole),
			func(ctx context.Context, in *iam.CreateServiceLinkedRoleInput) []string {
				return s.serviceRole(ctx, in.AWSServiceName)
			}),
		wire.On(wire.Bind(iam.OpDeleteRole, s.DeleteRole),
			func(ctx context.Context, in *iam.DeleteRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpDeleteRolePermissionsBoundary, s.DeleteRolePermissionsBoundary),
			func(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpDeleteRolePolicy, s.DeleteRolePolicy),
			func(ctx context.Context, in *iam.DeleteRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpDeleteServiceLinkedRole, s.DeleteServiceLinkedRole),
			func(ctx context.Context, in *iam.DeleteServiceLinkedRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpDetachRolePolicy, s.DetachRolePolicy),
			func(ctx context.Context, in *iam.DetachRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpGetRole, s.GetRole),
			func(ctx context.Context, in *iam.GetRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpGetRolePolicy, s.GetRolePolicy),
			func(ctx context.Context, in *iam.GetRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpGetServiceLinkedRoleDeletionStatus, s.GetServiceLinkedRoleDeletionStatus),
			func(ctx context.Context, in *iam.GetServiceLinkedRoleDeletionStatusInput) []string {
				return deletedRole(ctx, in.DeletionTaskId)
			}),
		wire.On(wire.Bind(iam.OpListAttachedRolePolicies, s.ListAttachedRolePolicies),
			func(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpListInstanceProfilesForRole, s.ListInstanceProfilesForRole),
			func(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpListRolePolicies, s.ListRolePolicies),
			func(ctx context.Context, in *iam.ListRolePoliciesInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpListRoleTags, s.ListRoleTags),
			func(ctx context.Context, in *iam.ListRoleTagsInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpListRoles, s.ListRoles),
			func(ctx context.Context, in *iam.ListRolesInput) []string {
				return created(ctx, "role", in.PathPrefix, nil)
			}),
		wire.On(wire.Bind(iam.OpPutRolePermissionsBoundary, s.PutRolePermissionsBoundary),
			func(ctx context.Context, in *iam.PutRolePermissionsBoundaryInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpPutRolePolicy, s.PutRolePolicy),
			func(ctx context.Context, in *iam.PutRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpTagRole, s.TagRole),
			func(ctx context.Context, in *iam.TagRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpUntagRole, s.UntagRole),
			func(ctx context.Context, in *iam.UntagRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpUpdateAssumeRolePolicy, s.UpdateAssumeRolePolicy),
			func(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpUpdateRole, s.UpdateRole),
			func(ctx context.Context, in *iam.UpdateRoleInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
		wire.On(wire.Bind(iam.OpUpdateRoleDescription, s.UpdateRoleDescription),
			func(ctx context.Context, in *iam.UpdateRoleDescriptionInput) []string {
				return resource(ctx, s, s.roles, in.RoleName)
			}),
	}
}

func (s *Service) instanceProfileMethods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(iam.OpAddRoleToInstanceProfile, s.AddRoleToInstanceProfile),
			func(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}), s.passToInstances),
		wire.On(wire.Bind(iam.OpCreateInstanceProfile, s.CreateInstanceProfile),
			func(ctx context.Context, in *iam.CreateInstanceProfileInput) []string {
				return created(ctx, "instance-profile", in.Path, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpDeleteInstanceProfile, s.DeleteInstanceProfile),
			func(ctx context.Context, in *iam.DeleteInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpGetInstanceProfile, s.GetInstanceProfile),
			func(ctx context.Context, in *iam.GetInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpListInstanceProfileTags, s.ListInstanceProfileTags),
			func(ctx context.Context, in *iam.ListInstanceProfileTagsInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpListInstanceProfiles, s.ListInstanceProfiles),
			func(ctx context.Context, in *iam.ListInstanceProfilesInput) []string {
				return created(ctx, "instance-profile", in.PathPrefix, nil)
			}),
		wire.On(wire.Bind(iam.OpRemoveRoleFromInstanceProfile, s.RemoveRoleFromInstanceProfile),
			func(ctx context.Context, in *iam.RemoveRoleFromInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpTagInstanceProfile, s.TagInstanceProfile),
			func(ctx context.Context, in *iam.TagInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
		wire.On(wire.Bind(iam.OpUntagInstanceProfile, s.UntagInstanceProfile),
			func(ctx context.Context, in *iam.UntagInstanceProfileInput) []string {
				return s.profileARN(ctx, in.InstanceProfileName)
			}),
	}
}
