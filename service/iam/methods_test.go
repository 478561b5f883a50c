package iam

import (
	"slices"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// TestMethods: every operation of the model is there, once.
func TestMethods(t *testing.T) {
	bound := map[string]bool{}
	for _, m := range fixture(t).Methods() {
		if bound[m.Operation.Name] {
			t.Errorf("%s twice", m.Operation.Name)
		}
		bound[m.Operation.Name] = true
	}
	for _, op := range iam.Model.Operations {
		if !bound[op.Name] {
			t.Errorf("%s is missing", op.Name)
		}
	}
}

// TestResources: policies see the ARNs of what exists, with its path.
func TestResources(t *testing.T) {
	b := fixture(t)
	x, path := wire.Ptr("x"), wire.Ptr("/p/")
	must(b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: x, Path: path}))(t)
	must(b.CreateGroup(b.ctx, &iam.CreateGroupInput{GroupName: x, Path: path}))(t)
	must(b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: x, Path: path, AssumeRolePolicyDocument: wire.Ptr(trustEKS)}))(t)
	must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: x, Path: path}))(t)
	key := must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: x}))(t).AccessKey.AccessKeyId
	byName := map[string]wire.Method{}
	for _, m := range b.Methods() {
		byName[m.Operation.Name] = m
	}
	const own = "arn:aws:iam::111122223333:"
	for _, row := range []struct {
		operation string
		in        any
		want      string
	}{
		{"CreateUser", &iam.CreateUserInput{UserName: wire.Ptr("y"), Path: wire.Ptr("/q/")}, own + "user/q/y"},
		{"GetUser", &iam.GetUserInput{UserName: x}, own + "user/p/x"},
		{"GetUser", &iam.GetUserInput{UserName: wire.Ptr("none")}, own + "user/none"},
		{"GetUser", &iam.GetUserInput{}, own + "root"},
		{"ListUsers", &iam.ListUsersInput{PathPrefix: path}, own + "user/p/"},
		{"ListUsers", &iam.ListUsersInput{}, own + "user/"},
		{"CreateAccessKey", &iam.CreateAccessKeyInput{UserName: x}, own + "user/p/x"},
		{"GetAccessKeyLastUsed", &iam.GetAccessKeyLastUsedInput{AccessKeyId: key}, own + "user/p/x"},
		{"AddUserToGroup", &iam.AddUserToGroupInput{GroupName: x, UserName: x}, own + "group/p/x"},
		{"AttachRolePolicy", &iam.AttachRolePolicyInput{RoleName: x, PolicyArn: wire.Ptr(readOnly)}, own + "role/p/x"},
		{"AddRoleToInstanceProfile", &iam.AddRoleToInstanceProfileInput{InstanceProfileName: x, RoleName: x}, own + "instance-profile/p/x"},
		{"CreateServiceLinkedRole", &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("eks.amazonaws.com")}, own + "role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"},
		{"GetServiceLinkedRoleDeletionStatus", &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: wire.Ptr("task/aws-service-role/eks.amazonaws.com/R/1")}, own + "role/aws-service-role/eks.amazonaws.com/R"},
		{"GetPolicy", &iam.GetPolicyInput{PolicyArn: wire.Ptr(readOnly)}, readOnly},
		{"ListPolicies", &iam.ListPoliciesInput{}, "policy path /"},
		{"CreateOpenIDConnectProvider", &iam.CreateOpenIDConnectProviderInput{Url: wire.Ptr("https://example.org/a")}, own + "oidc-provider/example.org/a"},
		{"SimulatePrincipalPolicy", &iam.SimulatePrincipalPolicyInput{PolicySourceArn: wire.Ptr(own + "user/p/x")}, own + "user/p/x"},
	} {
		if got := byName[row.operation].Resources(b.ctx, row.in); !slices.Equal(got, []string{row.want}) {
			t.Errorf("%s is about %v, want %s", row.operation, got, row.want)
		}
	}
	if byName["GetAccountSummary"].Resources != nil {
		t.Error("GetAccountSummary names a resource")
	}
}
