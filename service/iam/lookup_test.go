package iam

import (
	"slices"
	"testing"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// names are the policies of a list, in order.
func names(policies []policy.Named) []string {
	var all []string
	for _, p := range policies {
		all = append(all, p.Name)
	}
	return all
}

// TestPolicies: what counts for a caller is all that its identity has.
func TestPolicies(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	b.addGroup("devs", "ann")
	managed := b.addPolicy("m", document(allow("eks:ListClusters", "*")))
	bound := b.addPolicy("bound", document(allow("eks:*", "*")))
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: u.UserName, PolicyName: wire.Ptr("own"), PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: u.UserName, PolicyArn: &managed}))(t)
	must(b.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: wire.Ptr("devs"), PolicyArn: wire.Ptr(readOnly)}))(t)
	k := must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: u.UserName}))(t).AccessKey
	_, ann, _ := b.Key(*k.AccessKeyId)
	ann.Region = "us-east-1"

	set, ok := b.Policies(ann)
	if got := names(set.Identity); !ok || !slices.Equal(got, []string{"own", managed, readOnly}) || set.Boundary != nil || set.Session != nil {
		t.Errorf("policies %v, boundary %v, session %v", got, set.Boundary, set.Session)
	}
	must(b.PutUserPermissionsBoundary(b.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.UserName, PermissionsBoundary: &bound}))(t)
	if set, _ := b.Policies(ann); !slices.Equal(names(set.Boundary), []string{bound}) {
		t.Errorf("boundary %v", names(set.Boundary))
	}

	// a change is in force with the next call
	who := policy.Principal{ARN: ann.ARN, Account: account}
	decide := func(action string) policy.Decision {
		set, _ := b.Policies(ann)
		return policy.Decide(policy.Request{Action: action, Resource: "*", Principal: who}, set).Decision
	}
	if got := decide("eks:DeleteCluster"); got != policy.Allowed {
		t.Errorf("before: %v", got)
	}
	must(b.CreatePolicyVersion(b.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &managed, PolicyDocument: wire.Ptr(document(deny("eks:Delete*", "*"))), SetAsDefault: wire.Ptr(true)}))(t)
	if got := decide("eks:DeleteCluster"); got != policy.ExplicitDeny {
		t.Errorf("after: %v", got)
	}

	// a session of the user's has its own policies, too
	ann.Session = &auth.Session{Policy: allowAll, PolicyARNs: []string{readOnly, "arn:aws:iam::aws:policy/None"}}
	if set, _ := b.Policies(ann); !slices.Equal(names(set.Session), []string{"", readOnly}) {
		t.Errorf("session %v", names(set.Session))
	}
	if set, ok := b.Policies(rootOf(account)); !ok || set.Identity != nil {
		t.Errorf("root has %+v", set)
	}
}

// TestPoliciesOfAnother: who was deleted has nothing, even where somebody else
// has the name now.
func TestPoliciesOfAnother(t *testing.T) {
	b := fixture(t)
	old := session(b.addRole("r"))
	if _, ok := b.Policies(old); !ok {
		t.Error("the role is not known")
	}
	must(b.DeleteRole(b.ctx, &iam.DeleteRoleInput{RoleName: wire.Ptr("r")}))(t)
	if set, ok := b.Policies(old); ok || len(set.Identity) != 0 {
		t.Error("a deleted role is known")
	}
	b.addRole("r")
	must(b.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: wire.Ptr("r"), PolicyArn: wire.Ptr(readOnly)}))(t)
	if _, ok := b.Policies(old); ok {
		t.Error("the new role's policies are those of the old one's sessions")
	}
}

func TestPrincipalTags(t *testing.T) {
	b := fixture(t)
	r := must(b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: wire.Ptr("r"), AssumeRolePolicyDocument: wire.Ptr(trustEKS), Tags: []iam.Tag{tag("Team", "a"), tag("cost", "1")}}))(t).Role
	c := session(r)
	if got := b.Tags(c); got["Team"] != "a" || len(got) != 2 {
		t.Errorf("role's %v", got)
	}
	c.Session.Tags = []auth.Tag{{Key: "team", Value: "b"}}
	if got := b.Tags(c); got["team"] != "b" || got["cost"] != "1" || len(got) != 2 {
		t.Errorf("session's %v", got)
	}
}
