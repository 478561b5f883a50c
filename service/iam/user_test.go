package iam

import (
	"regexp"
	"testing"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestUser(t *testing.T) {
	b := fixture(t)
	u := must(b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: wire.Ptr("Ann"), Path: wire.Ptr("/team/"), PermissionsBoundary: wire.Ptr(readOnly),
		Tags: []iam.Tag{{Key: wire.Ptr("b"), Value: wire.Ptr("2")}, {Key: wire.Ptr("a"), Value: wire.Ptr("1")}}}))(t).User
	if got, want := *u.Arn, "arn:aws:iam::111122223333:user/team/Ann"; got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
	if !regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`).MatchString(*u.UserId) {
		t.Errorf("id %s", *u.UserId)
	}
	got := must(b.GetUser(b.ctx, &iam.GetUserInput{UserName: wire.Ptr("aNN")}))(t).User // names have no case
	if *got.UserName != "Ann" || *got.CreateDate != then || *got.PermissionsBoundary.PermissionsBoundaryArn != readOnly || len(got.Tags) != 2 || *got.Tags[0].Key != "a" {
		t.Errorf("%+v", got)
	}
	for prefix, want := range map[string]int{"/": 1, "/team/": 1, "/te": 1, "/other/": 0} {
		if n := len(must(b.ListUsers(b.ctx, &iam.ListUsersInput{PathPrefix: &prefix}))(t).Users); n != want {
			t.Errorf("%d users below %s, want %d", n, prefix, want)
		}
	}
	// another account, and the same account in another partition, have users of their own
	for _, c := range []auth.Caller{rootOf(another), {Account: account, Region: "cn-north-1", Kind: auth.Root}} {
		_, err := b.GetUser(b.as(c), &iam.GetUserInput{UserName: wire.Ptr("Ann")})
		wantError(t, c.Account+c.Region, err, "NoSuchEntity", "The user with name Ann cannot be found.")
	}
}

// TestUserWithoutName: without a name the caller is meant.
func TestUserWithoutName(t *testing.T) {
	b := fixture(t)
	if u := must(b.GetUser(b.ctx, &iam.GetUserInput{}))(t).User; *u.Arn != "arn:aws:iam::111122223333:root" || *u.UserId != account {
		t.Errorf("root is %+v", u)
	}
	ann := b.addUser("ann")
	caller := auth.Caller{Account: account, ARN: *ann.Arn, Identity: *ann.Arn, Kind: auth.User}
	if u := must(b.GetUser(b.as(caller), &iam.GetUserInput{}))(t).User; *u.UserName != "ann" {
		t.Errorf("ann is %+v", u)
	}
	role := auth.Caller{Account: account, Identity: "arn:aws:iam::111122223333:role/r", Kind: auth.Role}
	_, err := b.GetUser(b.as(role), &iam.GetUserInput{})
	wantError(t, "role", err, "ValidationError", "Must specify userName when calling with non-User credentials")
}

// TestRename: what a user or group has stays with it under its new name.
func TestRename(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	b.addGroup("devs", "ann")
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: u.UserName, PolicyArn: wire.Ptr(readOnly)}))(t)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: u.UserName, PolicyName: wire.Ptr("p"), PolicyDocument: wire.Ptr(allowAll)}))(t)
	key := must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: u.UserName}))(t).AccessKey

	must(b.UpdateUser(b.ctx, &iam.UpdateUserInput{UserName: wire.Ptr("ann"), NewUserName: wire.Ptr("bea"), NewPath: wire.Ptr("/x/")}))(t)
	must(b.UpdateGroup(b.ctx, &iam.UpdateGroupInput{GroupName: wire.Ptr("devs"), NewGroupName: wire.Ptr("ops")}))(t)
	_, err := b.GetUser(b.ctx, &iam.GetUserInput{UserName: wire.Ptr("ann")})
	wantError(t, "old name", err, "NoSuchEntity", "ann")

	if g := must(b.GetGroup(b.ctx, &iam.GetGroupInput{GroupName: wire.Ptr("ops")}))(t); len(g.Users) != 1 || *g.Users[0].Arn != "arn:aws:iam::111122223333:user/x/bea" || *g.Users[0].UserId != *u.UserId {
		t.Errorf("group has %+v", g.Users)
	}
	if g := must(b.ListGroupsForUser(b.ctx, &iam.ListGroupsForUserInput{UserName: wire.Ptr("bea")}))(t).Groups; len(g) != 1 || *g[0].GroupName != "ops" {
		t.Errorf("user is in %+v", g)
	}
	secret, caller, ok := b.Key(*key.AccessKeyId)
	if !ok || secret != *key.SecretAccessKey || caller.ARN != "arn:aws:iam::111122223333:user/x/bea" || caller.UserID != *u.UserId {
		t.Errorf("key is %v %+v", ok, caller)
	}
	if set, ok := b.Policies(caller); !ok || len(set.Identity) != 2 {
		t.Errorf("policies %v %+v", ok, set.Identity)
	}
	// only the case of a name may change, too
	must(b.UpdateUser(b.ctx, &iam.UpdateUserInput{UserName: wire.Ptr("bea"), NewUserName: wire.Ptr("Bea")}))(t)
	if u := must(b.GetUser(b.ctx, &iam.GetUserInput{UserName: wire.Ptr("bea")}))(t).User; *u.UserName != "Bea" {
		t.Errorf("user is %s", *u.UserName)
	}
	b.addUser("cid")
	_, err = b.UpdateUser(b.ctx, &iam.UpdateUserInput{UserName: wire.Ptr("bea"), NewUserName: wire.Ptr("CID")})
	wantError(t, "taken", err, "EntityAlreadyExists", "User with name CID already exists.")
}

func TestUserRefusals(t *testing.T) {
	b := fixture(t, func(l *Limits) { l.Account, l.Users = true, 2 })
	b.addUser("ann")
	_, err := b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: wire.Ptr("ANN")})
	wantError(t, "taken", err, "EntityAlreadyExists", "User with name ANN already exists.")
	_, err = b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: wire.Ptr("bea"), PermissionsBoundary: wire.Ptr("arn:aws:iam::aws:policy/None")})
	wantError(t, "boundary", err, "NoSuchEntity", "Scope ARN: arn:aws:iam::aws:policy/None does not exist or is not attachable.")
	b.addUser("bea")
	_, err = b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: wire.Ptr("cid")})
	wantError(t, "quota", err, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 2")
	_, err = b.DeleteUser(b.ctx, &iam.DeleteUserInput{UserName: wire.Ptr("cid")})
	wantError(t, "none", err, "NoSuchEntity", "The user with name cid cannot be found.")
}

// TestDeleteConflicts: nothing is deleted that something else hangs on.
func TestDeleteConflicts(t *testing.T) {
	b := fixture(t)
	ann, devs, eks, profile, policy := wire.Ptr("ann"), wire.Ptr("devs"), wire.Ptr("eks"), wire.Ptr("nodes"), wire.Ptr("p")
	b.addUser("ann")
	b.addGroup("devs", "ann")
	b.addRole("eks")
	managed := b.addPolicy("m", allowAll)
	key := must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: ann}))(t).AccessKey.AccessKeyId
	must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: profile}))(t)
	must(b.AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: profile, RoleName: eks}))(t)
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: ann, PolicyArn: &managed}))(t)
	must(b.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: devs, PolicyArn: &managed}))(t)
	must(b.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: eks, PolicyArn: &managed}))(t)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: ann, PolicyName: policy, PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.PutGroupPolicy(b.ctx, &iam.PutGroupPolicyInput{GroupName: devs, PolicyName: policy, PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: eks, PolicyName: policy, PolicyDocument: wire.Ptr(allowAll)}))(t)

	deleteUser := func() error { _, err := b.DeleteUser(b.ctx, &iam.DeleteUserInput{UserName: ann}); return err }
	deleteGroup := func() error { _, err := b.DeleteGroup(b.ctx, &iam.DeleteGroupInput{GroupName: devs}); return err }
	deleteRole := func() error { _, err := b.DeleteRole(b.ctx, &iam.DeleteRoleInput{RoleName: eks}); return err }
	deleteProfile := func() error {
		_, err := b.DeleteInstanceProfile(b.ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: profile})
		return err
	}
	deletePolicy := func() error { _, err := b.DeletePolicy(b.ctx, &iam.DeletePolicyInput{PolicyArn: &managed}); return err }
	const (
		members  = "Cannot delete entity, must remove users from group first."
		keys     = "Cannot delete entity, must delete access keys first."
		profiles = "Cannot delete entity, must remove roles from instance profile first."
		attached = "Cannot delete entity, must detach all policies first."
		inline   = "Cannot delete entity, must delete policies first."
		inUse    = "Cannot delete a policy attached to entities."
	)
	for _, row := range []struct {
		what   string
		delete func() error
		text   string
		then   func() error // takes the reason away
	}{
		{"user in group", deleteUser, members, nil},
		{"group with user", deleteGroup, members, func() error {
			_, err := b.RemoveUserFromGroup(b.ctx, &iam.RemoveUserFromGroupInput{GroupName: devs, UserName: ann})
			return err
		}},
		{"user with key", deleteUser, keys, func() error {
			_, err := b.DeleteAccessKey(b.ctx, &iam.DeleteAccessKeyInput{UserName: ann, AccessKeyId: key})
			return err
		}},
		{"profile with role", deleteProfile, profiles, nil},
		{"role in profile", deleteRole, profiles, func() error {
			_, err := b.RemoveRoleFromInstanceProfile(b.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: profile, RoleName: eks})
			return err
		}},
		{"user with policy", deleteUser, attached, func() error {
			_, err := b.DetachUserPolicy(b.ctx, &iam.DetachUserPolicyInput{UserName: ann, PolicyArn: &managed})
			return err
		}},
		{"group with policy", deleteGroup, attached, func() error {
			_, err := b.DetachGroupPolicy(b.ctx, &iam.DetachGroupPolicyInput{GroupName: devs, PolicyArn: &managed})
			return err
		}},
		{"policy of a role", deletePolicy, inUse, nil},
		{"role with policy", deleteRole, attached, func() error {
			_, err := b.DetachRolePolicy(b.ctx, &iam.DetachRolePolicyInput{RoleName: eks, PolicyArn: &managed})
			return err
		}},
		{"user with inline policy", deleteUser, inline, func() error {
			_, err := b.DeleteUserPolicy(b.ctx, &iam.DeleteUserPolicyInput{UserName: ann, PolicyName: policy})
			return err
		}},
		{"group with inline policy", deleteGroup, inline, func() error {
			_, err := b.DeleteGroupPolicy(b.ctx, &iam.DeleteGroupPolicyInput{GroupName: devs, PolicyName: policy})
			return err
		}},
		{"role with inline policy", deleteRole, inline, func() error {
			_, err := b.DeleteRolePolicy(b.ctx, &iam.DeleteRolePolicyInput{RoleName: eks, PolicyName: policy})
			return err
		}},
	} {
		wantError(t, row.what, row.delete(), "DeleteConflict", row.text)
		if row.then == nil {
			continue
		}
		if err := row.then(); err != nil {
			t.Fatalf("%s: %v", row.what, err)
		}
	}
	for what, del := range map[string]func() error{"user": deleteUser, "group": deleteGroup, "role": deleteRole, "profile": deleteProfile, "policy": deletePolicy} {
		if err := del(); err != nil {
			t.Errorf("%s that has nothing is not deleted: %v", what, err)
		}
	}
}
