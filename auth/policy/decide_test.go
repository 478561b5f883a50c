package policy

import (
	"slices"
	"strings"
	"testing"
)

const (
	mine   = "arn:aws:eks:us-east-1:111122223333:cluster/c1"
	theirs = "arn:aws:eks:us-east-1:444455556666:cluster/c1"
)

var (
	annSession = Principal{ARN: "arn:aws:sts::" + account + ":federated-user/ann", Account: account, Issuer: ann.ARN}
	reader     = Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/app/reader", Account: account, Issuer: app.Issuer, UserID: "AROAEXAMPLEEXAMPLE23:reader"}
)

// says compiles a policy of statements, each written as "Allow eks:*" or
// "Deny NotPrincipal {…} eks:*", without other spaces.
func says(t *testing.T, statements ...string) Named {
	t.Helper()
	var all []string
	for _, s := range statements {
		words := strings.Split(s, " ")
		var element string
		if len(words) == 4 {
			if words[2] == "*" {
				words[2] = `"*"`
			}
			element = `"` + words[1] + `":` + words[2] + `,`
		}
		all = append(all, `{"Effect":"`+words[0]+`",`+element+`"Action":"`+words[len(words)-1]+`","Resource":"*"}`)
	}
	d, err := Parse(`{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	return Named{Name: "p", Document: d}
}

// TestEvaluationLogic has a row for each sentence of the User Guide's
// "Policy evaluation logic" and its table of resource-based policies and
// implicit denies. Everyone asks for eks:DescribeCluster.
func TestEvaluationLogic(t *testing.T) {
	p := func(statements ...string) []Named { return []Named{says(t, statements...)} }
	one := func(statements ...string) *Named { n := says(t, statements...); return &n }
	by := func(principal string) *Named { return one("Allow Principal " + principal + " eks:*") }
	const (
		toAnn, toRoot = `{"AWS":"arn:aws:iam::111122223333:user/ann"}`, `{"AWS":"arn:aws:iam::111122223333:root"}`
		toRole        = `{"AWS":"arn:aws:iam::111122223333:role/app"}`
		toSession     = `{"AWS":"arn:aws:sts::111122223333:assumed-role/app/i-1"}`
		toFederated   = `{"AWS":"arn:aws:sts::111122223333:federated-user/ann"}`
	)
	allow, other, nothing := p("Allow eks:*"), p("Allow s3:*"), []Named{}
	for _, c := range []struct {
		rule     string
		who      Principal
		resource string
		set      Set
		want     Decision
		by       Type
	}{
		{"nothing allows", ann, mine, Set{}, ImplicitDeny, Identity},
		{"an identity policy allows", ann, mine, Set{Identity: allow}, Allowed, Identity},
		{"an explicit deny beats an allow", ann, mine, Set{Identity: p("Allow eks:*", "Deny eks:Describe*")}, ExplicitDeny, Identity},
		{"a deny of something else does not", ann, mine, Set{Identity: p("Deny eks:List*", "Allow eks:*")}, Allowed, Identity},
		{"identity policies add up", ann, mine, Set{Identity: append(slices.Clone(other), allow...)}, Allowed, Identity},
		{"root may do everything", root, mine, Set{}, Allowed, Identity},
		{"but not what a control policy denies", root, mine, Set{SCPs: [][]Named{p("Allow *", "Deny eks:*")}}, ExplicitDeny, SCP},
		{"nor what a resource denies", root, mine, Set{Resource: one("Deny Principal * *")}, ExplicitDeny, Resource},
		{"nor what an endpoint does not allow", root, mine, Set{Endpoint: p("Allow Principal * s3:*")}, ImplicitDeny, Endpoint},

		{"SCPs limit", ann, mine, Set{Identity: allow, SCPs: [][]Named{other}}, ImplicitDeny, SCP},
		{"SCPs give nothing", ann, mine, Set{SCPs: [][]Named{allow}}, ImplicitDeny, Identity},
		{"each level must allow", ann, mine, Set{Identity: allow, SCPs: [][]Named{allow, other, allow}}, ImplicitDeny, SCP},
		{"all levels allow", ann, mine, Set{Identity: allow, SCPs: [][]Named{allow, append(slices.Clone(other), allow...)}}, Allowed, Identity},
		{"a level without policies allows nothing", ann, mine, Set{Identity: allow, SCPs: [][]Named{allow, {}}}, ImplicitDeny, SCP},
		{"no level allows nothing", ann, mine, Set{Identity: allow, SCPs: [][]Named{}}, ImplicitDeny, SCP},
		{"a deny below a level that does not allow is explicit", ann, mine, Set{Identity: allow, SCPs: [][]Named{other, p("Deny eks:*")}}, ExplicitDeny, SCP},
		{"RCPs limit", ann, mine, Set{Identity: allow, RCPs: [][]Named{p("Allow Principal * s3:*")}}, ImplicitDeny, RCP},
		{"RCPs limit services too", eks, mine, Set{Resource: by("*"), RCPs: [][]Named{p("Deny Principal * eks:*", "Allow Principal * *")}}, ExplicitDeny, RCP},
		{"an explicit deny in RCPs", ann, mine, Set{Identity: allow, RCPs: [][]Named{p("Allow Principal * *", "Deny Principal * eks:*")}}, ExplicitDeny, RCP},

		{"an endpoint filters", ann, mine, Set{Identity: allow, Endpoint: p("Allow Principal * s3:*")}, ImplicitDeny, Endpoint},
		{"an endpoint gives nothing", ann, mine, Set{Endpoint: p("Allow Principal * *")}, ImplicitDeny, Identity},
		{"an endpoint that allows nothing", ann, mine, Set{Identity: allow, Endpoint: nothing}, ImplicitDeny, Endpoint},
		{"an endpoint for others", ann, mine, Set{Identity: allow, Endpoint: p(`Allow Principal {"AWS":"444455556666"} *`)}, ImplicitDeny, Endpoint},
		{"an endpoint's statement without a principal", ann, mine, Set{Identity: allow, Endpoint: p("Allow *")}, ImplicitDeny, Endpoint},

		{"a boundary limits", ann, mine, Set{Identity: allow, Boundary: other}, ImplicitDeny, Boundary},
		{"a boundary gives nothing", ann, mine, Set{Boundary: allow}, ImplicitDeny, Identity},
		{"a boundary without policies", ann, mine, Set{Identity: allow, Boundary: nothing}, ImplicitDeny, Boundary},
		{"boundary and identity", ann, mine, Set{Identity: allow, Boundary: allow}, Allowed, Identity},
		{"a session policy limits", app, mine, Set{Identity: allow, Session: other}, ImplicitDeny, Session},
		{"a session policy gives nothing", app, mine, Set{Session: allow}, ImplicitDeny, Identity},
		{"session, boundary and identity", app, mine, Set{Identity: allow, Session: allow, Boundary: allow}, Allowed, Identity},
		{"session policies add up", app, mine, Set{Identity: allow, Session: append(slices.Clone(other), allow...)}, Allowed, Identity},
		{"a role without session policy", app, mine, Set{Identity: allow}, Allowed, Identity},
		{"a federated user has what the session policy says", annSession, mine, Set{Identity: allow}, ImplicitDeny, Session},
		{"and the user's policies say", annSession, mine, Set{Identity: allow, Session: allow}, Allowed, Identity},

		// Resource-based policies and implicit denies, same account.
		{"user ARN", ann, mine, Set{Resource: by(toAnn), Boundary: nothing}, Allowed, Resource},
		{"user ARN of another", root, mine, Set{Resource: by(toAnn)}, Allowed, Identity},
		{"everyone", ann, mine, Set{Resource: by("*"), Boundary: nothing}, Allowed, Resource},
		{"session ARN", app, mine, Set{Resource: by(toSession), Boundary: nothing, Session: nothing}, Allowed, Resource},
		{"another session's ARN", reader, mine, Set{Resource: by(toSession)}, ImplicitDeny, Identity},
		{"role ARN", app, mine, Set{Resource: by(toRole)}, Allowed, Resource},
		{"role ARN, limited by the boundary", app, mine, Set{Resource: by(toRole), Boundary: nothing}, ImplicitDeny, Boundary},
		{"role ARN, limited by the session", app, mine, Set{Resource: by(toRole), Session: nothing}, ImplicitDeny, Session},
		{"role ARN, all limits allow", app, mine, Set{Resource: by(toRole), Session: allow, Boundary: allow}, Allowed, Resource},
		{"role's unique id", reader, mine, Set{Resource: by(`{"AWS":"AROAEXAMPLEEXAMPLE23"}`)}, Allowed, Resource},
		{"federated user's ARN", annSession, mine, Set{Resource: by(toFederated)}, Allowed, Resource},
		{"ARN of the user who federated", annSession, mine, Set{Resource: by(toAnn), Session: nothing}, ImplicitDeny, Session},
		{"ARN of the user who federated, without a session policy", annSession, mine, Set{Resource: by(toAnn)}, ImplicitDeny, Session},
		{"ARN of the user who federated, session policy allows", annSession, mine, Set{Resource: by(toAnn), Session: allow}, Allowed, Resource},
		{"the account leaves it to its identities", ann, mine, Set{Resource: by(toRoot)}, ImplicitDeny, Identity},
		{"the account, and an identity policy", ann, mine, Set{Resource: by(toRoot), Identity: allow}, Allowed, Identity},
		{"the most direct of several", app, mine, Set{Resource: one("Allow Principal "+toRoot+" *", "Allow Principal "+toRole+" *", "Allow Principal "+toSession+" *"), Boundary: nothing}, Allowed, Resource},
		{"a resource's deny", ann, mine, Set{Resource: one("Deny Principal " + toAnn + " *"), Identity: allow}, ExplicitDeny, Resource},
		{"a direct grant does not pass an endpoint", ann, mine, Set{Resource: by(toAnn), Endpoint: nothing}, ImplicitDeny, Endpoint},
		{"nor an SCP", ann, mine, Set{Resource: by(toAnn), SCPs: [][]Named{other}}, ImplicitDeny, SCP},
		{"nor an explicit deny of a boundary", ann, mine, Set{Resource: by(toAnn), Boundary: p("Deny eks:*")}, ExplicitDeny, Boundary},
		{"nor one of an identity policy", ann, mine, Set{Resource: by(toAnn), Identity: p("Deny eks:*")}, ExplicitDeny, Identity},

		// Cross account: both sides.
		{"identity alone", ann, theirs, Set{Identity: allow}, ImplicitDeny, Resource},
		{"resource alone", ann, theirs, Set{Resource: by(toAnn)}, ImplicitDeny, Identity},
		{"everyone, abroad", ann, theirs, Set{Resource: by("*")}, ImplicitDeny, Identity},
		{"session ARN, abroad", app, theirs, Set{Resource: by(toSession)}, ImplicitDeny, Identity},
		{"both", ann, theirs, Set{Resource: by(toAnn), Identity: allow}, Allowed, Identity},
		{"the account and an identity policy", ann, theirs, Set{Resource: by(toRoot), Identity: allow}, Allowed, Identity},
		{"both, but the boundary", ann, theirs, Set{Resource: by(toAnn), Identity: allow, Boundary: nothing}, ImplicitDeny, Boundary},
		{"both, but the session", app, theirs, Set{Resource: by(toSession), Identity: allow, Session: nothing}, ImplicitDeny, Session},
		{"root, abroad", root, theirs, Set{Resource: by(toRoot)}, Allowed, Identity},
		{"root, not trusted", root, theirs, Set{}, ImplicitDeny, Resource},

		// Trust policies.
		{"no trust, but an identity policy", ann, mine, Set{Trust: true, Resource: by(toRole), Identity: allow}, ImplicitDeny, Trust},
		{"no trust policy at all", ann, mine, Set{Trust: true, Identity: allow}, ImplicitDeny, Trust},
		{"root is no exception", root, mine, Set{Trust: true, Resource: by(toAnn)}, ImplicitDeny, Trust},
		{"trusts a user of the account", ann, mine, Set{Trust: true, Resource: by(toAnn)}, Allowed, Trust},
		{"trusts the account", ann, mine, Set{Trust: true, Resource: by(toRoot)}, ImplicitDeny, Identity},
		{"trusts the account, identity policy allows", ann, mine, Set{Trust: true, Resource: by(toRoot), Identity: allow}, Allowed, Identity},
		{"trusts a role of the account", app, mine, Set{Trust: true, Resource: by(toRole)}, Allowed, Trust},
		{"trusts another account's user", ann, theirs, Set{Trust: true, Resource: by(toAnn)}, ImplicitDeny, Identity},
		{"trusts a service", eks, mine, Set{Trust: true, Resource: by(`{"Service":"eks.amazonaws.com"}`)}, Allowed, Trust},
		{"trusts another service", eks, mine, Set{Trust: true, Resource: by(`{"Service":"ec2.amazonaws.com"}`)}, ImplicitDeny, Trust},
		{"trusts a provider", goog, mine, Set{Trust: true, Resource: by(`{"Federated":"accounts.google.com"}`)}, Allowed, Trust},

		// Who is nobody of an account.
		{"a service", eks, mine, Set{Resource: by(`{"Service":"eks.amazonaws.com"}`)}, Allowed, Resource},
		{"a service, without a policy", eks, mine, Set{}, ImplicitDeny, Resource},
		{"anonymous", Principal{}, mine, Set{Resource: by("*")}, Allowed, Resource},
		{"anonymous, too", Principal{}, mine, Set{Resource: by(`{"AWS":"*"}`)}, Allowed, Resource},
		{"anonymous, not named", Principal{}, mine, Set{Resource: by(toRoot)}, ImplicitDeny, Resource},
		{"anonymous, without a policy", Principal{}, mine, Set{}, ImplicitDeny, Resource},

		// NotPrincipal.
		{"all but one", ann, mine, Set{Resource: one("Deny NotPrincipal " + toRole + " *")}, ExplicitDeny, Resource},
		{"the one", app, mine, Set{Resource: one("Deny NotPrincipal " + toRole + " *"), Identity: allow}, Allowed, Identity},
		{"the account's name spares only who is listed with it", ann, mine, Set{Resource: one(`Deny NotPrincipal {"AWS":["arn:aws:iam::111122223333:role/app","arn:aws:iam::111122223333:root"]} *`), Identity: allow}, ExplicitDeny, Resource},
		{"who is listed with it", app, mine, Set{Resource: one(`Deny NotPrincipal {"AWS":["arn:aws:iam::111122223333:role/app","arn:aws:iam::111122223333:root"]} *`), Identity: allow}, Allowed, Identity},
		{"the role's, too", reader, mine, Set{Resource: one(`Deny NotPrincipal {"AWS":["arn:aws:sts::111122223333:assumed-role/app/i-1","arn:aws:iam::111122223333:role/app","111122223333"]} *`), Identity: allow}, ExplicitDeny, Resource},
		{"the session that is listed", app, mine, Set{Resource: one(`Deny NotPrincipal {"AWS":["arn:aws:sts::111122223333:assumed-role/app/i-1","arn:aws:iam::111122223333:role/app","111122223333"]} *`), Identity: allow}, Allowed, Identity},
		{"an account alone spares all of it", ann, mine, Set{Resource: one(`Deny NotPrincipal {"AWS":"111122223333"} *`), Identity: allow}, Allowed, Identity},
		{"whoever has a boundary is denied", app, mine, Set{Resource: one("Deny NotPrincipal " + toRole + " *"), Identity: allow, Boundary: allow}, ExplicitDeny, Resource},
		{"allow all but one", ann, mine, Set{Resource: one("Allow NotPrincipal " + toRole + " *")}, Allowed, Resource},
		{"allow all but the account", ann, mine, Set{Resource: one("Allow NotPrincipal " + toRoot + " *")}, ImplicitDeny, Identity},
		{"NotPrincipal * says nothing", ann, mine, Set{Resource: one("Deny NotPrincipal * *"), Identity: allow}, Allowed, Identity},
	} {
		req := Request{Action: "eks:DescribeCluster", Resource: c.resource, Principal: c.who}
		got := Decide(req, c.set)
		if got.Decision != c.want || got.Type != c.by {
			t.Errorf("%s: %s by %s, want %s by %s", c.rule, got.Decision, got.Type, c.want, c.by)
		}
		if again := Explain(req, c.set); again.Decision != got.Decision || again.Statement != got.Statement {
			t.Errorf("%s: decided %+v, explained %+v", c.rule, got, again)
		}
	}
}

// TestOwner: without the owner's account, the ARN says whose a resource is.
func TestOwner(t *testing.T) {
	set := Set{Identity: []Named{says(t, "Allow eks:*")}}
	for _, c := range []struct {
		owner, resource string
		want            Decision
	}{
		{"", mine, Allowed},
		{"", theirs, ImplicitDeny},
		{"", "*", Allowed},
		{"", "arn:aws:s3:::b", Allowed},
		{"", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", Allowed},
		{account, theirs, Allowed},
		{"444455556666", "arn:aws:s3:::b", ImplicitDeny},
	} {
		got := Decide(Request{Action: "eks:X", Resource: c.resource, ResourceAccount: c.owner, Principal: ann}, set)
		if got.Decision != c.want {
			t.Errorf("%q %s: %s", c.owner, c.resource, got.Decision)
		}
	}
}

func TestDenial(t *testing.T) {
	const managed = "arn:aws:iam::111122223333:policy/p"
	for _, c := range []struct {
		verdict Verdict
		want    string
	}{
		{Verdict{Type: Endpoint}, " because no VPC endpoint policy allows the eks:X action"},
		{Verdict{Type: Endpoint, Decision: ExplicitDeny}, " with an explicit deny in a VPC endpoint policy"},
		{Verdict{Type: Identity}, " because no identity-based policy allows the eks:X action"},
		{Verdict{Type: Identity, Decision: ExplicitDeny, Policy: "inline"}, " with an explicit deny in an identity-based policy"},
		{Verdict{Type: Identity, Decision: ExplicitDeny, Policy: managed}, " with an explicit deny in an identity-based policy: " + managed},
		{Verdict{Type: Boundary}, " because no permissions boundary allows the eks:X action"},
		{Verdict{Type: Boundary, Decision: ExplicitDeny, Policy: managed}, " with an explicit deny in a permissions boundary: " + managed},
		{Verdict{Type: Session}, " because no session policy allows the eks:X action"},
		{Verdict{Type: Session, Decision: ExplicitDeny}, " with an explicit deny in a session policy"},
		{Verdict{Type: SCP}, " because no service control policy allows the eks:X action"},
		{Verdict{Type: RCP, Decision: ExplicitDeny}, " with an explicit deny in a resource control policy"},
		{Verdict{Type: Resource}, " because no resource-based policy allows the eks:X action"},
		{Verdict{Type: Trust}, " because no role trust policy allows the eks:X action"},
		{Verdict{Type: Trust, Decision: ExplicitDeny}, " with an explicit deny in the role trust policy"},
	} {
		want := "User: " + ann.ARN + " is not authorized to perform: eks:X on resource: " + mine + c.want
		if got := c.verdict.Denial(ann.ARN, "eks:X", mine); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
