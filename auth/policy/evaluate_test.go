package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const account = "111122223333"

var (
	root = Principal{ARN: "arn:aws:iam::" + account + ":root", Account: account, UserID: account}
	ann  = Principal{ARN: "arn:aws:iam::" + account + ":user/ann", Account: account, UserID: "AIDAEXAMPLEEXAMPLE234"}
	app  = Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/app/i-1", Issuer: "arn:aws:iam::" + account + ":role/app", Account: account}
	them = Principal{ARN: "arn:aws:iam::444455556666:root", Account: "444455556666"}
	eks  = Principal{Service: "eks.amazonaws.com"}
	goog = Principal{Federated: "accounts.google.com"}
	canu = Principal{CanonicalUser: "79a5"}
)

// decide decides by endpoint policies alone: everything else allows.
func decide(req Request, docs ...*Document) Decision { return explain(req, docs...).Decision }

func explain(req Request, docs ...*Document) Verdict {
	full, err := Parse(statement(plain))
	if err != nil {
		panic(err)
	}
	set := Set{Endpoint: []Named{}, Resource: &Named{Document: full}}
	for _, d := range docs {
		set.Endpoint = append(set.Endpoint, Named{Document: d})
	}
	req.ResourceAccount = req.Principal.Account
	v := Explain(req, set)
	v.Reasons = slices.DeleteFunc(v.Reasons, func(r Reason) bool { return r.Type != Endpoint })
	return v
}

func TestPrincipals(t *testing.T) {
	for _, c := range []struct {
		element string
		who     Principal
		want    bool
	}{
		{`"Principal":"*"`, Principal{}, true},
		{`"Principal":"*"`, them, true},
		{`"Principal":{"AWS":"*"}`, ann, true},
		// The account and its root mean everyone in the account.
		{`"Principal":{"AWS":"111122223333"}`, root, true},
		{`"Principal":{"AWS":"111122223333"}`, ann, true},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`, app, true},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`, them, false},
		// A user, a role with all its sessions, one session, a unique id.
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"}`, ann, true},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"}`, root, false},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:role/app"}`, app, true},
		{`"Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/i-1"}`, app, true},
		{`"Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/i-2"}`, app, false},
		{`"Principal":{"AWS":"AIDAEXAMPLEEXAMPLE234"}`, ann, true},
		{`"Principal":{"AWS":["444455556666","111122223333"]}`, them, true},
		// Other kinds do not mix.
		{`"Principal":{"Service":"eks.amazonaws.com"}`, eks, true},
		{`"Principal":{"Service":"*"}`, ann, false},
		{`"Principal":{"Federated":"accounts.google.com"}`, goog, true},
		{`"Principal":{"CanonicalUser":"79a5"}`, canu, true},
		{`"Principal":{"CanonicalUser":"79a5"}`, goog, false},
		{`"Principal":{"AWS":"444455556666","Service":"eks.amazonaws.com"}`, eks, true},
		{`"Principal":{"AWS":"111122223333"}`, Principal{}, false},
		{`"NotPrincipal":{"AWS":"111122223333"}`, ann, false},
		{`"NotPrincipal":{"AWS":"111122223333"}`, them, true},
	} {
		d, err := Parse(statement(`"Effect":"Allow","Action":"*","Resource":"*",` + c.element))
		if err != nil {
			t.Fatal(err)
		}
		if got := decide(Request{Action: "eks:X", Resource: "*", Principal: c.who}, d) == Allowed; got != c.want {
			t.Errorf("%s for %+v: %v, want %v", c.element, c.who, got, c.want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	const c1 = "arn:aws:eks:us-east-1:111122223333:cluster/c1"
	list := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"eks:list*","Resource":"*"}]}`
	guard := `{"Statement":[
		{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
		{"Sid":"NoDelete","Effect":"Deny","Principal":"*","Action":"eks:Delete*","Resource":"arn:aws:eks:*:*:cluster/c1"},
		{"Effect":"Deny","Principal":"*","NotAction":"eks:*","NotResource":"arn:aws:logs:*:*:*"}]}`
	for _, c := range []struct {
		docs             []string
		action, resource string
		want             Decision
	}{
		{nil, "eks:ListClusters", "*", ImplicitDeny},
		{[]string{list}, "eks:ListClusters", c1, Allowed},
		{[]string{list}, "EKS:LISTCLUSTERS", c1, Allowed},
		{[]string{list}, "eks:DescribeCluster", c1, ImplicitDeny},
		{[]string{list}, "eks-auth:ListClusters", c1, ImplicitDeny},
		{[]string{guard}, "eks:DescribeCluster", c1, Allowed},
		{[]string{guard}, "eks:DeleteCluster", c1, ExplicitDeny},
		{[]string{guard}, "eks:DeleteCluster", c1 + "0", Allowed},
		{[]string{guard}, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g", Allowed},
		{[]string{guard}, "ec2:DescribeVpcs", "*", ExplicitDeny},
		// Documents add up; one deny beats every allow.
		{[]string{list, guard}, "eks:DescribeCluster", c1, Allowed},
		{[]string{guard, list}, "eks:DeleteCluster", c1, ExplicitDeny},
	} {
		var docs []*Document
		for _, text := range c.docs {
			d, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			docs = append(docs, d)
		}
		got := explain(Request{Action: c.action, Resource: c.resource, Principal: ann}, docs...)
		if got.Decision != c.want {
			t.Errorf("%s on %s: %s, want %s\n%v", c.action, c.resource, got.Decision, c.want, got.Reasons)
		}
	}
}

// TestReasons wants every statement in the decision, those after the deciding
// one too, each with all of its elements that did not match.
func TestReasons(t *testing.T) {
	d, err := Parse(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["eks:List*","eks:Describe*"],"Resource":"arn:aws:eks:*:*:cluster/c2","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"},"Bool":{"aws:Secure":"true"}}},
		{"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},"NotAction":"iam:*","NotResource":"arn:aws:s3:::*"},
		{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"NotAction":"eks:*","NotResource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	got := explain(Request{
		Action:    "eks:DeleteCluster",
		Resource:  "arn:aws:eks:us-east-1:111122223333:cluster/c1",
		Principal: ann,
		Context:   MakeKeys(map[string][]string{"AWS:sourcevpce": {"vpce-2"}}),
	}, d)
	want := Verdict{Decision: ExplicitDeny, Type: Endpoint, Statement: 2, Reasons: []Reason{
		{Type: Endpoint, Statement: 1, Sid: "Read", Effect: Allow, Misses: []Miss{
			{"Principal", "AWS 444455556666", ann.ARN},
			{"Action", "eks:List*, eks:Describe*", "eks:DeleteCluster"},
			{"Resource", "arn:aws:eks:*:*:cluster/c2", "arn:aws:eks:us-east-1:111122223333:cluster/c1"},
			{"Condition", "StringEquals aws:SourceVpce vpce-1", "vpce-2"},
			{"Condition", "Bool aws:Secure true", "absent"},
		}},
		{Type: Endpoint, Statement: 2, Effect: Deny},
		{Type: Endpoint, Statement: 3, Effect: Allow, Misses: []Miss{
			{"NotPrincipal", "AWS 111122223333", ann.ARN},
			{"NotAction", "eks:*", "eks:DeleteCluster"},
			{"NotResource", "*", "arn:aws:eks:us-east-1:111122223333:cluster/c1"},
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, text := range []string{
		"VPC endpoint policy, statement 1 (Read): does not apply: Principal AWS 444455556666, not " + ann.ARN + "; Action eks:List*, eks:Describe*, not eks:DeleteCluster; Resource arn:aws:eks:*:*:cluster/c2, not arn:aws:eks:us-east-1:111122223333:cluster/c1; Condition StringEquals aws:SourceVpce vpce-1, not vpce-2; Condition Bool aws:Secure true, not absent",
		"VPC endpoint policy, statement 2: denies",
	} {
		if got := got.Reasons[i].String(); got != text {
			t.Errorf("reason %d:\n got %s\nwant %s", i, got, text)
		}
	}
}
