package iam

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func (s *Service) userMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(iam.OpAttachUserPolicy, s.AttachUserPolicy),
			func(ctx context.Context, in *iam.AttachUserPolicyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpCreateAccessKey, s.CreateAccessKey),
			func(ctx context.Context, in *iam.CreateAccessKeyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpCreateUser, s.CreateUser),
			func(ctx context.Context, in *iam.CreateUserInput) []string {
				return created(ctx, "user", in.Path, in.UserName)
			}),
		wire.On(wire.Bind(iam.OpDeleteAccessKey, s.DeleteAccessKey),
			func(ctx context.Context, in *iam.DeleteAccessKeyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpDeleteUser, s.DeleteUser),
			func(ctx context.Context, in *iam.DeleteUserInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpDeleteUserPermissionsBoundary, s.DeleteUserPermissionsBoundary),
			func(ctx context.Context, in *iam.DeleteUserPermissionsBoundaryInput) []string {
				return s.userARN(ctx, in.UserName)
			}),
		wire.On(wire.Bind(iam.OpDeleteUserPolicy, s.DeleteUserPolicy),
			func(ctx context.Context, in *iam.DeleteUserPolicyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpDetachUserPolicy, s.DetachUserPolicy),
			func(ctx context.Context, in *iam.DetachUserPolicyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpGetAccessKeyLastUsed, s.GetAccessKeyLastUsed),
			func(ctx context.Context, in *iam.GetAccessKeyLastUsedInput) []string {
				return s.keyUser(ctx, in.AccessKeyId)
			}),
		wire.On(wire.Bind(iam.OpGetUser, s.GetUser),
			func(ctx context.Context, in *iam.GetUserInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpGetUserPolicy, s.GetUserPolicy),
			func(ctx context.Context, in *iam.GetUserPolicyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpListAccessKeys, s.ListAccessKeys),
			func(ctx context.Context, in *iam.ListAccessKeysInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpListAttachedUserPolicies, s.ListAttachedUserPolicies),
			func(ctx context.Context, in *iam.ListAttachedUserPoliciesInput) []string {
				return s.userARN(ctx, in.UserName)
			}),
		wire.On(wire.Bind(iam.OpListGroupsForUser, s.ListGroupsForUser),
			func(ctx context.Context, in *iam.ListGroupsForUserInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpListUserPolicies, s.ListUserPolicies),
			func(ctx context.Context, in *iam.ListUserPoliciesInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpListUserTags, s.ListUserTags),
			func(ctx context.Context, in *iam.ListUserTagsInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpListUsers, s.ListUsers),
			func(ctx context.Context, in *iam.ListUsersInput) []string {
				return created(ctx, "user", in.PathPrefix, nil)
			}),
		wire.On(wire.Bind(iam.OpPutUserPermissionsBoundary, s.PutUserPermissionsBoundary),
			func(ctx context.Context, in *iam.PutUserPermissionsBoundaryInput) []string {
				return s.userARN(ctx, in.UserName)
			}),
		wire.On(wire.Bind(iam.OpPutUserPolicy, s.PutUserPolicy),
			func(ctx context.Context, in *iam.PutUserPolicyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpTagUser, s.TagUser),
			func(ctx context.Context, in *iam.TagUserInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpUntagUser, s.UntagUser),
			func(ctx context.Context, in *iam.UntagUserInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpUpdateAccessKey, s.UpdateAccessKey),
			func(ctx context.Context, in *iam.UpdateAccessKeyInput) []string { return s.userARN(ctx, in.UserName) }),
		wire.On(wire.Bind(iam.OpUpdateUser, s.UpdateUser),
			func(ctx context.Context, in *iam.UpdateUserInput) []string { return s.userARN(ctx, in.UserName) }),
	}
}

func (s *Service) groupMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(iam.OpAddUserToGroup, s.AddUserToGroup),
			func(ctx context.Context, in *iam.AddUserToGroupInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpAttachGroupPolicy, s.AttachGroupPolicy),
			func(ctx context.Context, in *iam.AttachGroupPolicyInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpCreateGroup, s.CreateGroup),
			func(ctx context.Context, in *iam.CreateGroupInput) []string {
				return created(ctx, "group", in.Path, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpDeleteGroup, s.DeleteGroup),
			func(ctx context.Context, in *iam.DeleteGroupInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpDeleteGroupPolicy, s.DeleteGroupPolicy),
			func(ctx context.Context, in *iam.DeleteGroupPolicyInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpDetachGroupPolicy, s.DetachGroupPolicy),
			func(ctx context.Context, in *iam.DetachGroupPolicyInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpGetGroup, s.GetGroup),
			func(ctx context.Context, in *iam.GetGroupInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpGetGroupPolicy, s.GetGroupPolicy),
			func(ctx context.Context, in *iam.GetGroupPolicyInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpListAttachedGroupPolicies, s.ListAttachedGroupPolicies),
			func(ctx context.Context, in *iam.ListAttachedGroupPoliciesInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpListGroupPolicies, s.ListGroupPolicies),
			func(ctx context.Context, in *iam.ListGroupPoliciesInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpListGroups, s.ListGroups),
			func(ctx context.Context, in *iam.ListGroupsInput) []string {
				return created(ctx, "group", in.PathPrefix, nil)
			}),
		wire.On(wire.Bind(iam.OpPutGroupPolicy, s.PutGroupPolicy),
			func(ctx context.Context, in *iam.PutGroupPolicyInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpRemoveUserFromGroup, s.RemoveUserFromGroup),
			func(ctx context.Context, in *iam.RemoveUserFromGroupInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
		wire.On(wire.Bind(iam.OpUpdateGroup, s.UpdateGroup),
			func(ctx context.Context, in *iam.UpdateGroupInput) []string {
				return resource(ctx, s, s.groups, in.GroupName)
			}),
	}
}
