package iam

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/iam"
)

func TestRole(t *testing.T) {
	b := fixture(t)
	created := b.addRole("eks")
	if *created.MaxSessionDuration != 3600 || created.Description != nil || !strings.HasPrefix(*created.RoleId, "AROA") {
		t.Errorf("%+v", created)
	}
	// documents are percent-encoded, a space as %20
	spaced := strings.Replace(trustEKS, `"Statement":`, `"Statement": `, 1)
	must(b.UpdateAssumeRolePolicy(b.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: created.RoleName, PolicyDocument: &spaced}))(t)
	must(b.UpdateRole(b.ctx, &iam.UpdateRoleInput{RoleName: created.RoleName, Description: wire.Ptr("d"), MaxSessionDuration: wire.Ptr[int32](7200)}))(t)
	got := must(b.GetRole(b.ctx, &iam.GetRoleInput{RoleName: created.RoleName}))(t).Role
	if text, err := url.PathUnescape(*got.AssumeRolePolicyDocument); err != nil || text != spaced || strings.ContainsAny(*got.AssumeRolePolicyDocument, `+"{ `) {
		t.Errorf("document %s", *got.AssumeRolePolicyDocument)
	}
	if *got.Description != "d" || *got.MaxSessionDuration != 7200 || got.RoleLastUsed.LastUsedDate != nil {
		t.Errorf("%+v", got)
	}
	role, ok := b.Role(*got.Arn)
	if !ok || role.ID != *created.RoleId || role.MaxSession != 2*time.Hour || role.Trust == nil {
		t.Errorf("for others %+v", role)
	}
	for _, arn := range []string{"arn:aws:iam::111122223333:role/x/eks", "arn:aws:iam::444455556666:role/eks", "arn:aws:iam::111122223333:user/eks", "eks"} {
		if _, ok := b.Role(arn); ok {
			t.Errorf("%s is a role", arn)
		}
	}
}

func TestTrust(t *testing.T) {
	b := fixture(t)
	b.addUser("ann")
	b.addRole("other")
	trusting := func(principal string) *string {
		return wire.Ptr(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`)
	}
	for _, row := range []struct{ document, text string }{
		{*trusting(`{"AWS":"arn:aws:iam::111122223333:user/ann"}`), ""},
		{*trusting(`{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/other"]}`), ""},
		{*trusting(`{"AWS":"arn:aws:iam::444455556666:user/whoever"}`), ""},
		{*trusting(`{"AWS":"arn:aws:iam::111122223333:user/none"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/none"`},
		{*trusting(`{"AWS":"arn:aws:iam::111122223333:role/path/other"}`), "Invalid principal in policy"},
		{allowAll, "Has prohibited field Resource"},
		{`{`, "This policy contains invalid Json"},
	} {
		_, err := b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: wire.Ptr("r"), AssumeRolePolicyDocument: &row.document})
		if row.text != "" {
			wantError(t, row.document, err, "MalformedPolicyDocument", row.text)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.document, err)
			continue
		}
		must(b.DeleteRole(b.ctx, &iam.DeleteRoleInput{RoleName: wire.Ptr("r")}))(t)
	}
	long := trusting(`{"AWS":["arn:aws:iam::444455556666:role/` + strings.Repeat("a", 2048) + `"]}`)
	_, err := b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: wire.Ptr("r"), AssumeRolePolicyDocument: long})
	wantError(t, "long", err, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
}

func TestInstanceProfile(t *testing.T) {
	b := fixture(t)
	b.addRole("nodes")
	b.addRole("more")
	name := wire.Ptr("Nodes")
	p := must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name, Path: wire.Ptr("/eks/")}))(t).InstanceProfile
	if *p.Arn != "arn:aws:iam::111122223333:instance-profile/eks/Nodes" || p.Roles == nil || len(p.Roles) != 0 {
		t.Errorf("%+v", p)
	}
	_, err := b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: wire.Ptr("nodes")})
	wantError(t, "taken", err, "EntityAlreadyExists", "Instance Profile nodes already exists.")
	must(b.AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: wire.Ptr("nodes")}))(t)
	_, err = b.AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: wire.Ptr("more")})
	wantError(t, "second role", err, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	_, err = b.RemoveRoleFromInstanceProfile(b.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: wire.Ptr("more")})
	wantError(t, "other role", err, "NoSuchEntity", "The role with name more cannot be found.")
	got := must(b.GetInstanceProfile(b.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name}))(t).InstanceProfile
	if len(got.Roles) != 1 || *got.Roles[0].RoleName != "nodes" {
		t.Errorf("%+v", got)
	}
	of := must(b.ListInstanceProfilesForRole(b.ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: wire.Ptr("nodes")}))(t)
	if len(of.InstanceProfiles) != 1 || len(must(b.ListInstanceProfiles(b.ctx, &iam.ListInstanceProfilesInput{}))(t).InstanceProfiles) != 1 {
		t.Errorf("%+v", of)
	}
	_, err = b.GetInstanceProfile(b.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: wire.Ptr("none")})
	wantError(t, "none", err, "NoSuchEntity", "Instance Profile none cannot be found.")
}

// TestServiceLinkedRole: a service's role is the service's to change, and is
// there as long as the service needs it.
func TestServiceLinkedRole(t *testing.T) {
	b := fixture(t)
	r := must(b.CreateServiceLinkedRole(b.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("eks.amazonaws.com")}))(t).Role
	if *r.Arn != "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS" {
		t.Errorf("ARN %s", *r.Arn)
	}
	if a := must(b.ListAttachedRolePolicies(b.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName}))(t).AttachedPolicies; len(a) != 1 || *a[0].PolicyArn != eksRole {
		t.Errorf("policies %+v", a)
	}
	_, err := b.CreateServiceLinkedRole(b.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("eks.amazonaws.com")})
	wantError(t, "again", err, "InvalidInput", "Service role name AWSServiceRoleForAmazonEKS has been taken in this account, please try a different suffix.")
	_, err = b.CreateServiceLinkedRole(b.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("x.amazonaws.com")})
	wantError(t, "service", err, "InvalidInput", "x.amazonaws.com")
	_, err = b.CreateServiceLinkedRole(b.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: wire.Ptr("elasticloadbalancing.amazonaws.com"), CustomSuffix: wire.Ptr("a")})
	wantError(t, "suffix", err, "InvalidInput", "Custom suffix is not allowed")
	_, err = b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: wire.Ptr("r"), Path: wire.Ptr("/aws-service-role/x/"), AssumeRolePolicyDocument: wire.Ptr(trustEKS)})
	wantError(t, "path", err, "ValidationError", "CreateServiceLinkedRole")

	const protected = "Cannot perform the operation on the protected role 'AWSServiceRoleForAmazonEKS' - this role is only modifiable by AWS"
	for what, change := range map[string]func() error{
		"attach": func() error {
			_, err := b.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: r.RoleName, PolicyArn: wire.Ptr(readOnly)})
			return err
		},
		"detach": func() error {
			_, err := b.DetachRolePolicy(b.ctx, &iam.DetachRolePolicyInput{RoleName: r.RoleName, PolicyArn: wire.Ptr(eksRole)})
			return err
		},
		"put": func() error {
			_, err := b.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: r.RoleName, PolicyName: wire.Ptr("p"), PolicyDocument: wire.Ptr(allowAll)})
			return err
		},
		"trust": func() error {
			_, err := b.UpdateAssumeRolePolicy(b.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: r.RoleName, PolicyDocument: wire.Ptr(trustEKS)})
			return err
		},
		"update": func() error {
			_, err := b.UpdateRole(b.ctx, &iam.UpdateRoleInput{RoleName: r.RoleName})
			return err
		},
		"boundary": func() error {
			_, err := b.PutRolePermissionsBoundary(b.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: r.RoleName, PermissionsBoundary: wire.Ptr(readOnly)})
			return err
		},
		"delete": func() error {
			_, err := b.DeleteRole(b.ctx, &iam.DeleteRoleInput{RoleName: r.RoleName})
			return err
		},
	} {
		wantError(t, what, change(), "UnmodifiableEntity", protected)
	}
	if d := must(b.UpdateRoleDescription(b.ctx, &iam.UpdateRoleDescriptionInput{RoleName: r.RoleName, Description: wire.Ptr("mine")}))(t).Role; *d.Description != "mine" {
		t.Errorf("description %s", *d.Description)
	}

	// a cluster needs it
	here := vpc.Owner{Account: account, Region: "us-west-2"}
	b.write(func(tx *store.Tx) {
		b.store.Clusters.Put(tx, store.Cluster{Owner: here, Cluster: eks.Cluster{Name: wire.Ptr("c"), Arn: wire.Ptr(cluster)}})
	})
	status := func() *iam.GetServiceLinkedRoleDeletionStatusOutput {
		task := must(b.DeleteServiceLinkedRole(b.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: r.RoleName}))(t).DeletionTaskId
		if !strings.HasPrefix(*task, "task/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS/") {
			t.Errorf("task %s", *task)
		}
		return must(b.GetServiceLinkedRoleDeletionStatus(b.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}))(t)
	}
	if s := status(); *s.Status != "FAILED" || *s.Reason.RoleUsageList[0].Region != "us-west-2" || s.Reason.RoleUsageList[0].Resources[0] != cluster {
		t.Errorf("with a cluster: %+v", s)
	}
	b.write(func(tx *store.Tx) {
		b.store.Clusters.Delete(tx, store.Key{Account: account, Region: "us-west-2", ID: "c"})
	})
	if s := status(); *s.Status != "SUCCEEDED" || s.Reason != nil {
		t.Errorf("without: %+v", s)
	}
	_, err = b.GetRole(b.ctx, &iam.GetRoleInput{RoleName: r.RoleName})
	wantError(t, "deleted", err, "NoSuchEntity", "AWSServiceRoleForAmazonEKS")
	_, err = b.GetServiceLinkedRoleDeletionStatus(b.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: wire.Ptr("task/x")})
	wantError(t, "task", err, "NoSuchEntity", "task/x")
}

func (b *bench) write(fn func(tx *store.Tx)) {
	b.t.Helper()
	if _, err := b.store.Update(b.t.Context(), func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		b.t.Fatal(err)
	}
}

// session is a caller with a role's temporary credentials.
func session(r *iam.Role) auth.Caller {
	return auth.Caller{
		Account: account, Region: "us-east-1", Kind: auth.Role, Identity: *r.Arn, UserID: *r.RoleId + ":s",
		ARN: "arn:aws:sts::111122223333:assumed-role/" + *r.RoleName + "/s", AccessKey: "ASIA", Session: &auth.Session{Name: "s"},
	}
}
