package iam

import (
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestAccountAlias(t *testing.T) {
	b := fixture(t)
	must(b.CreateAccountAlias(b.ctx, &iam.CreateAccountAliasInput{AccountAlias: wire.Ptr("one")}))(t)
	_, err := b.CreateAccountAlias(b.as(rootOf(another)), &iam.CreateAccountAliasInput{AccountAlias: wire.Ptr("one")})
	wantError(t, "taken", err, "EntityAlreadyExists", "The account alias one already exists.")
	must(b.CreateAccountAlias(b.ctx, &iam.CreateAccountAliasInput{AccountAlias: wire.Ptr("two")}))(t) // instead
	if got := must(b.ListAccountAliases(b.ctx, &iam.ListAccountAliasesInput{}))(t).AccountAliases; strings.Join(got, " ") != "two" {
		t.Errorf("aliases %v", got)
	}
	_, err = b.DeleteAccountAlias(b.ctx, &iam.DeleteAccountAliasInput{AccountAlias: wire.Ptr("one")})
	wantError(t, "none", err, "NoSuchEntity", "one")
	must(b.DeleteAccountAlias(b.ctx, &iam.DeleteAccountAliasInput{AccountAlias: wire.Ptr("two")}))(t)
	if got := must(b.ListAccountAliases(b.ctx, &iam.ListAccountAliasesInput{}))(t).AccountAliases; got == nil || len(got) != 0 {
		t.Errorf("aliases %v", got)
	}
}

func TestAccountSummary(t *testing.T) {
	b := fixture(t)
	b.addUser("ann")
	b.addGroup("devs", "ann")
	b.addRole("r")
	arn := b.addPolicy("p", allowAll)
	must(b.CreatePolicyVersion(b.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: wire.Ptr(allowAll)}))(t)
	got := must(b.GetAccountSummary(b.ctx, &iam.GetAccountSummaryInput{}))(t).SummaryMap
	for key, want := range map[string]int32{
		"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "PolicyVersionsInUse": 2, "InstanceProfiles": 0, "Providers": 0,
		"UsersQuota": 5000, "AccessKeysPerUserQuota": 2, "AssumeRolePolicySizeQuota": 2048, "AccountMFAEnabled": 0,
	} {
		if n, ok := got[key]; !ok || n != want {
			t.Errorf("%s is %d, want %d", key, n, want)
		}
	}
}

func TestAuthorizationDetails(t *testing.T) {
	b := fixture(t)
	b.addUser("ann")
	b.addGroup("devs", "ann")
	b.addRole("nodes")
	arn := b.addPolicy("p", allowAll)
	b.addPolicy("free", allowAll)
	must(b.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: wire.Ptr("devs"), PolicyArn: &arn}))(t)
	must(b.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: wire.Ptr("nodes"), PolicyArn: wire.Ptr(readOnly)}))(t)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: wire.Ptr("ann"), PolicyName: wire.Ptr("own"), PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: wire.Ptr("nodes")}))(t)
	must(b.AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: wire.Ptr("nodes"), RoleName: wire.Ptr("nodes")}))(t)

	all := must(b.GetAccountAuthorizationDetails(b.ctx, &iam.GetAccountAuthorizationDetailsInput{}))(t)
	u, g, r := all.UserDetailList[0], all.GroupDetailList[0], all.RoleDetailList[0]
	if u.GroupList[0] != "devs" || *u.UserPolicyList[0].PolicyName != "own" || strings.Contains(*u.UserPolicyList[0].PolicyDocument, "{") {
		t.Errorf("user %+v", u)
	}
	if *g.AttachedManagedPolicies[0].PolicyArn != arn {
		t.Errorf("group %+v", g)
	}
	if *r.InstanceProfileList[0].InstanceProfileName != "nodes" || *r.AttachedManagedPolicies[0].PolicyName != "ReadOnlyAccess" {
		t.Errorf("role %+v", r)
	}
	var policies []string
	for _, p := range all.Policies {
		policies = append(policies, *p.PolicyName)
		if len(p.PolicyVersionList) != 1 || p.PolicyVersionList[0].Document == nil {
			t.Errorf("versions of %s: %+v", *p.PolicyName, p.PolicyVersionList)
		}
	}
	if got := strings.Join(policies, " "); got != "free p ReadOnlyAccess" {
		t.Errorf("policies %s", got)
	}
	some := must(b.GetAccountAuthorizationDetails(b.ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []string{"Role", "AWSManagedPolicy"}}))(t)
	if len(some.UserDetailList)+len(some.GroupDetailList) != 0 || len(some.RoleDetailList) != 1 || len(some.Policies) != 1 {
		t.Errorf("filtered %+v", some)
	}
}
