package iam

import (
	"slices"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestConditionKeys(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	must(b.PutUserPermissionsBoundary(b.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.UserName, PermissionsBoundary: wire.Ptr(readOnly)}))(t)
	for _, row := range []struct {
		key, resource string
		in            any
		want          []string
	}{
		{"iam:PolicyARN", *u.Arn, &iam.AttachUserPolicyInput{PolicyArn: wire.Ptr("arn:p")}, []string{"arn:p"}},
		{"iam:PolicyARN", *u.Arn, &iam.GetUserInput{}, nil},
		{"iam:PermissionsBoundary", *u.Arn + "2", &iam.CreateUserInput{PermissionsBoundary: wire.Ptr("arn:b")}, []string{"arn:b"}},
		{"iam:PermissionsBoundary", *u.Arn + "2", &iam.CreateUserInput{}, nil},
		{"iam:PermissionsBoundary", *u.Arn, &iam.DeleteUserPolicyInput{UserName: u.UserName}, []string{readOnly}},
		{"iam:PermissionsBoundary", *u.Arn, nil, []string{readOnly}},
		{"iam:AWSServiceName", "*", &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("eks.amazonaws.com")}, []string{"eks.amazonaws.com"}},
	} {
		keys := b.ConditionKeys()
		i := slices.IndexFunc(keys, func(k wire.ConditionKey) bool { return k.Name == row.key })
		if got := keys[i].Values(b.ctx, row.in, row.resource, ""); !slices.Equal(got, row.want) {
			t.Errorf("%s of %T on %s is %v, want %v", row.key, row.in, row.resource, got, row.want)
		}
	}
}

func TestResourceTags(t *testing.T) {
	b := fixture(t)
	x, tags := wire.Ptr("x"), []iam.Tag{tag("a", "1")}
	user := must(b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: x, Tags: tags}))(t).User.Arn
	role := must(b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: x, Tags: tags, AssumeRolePolicyDocument: wire.Ptr(trustEKS)}))(t).Role.Arn
	policy := must(b.CreatePolicy(b.ctx, &iam.CreatePolicyInput{PolicyName: x, Tags: tags, PolicyDocument: wire.Ptr(allowAll)}))(t).Policy.Arn
	profile := must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: x, Tags: tags}))(t).InstanceProfile.Arn
	provider := must(b.CreateOpenIDConnectProvider(b.ctx, &iam.CreateOpenIDConnectProviderInput{Url: wire.Ptr("https://example.org/a"), Tags: tags}))(t).OpenIDConnectProviderArn
	for _, arn := range []*string{user, role, policy, profile, provider} {
		if got := b.ResourceTags(b.ctx, *arn); got["a"] != "1" {
			t.Errorf("%s has %v", *arn, got)
		}
		if got := b.ResourceTags(b.ctx, *arn+"2"); len(got) != 0 {
			t.Errorf("%s2 has %v", *arn, got)
		}
	}
}
