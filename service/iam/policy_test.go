package iam

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestPolicyVersions(t *testing.T) {
	b := fixture(t)
	arn := b.addPolicy("p", allowAll)
	version := func(text string, asDefault bool) error {
		_, err := b.CreatePolicyVersion(b.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &text, SetAsDefault: &asDefault})
		return err
	}
	for i := range 4 {
		if err := version(document(allow("eks:*", fmt.Sprintf("arn:aws:eks:*:*:cluster/%d", i))), i == 1); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "sixth", version(allowAll, false), "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	got := ""
	for _, v := range must(b.ListPolicyVersions(b.ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn}))(t).Versions {
		got += *v.VersionId + " "
		if *v.IsDefaultVersion {
			got += "(default) "
		}
	}
	if got != "v5 v4 v3 (default) v2 v1 " {
		t.Error(got)
	}
	drop := func(id string) error {
		_, err := b.DeletePolicyVersion(b.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &id})
		return err
	}
	wantError(t, "default", drop("v3"), "DeleteConflict", "Cannot delete the default version of a policy.")
	wantError(t, "none", drop("v9"), "NoSuchEntity", "Policy "+arn+" version v9 does not exist or is not attachable.")
	if err := drop("v5"); err != nil {
		t.Fatal(err)
	}
	if err := version(allowAll, false); err != nil { // a number never comes again
		t.Fatal(err)
	}
	v := must(b.GetPolicyVersion(b.ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: wire.Ptr("v6")}))(t).PolicyVersion
	if text, err := url.PathUnescape(*v.Document); err != nil || text != allowAll {
		t.Errorf("document %s", *v.Document)
	}
	_, err := b.DeletePolicy(b.ctx, &iam.DeletePolicyInput{PolicyArn: &arn})
	wantError(t, "versions", err, "DeleteConflict", "This policy has more than one version.")
	must(b.SetDefaultPolicyVersion(b.ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: wire.Ptr("v6")}))(t)
	if p := must(b.GetPolicy(b.ctx, &iam.GetPolicyInput{PolicyArn: &arn}))(t).Policy; *p.DefaultVersionId != "v6" || *p.AttachmentCount != 0 {
		t.Errorf("%+v", p)
	}
}

func TestPolicyRefusals(t *testing.T) {
	b := fixture(t)
	arn := b.addPolicy("p", allowAll)
	b.addUser("ann")
	other := must(b.CreatePolicy(b.as(rootOf(another)), &iam.CreatePolicyInput{PolicyName: wire.Ptr("q"), PolicyDocument: wire.Ptr(allowAll)}))(t).Policy.Arn
	create := func(name, text string) error {
		_, err := b.CreatePolicy(b.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &text})
		return err
	}
	attach := func(arn string) error {
		_, err := b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: wire.Ptr("ann"), PolicyArn: &arn})
		return err
	}
	get := func(arn string) error {
		_, err := b.GetPolicy(b.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		return err
	}
	version := func(arn string) error {
		_, err := b.CreatePolicyVersion(b.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: wire.Ptr(allowAll)})
		return err
	}
	big := document(allow("eks:*", "arn:aws:eks:::"+strings.Repeat("a", policy.MaxManagedPolicy)))
	for _, row := range []struct {
		what       string
		err        error
		code, text string
	}{
		{"taken", create("P", allowAll), "EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed."},
		{"malformed", create("r", `{"Version":"2012-10-17"}`), "MalformedPolicyDocument", "Syntax errors in policy."},
		{"principal", create("r", strings.Replace(trustEKS, "sts:", "eks:", 1)), "MalformedPolicyDocument", "Policy document should not specify a principal."},
		{"size", create("r", big), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
		{"no ARN", attach("arn:aws:iam::aws:user/x-y-z"), "InvalidInput", "ARN arn:aws:iam::aws:user/x-y-z is not valid."},
		{"no policy", attach(arn + "2"), "NoSuchEntity", "Policy " + arn + "2 does not exist or is not attachable."},
		{"case", attach("arn:aws:iam::111122223333:policy/P"), "NoSuchEntity", "does not exist or is not attachable."},
		{"path", attach("arn:aws:iam::111122223333:policy/x/p"), "NoSuchEntity", "does not exist or is not attachable."},
		{"other account", attach(*other), "NoSuchEntity", "does not exist or is not attachable."},
		{"service role policy", attach(eksRole), "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."},
		{"get none", get(arn + "2"), "NoSuchEntity", "Policy " + arn + "2 was not found."},
		{"get other account", get(*other), "AccessDenied", "is not authorized to perform: iam:GetPolicy on resource: policy " + *other},
		{"change AWS's", version(readOnly), "AccessDenied", "is not authorized to perform: iam:CreatePolicyVersion on resource: policy " + readOnly},
	} {
		wantError(t, row.what, row.err, row.code, row.text)
	}
	_, err := b.DetachUserPolicy(b.ctx, &iam.DetachUserPolicyInput{UserName: wire.Ptr("ann"), PolicyArn: &arn})
	wantError(t, "detach", err, "NoSuchEntity", "Policy "+arn+" was not found.")
	for i := range 10 {
		if err := attach(b.addPolicy(fmt.Sprint("n", i), allowAll)); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "eleventh", attach(arn), "LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10")
}

// TestInlineSizes: the inline policies of one identity count together, white
// space left out.
func TestInlineSizes(t *testing.T) {
	b := fixture(t)
	b.addUser("ann")
	put := func(name, text string) error {
		_, err := b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: wire.Ptr("ann"), PolicyName: &name, PolicyDocument: &text})
		return err
	}
	half := document(allow("eks:*", "arn:aws:eks:::"+strings.Repeat("a", 900)))
	if err := put("a", half+strings.Repeat(" \n", 2048)); err != nil {
		t.Errorf("white space counts: %v", err)
	}
	if err := put("b", half); err != nil {
		t.Errorf("two halves: %v", err)
	}
	wantError(t, "three", put("c", half), "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user ann")
	if err := put("b", allowAll); err != nil { // replaces
		t.Error(err)
	}
	names := must(b.ListUserPolicies(b.ctx, &iam.ListUserPoliciesInput{UserName: wire.Ptr("ann")}))(t).PolicyNames
	if strings.Join(names, " ") != "a b" {
		t.Errorf("names %v", names)
	}
	_, err := b.GetUserPolicy(b.ctx, &iam.GetUserPolicyInput{UserName: wire.Ptr("ann"), PolicyName: wire.Ptr("c")})
	wantError(t, "none", err, "NoSuchEntity", "The user policy with name c cannot be found.")
	_, err = b.DeleteUserPolicy(b.ctx, &iam.DeleteUserPolicyInput{UserName: wire.Ptr("ann"), PolicyName: wire.Ptr("c")})
	wantError(t, "delete", err, "NoSuchEntity", "The user policy with name c cannot be found.")
}

// TestAWSPolicies: each of AWS's own policies is a valid document that may be
// attached, in every partition.
func TestAWSPolicies(t *testing.T) {
	b := fixture(t)
	files, err := managed.ReadDir("managed")
	if err != nil || len(files) != len(awsPolicies) {
		t.Fatalf("%d documents of %d policies, %v", len(files), len(awsPolicies), err)
	}
	for _, p := range b.aws.in("aws-cn") {
		text := inForce(p).Document
		if err := policy.Validate(policy.Identity, text); err != nil || p.Created.IsZero() {
			t.Errorf("%s: %v, since %v", p.Name, err, p.Created)
		}
		if strings.Contains(text, "arn:aws:") || policy.Size(text) > policy.MaxManagedPolicy {
			t.Errorf("%s: another partition's, or too long", p.Name)
		}
	}
	all := must(b.ListPolicies(b.ctx, &iam.ListPoliciesInput{Scope: wire.Ptr("AWS")}))(t).Policies
	if len(all) != len(awsPolicies) {
		t.Errorf("%d policies", len(all))
	}
	got := must(b.GetPolicy(b.ctx, &iam.GetPolicyInput{PolicyArn: wire.Ptr("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")}))(t).Policy
	if *got.PolicyName != "AmazonEKSClusterPolicy" || *got.DefaultVersionId != "v1" || !strings.HasPrefix(*got.PolicyId, "ANPA") {
		t.Errorf("%+v", got)
	}
}

func TestListPolicies(t *testing.T) {
	b := fixture(t)
	b.addUser("ann")
	used := b.addPolicy("used", allowAll)
	bound := b.addPolicy("bound", allowAll)
	must(b.CreatePolicy(b.ctx, &iam.CreatePolicyInput{PolicyName: wire.Ptr("free"), Path: wire.Ptr("/x/"), PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: wire.Ptr("ann"), PolicyArn: &used}))(t)
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: wire.Ptr("ann"), PolicyArn: wire.Ptr(readOnly)}))(t)
	must(b.PutUserPermissionsBoundary(b.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: wire.Ptr("ann"), PermissionsBoundary: &bound}))(t)
	local := wire.Ptr("Local")
	for want, in := range map[string]iam.ListPoliciesInput{
		"bound free used":           {Scope: local},
		"free":                      {Scope: local, PathPrefix: wire.Ptr("/x/")},
		"bound used ReadOnlyAccess": {OnlyAttached: wire.Ptr(true)},
		"bound":                     {PolicyUsageFilter: wire.Ptr("PermissionsBoundary")},
		"used ReadOnlyAccess":       {PolicyUsageFilter: wire.Ptr("PermissionsPolicy")},
	} {
		var names []string
		for _, p := range must(b.ListPolicies(b.ctx, &in))(t).Policies {
			names = append(names, *p.PolicyName)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	entities := func(policy string, filter *string) string {
		out := must(b.ListEntitiesForPolicy(b.ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &policy, PolicyUsageFilter: filter}))(t)
		return fmt.Sprint(len(out.PolicyUsers), len(out.PolicyGroups), len(out.PolicyRoles))
	}
	if got := entities(used, nil) + entities(bound, nil) + entities(bound, wire.Ptr("PermissionsPolicy")) + entities(readOnly, nil); got != "1 0 01 0 00 0 01 0 0" {
		t.Errorf("entities %s", got)
	}
	// another account does not see who has AWS's policies here
	out := must(b.ListEntitiesForPolicy(b.as(rootOf(another)), &iam.ListEntitiesForPolicyInput{PolicyArn: wire.Ptr(readOnly)}))(t)
	if len(out.PolicyUsers) != 0 {
		t.Errorf("another account sees %v", out.PolicyUsers)
	}
}
