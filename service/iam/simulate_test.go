package iam

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// document is a policy of statements.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, action, resource)
}

func deny(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Deny","Action":%q,"Resource":%q}`, action, resource)
}

const cluster = "arn:aws:eks:us-east-1:111122223333:cluster/c"

func TestSimulatePrincipalPolicy(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	b.addGroup("devs", "ann")
	boundary := b.addPolicy("bound", document(allow("eks:*", "*"), allow("ec2:Describe*", "*")))
	managed := b.addPolicy("describe", document(allow("eks:Describe*", "*"), allow("ec2:*", "*")))
	must(b.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: wire.Ptr("devs"), PolicyArn: &managed}))(t)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: u.UserName, PolicyName: wire.Ptr("own"),
		PolicyDocument: wire.Ptr(document(allow("eks:ListClusters", "*"), deny("eks:DescribeCluster", cluster)))}))(t)
	must(b.PutUserPermissionsBoundary(b.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.UserName, PermissionsBoundary: &boundary}))(t)
	for _, row := range []struct {
		action, resource, decision, source string
		bounded                            bool
	}{
		{"eks:ListClusters", "*", "allowed", "user_ann_own", true},
		{"eks:DescribeCluster", cluster, "explicitDeny", "user_ann_own", true},
		{"eks:DescribeCluster", cluster + "2", "allowed", "describe", true},
		{"eks:DeleteCluster", cluster, "implicitDeny", "", true},
		{"ec2:DescribeVpcs", "*", "allowed", "describe", true},
		{"ec2:CreateVpc", "*", "implicitDeny", "", false},
	} {
		out := must(b.SimulatePrincipalPolicy(b.ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: u.Arn, ActionNames: []string{row.action}, ResourceArns: []string{row.resource}}))(t)
		got := out.EvaluationResults[0]
		if *got.EvalDecision != row.decision || *got.EvalActionName != row.action || *got.EvalResourceName != row.resource ||
			*got.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary != row.bounded {
			t.Errorf("%s on %s: %s, within the boundary %v", row.action, row.resource, *got.EvalDecision, *got.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary)
		}
		source := ""
		for _, m := range got.MatchedStatements {
			source += *m.SourcePolicyId
		}
		if source != row.source {
			t.Errorf("%s on %s: decided by %q, want %q", row.action, row.resource, source, row.source)
		}
		if r := got.ResourceSpecificResults[0]; *r.EvalResourceName != row.resource || *r.EvalResourceDecision != row.decision {
			t.Errorf("%s: of the resource %+v", row.action, r)
		}
	}
}

func TestSimulateCustomPolicy(t *testing.T) {
	b := fixture(t)
	text := "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\":\"Allow\",\"Action\":\"ec2:*\",\"Resource\":\"*\"},\n" +
		"  {\"Effect\":\"Allow\",\"Action\":\"eks:*\",\"Resource\":\"arn:aws:eks:*:*:cluster/${aws:username}\",\n   \"Condition\":{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}}\n ]\n}"
	in := &iam.SimulateCustomPolicyInput{PolicyInputList: []string{text}, ActionNames: []string{"eks:DescribeCluster"}, ResourceArns: []string{cluster}}
	got := must(b.SimulateCustomPolicy(b.ctx, in))(t).EvaluationResults[0]
	if *got.EvalDecision != "implicitDeny" || len(got.MatchedStatements) != 0 || strings.Join(got.MissingContextValues, " ") != "aws:SourceVpce aws:username" {
		t.Errorf("without keys: %s, missing %v", *got.EvalDecision, got.MissingContextValues)
	}
	in.ContextEntries = []iam.ContextEntry{
		{ContextKeyName: wire.Ptr("aws:sourcevpce"), ContextKeyType: wire.Ptr("string"), ContextKeyValues: []string{"vpce-1"}},
		{ContextKeyName: wire.Ptr("aws:username"), ContextKeyType: wire.Ptr("string"), ContextKeyValues: []string{"c"}},
	}
	got = must(b.SimulateCustomPolicy(b.ctx, in))(t).EvaluationResults[0]
	if *got.EvalDecision != "allowed" || len(got.MatchedStatements) != 1 || len(got.MissingContextValues) != 0 {
		t.Fatalf("with keys: %s, %d statements, missing %v", *got.EvalDecision, len(got.MatchedStatements), got.MissingContextValues)
	}
	m := got.MatchedStatements[0]
	at := fmt.Sprint(*m.StartPosition.Line, ":", *m.StartPosition.Column, "-", *m.EndPosition.Line, ":", *m.EndPosition.Column)
	if *m.SourcePolicyId != "PolicyInputList.1" || *m.SourcePolicyType != "IAM Policy" || at != "5:3-6:61" {
		t.Errorf("statement %s %s at %s", *m.SourcePolicyId, *m.SourcePolicyType, at)
	}
	if got.PermissionsBoundaryDecisionDetail != nil || got.EvalDecisionDetails != nil {
		t.Errorf("details of what was not asked for: %+v", got)
	}
}

// TestSimulateResourcePolicy: across accounts both sides must allow.
func TestSimulateResourcePolicy(t *testing.T) {
	b := fixture(t)
	resource := "arn:aws:sns:us-east-1:444455556666:topic"
	trusting := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sns:Publish","Resource":"*"}}`
	in := &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{document(allow("ec2:*", "*"))}, ActionNames: []string{"sns:Publish"}, ResourceArns: []string{resource},
		ResourcePolicy: &trusting, CallerArn: wire.Ptr("arn:aws:iam::111122223333:user/ann"),
	}
	got := must(b.SimulateCustomPolicy(b.ctx, in))(t).EvaluationResults[0]
	if *got.EvalDecision != "implicitDeny" || got.EvalDecisionDetails["Resource Policy"] != "allowed" || got.EvalDecisionDetails["IAM Policy"] != "implicitDeny" {
		t.Errorf("one side: %s %v", *got.EvalDecision, got.EvalDecisionDetails)
	}
	in.PolicyInputList = []string{document(allow("sns:*", "*"))}
	got = must(b.SimulateCustomPolicy(b.ctx, in))(t).EvaluationResults[0]
	if *got.EvalDecision != "allowed" || len(got.MatchedStatements) == 0 {
		t.Errorf("both sides: %s %v", *got.EvalDecision, got.MatchedStatements)
	}
	in.PermissionsBoundaryPolicyInputList = []string{document(allow("eks:*", "*"))}
	got = must(b.SimulateCustomPolicy(b.ctx, in))(t).EvaluationResults[0]
	if *got.EvalDecision != "implicitDeny" || *got.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
		t.Errorf("beyond the boundary: %s %+v", *got.EvalDecision, got.PermissionsBoundaryDecisionDetail)
	}
}

func TestSimulateRefusals(t *testing.T) {
	b := fixture(t)
	_, err := b.SimulateCustomPolicy(b.ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{"{"}, ActionNames: []string{"eks:ListClusters"}})
	wantError(t, "document", err, "InvalidInput", "Invalid policy document")
	_, err = b.SimulateCustomPolicy(b.ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowAll}, ActionNames: []string{"ListClusters"}})
	wantError(t, "action", err, "InvalidInput", "Invalid Action: ListClusters")
	_, err = b.SimulateCustomPolicy(b.ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowAll}, ActionNames: []string{"eks:ListClusters"}, ResourcePolicy: wire.Ptr(allowAll)})
	wantError(t, "caller", err, "InvalidInput", "CallerArn")
	_, err = b.SimulatePrincipalPolicy(b.ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: wire.Ptr("arn:aws:iam::111122223333:user/none"), ActionNames: []string{"eks:ListClusters"}})
	wantError(t, "user", err, "NoSuchEntity", "The user with name none cannot be found.")
	_, err = b.SimulatePrincipalPolicy(b.ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: wire.Ptr("arn:aws:iam::444455556666:user/none"), ActionNames: []string{"eks:ListClusters"}})
	wantError(t, "account", err, "InvalidInput", "is not valid")
}

func TestContextKeys(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	keyed := document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/${aws:PrincipalTag/team, 'none'}/${*}","Condition":{"StringLike":{"aws:SourceVpc":"vpc-*","AWS:sourcevpc":"x"}}}`)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: u.UserName, PolicyName: wire.Ptr("p"), PolicyDocument: wire.Ptr(document(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}`))}))(t)
	custom := must(b.GetContextKeysForCustomPolicy(b.ctx, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{keyed, allowAll}}))(t)
	if got := strings.Join(custom.ContextKeyNames, " "); got != "AWS:sourcevpc aws:username" {
		t.Errorf("custom: %s", got)
	}
	principal := must(b.GetContextKeysForPrincipalPolicy(b.ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: u.Arn, PolicyInputList: []string{keyed}}))(t)
	if got := strings.Join(principal.ContextKeyNames, " "); got != "AWS:sourcevpc aws:SecureTransport aws:username" {
		t.Errorf("principal: %s", got)
	}
}

func TestListPoliciesGrantingServiceAccess(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	b.addGroup("devs", "ann")
	managed := b.addPolicy("m", document(allow("ec2:Describe*", "*")))
	must(b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: u.UserName, PolicyArn: &managed}))(t)
	must(b.PutGroupPolicy(b.ctx, &iam.PutGroupPolicyInput{GroupName: wire.Ptr("devs"), PolicyName: wire.Ptr("all"), PolicyDocument: wire.Ptr(allowAll)}))(t)
	must(b.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: u.UserName, PolicyName: wire.Ptr("no"),
		PolicyDocument: wire.Ptr(document(deny("ec2:*", "*"), `{"Effect":"Allow","NotAction":["eks:*"],"Resource":"*"}`))}))(t)
	out := must(b.ListPoliciesGrantingServiceAccess(b.ctx, &iam.ListPoliciesGrantingServiceAccessInput{Arn: u.Arn, ServiceNamespaces: []string{"ec2", "eks"}}))(t)
	got := ""
	for _, e := range out.PoliciesGrantingServiceAccess {
		got += *e.ServiceNamespace + ":"
		for _, p := range e.Policies {
			got += " " + *p.PolicyName + "/" + *p.PolicyType + "/" + wire.Value(p.EntityType) + wire.Value(p.PolicyArn)
		}
		got += "; "
	}
	if want := "ec2: no/INLINE/USER m/MANAGED/" + managed + " all/INLINE/GROUP; eks: all/INLINE/GROUP; "; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// FuzzStatements: any document has statements in order, whose places are in
// the document.
func FuzzStatements(f *testing.F) {
	f.Add(allowAll)
	f.Add(trustEKS)
	f.Add(`{"Statement":[`)
	f.Add(`{"Statement" : {"Action":"a:b"} , "Version":1}`)
	f.Add(`["Statement",[{}]]`)
	f.Fuzz(func(t *testing.T, document string) {
		before := 0
		for _, s := range statements(document) {
			if s.start < before || s.end < s.start || s.end > len(document) {
				t.Fatalf("statement from %d to %d in %q", s.start, s.end, document)
			}
			position(document, s.end)
			before = s.end
		}
		contextKeys(document)
		trusted(document)
	})
}
