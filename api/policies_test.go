package api

import (
	"fmt"
	"testing"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/vpc"
)

// named is one policy of a type.
func named(name string, statements ...string) []policy.Named {
	return []policy.Named{{Name: name, Document: policy.MustParse(document(statements...))}}
}

// may and mayNot are statements of identities.
func may(action, condition string) string    { return statement("Allow", action, condition) }
func mayNot(action, condition string) string { return statement("Deny", action, condition) }

func statement(effect, action, condition string) string {
	return fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":"*","Condition":{%s}}`, effect, action, condition)
}

const managed = "arn:aws:iam::111122223333:policy/limits"

// TestPolicies asks eks:DescribeCluster as a user who has policies of each
// type. The answer names the type that decided.
func TestPolicies(t *testing.T) {
	const (
		user = "User: arn:aws:iam::111122223333:user/team/ann is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:111122223333:cluster/c1"
		no   = " because no %s allows the eks:DescribeCluster action"
		deny = " with an explicit deny in %s"
	)
	everything, nothing := may("*", ""), may("iam:*", "")
	all := named("all", everything)
	f := newFixture(t)
	public, private := f.listen(vpc.Arrival{}), f.listen(arrivalOn("eks"))
	for _, c := range []struct {
		name string
		set  policy.Set
		scps [][]policy.Named
		want string
	}{
		{"nothing at all", policy.Set{}, nil, fmt.Sprintf(no, "identity-based policy")},
		{"an inline policy", policy.Set{Identity: named("x", may("eks:Describe*", ""))}, nil, ""},
		{"another action", policy.Set{Identity: named("x", may("eks:List*", ""))}, nil, fmt.Sprintf(no, "identity-based policy")},
		{"deny wins", policy.Set{Identity: append(named("all", everything), named("no", mayNot("eks:*", ""))...)}, nil, fmt.Sprintf(deny, "an identity-based policy")},
		{"a managed policy is named", policy.Set{Identity: append(named("all", everything), named(managed, mayNot("eks:*", ""))...)}, nil, fmt.Sprintf(deny, "an identity-based policy: "+managed)},
		{"boundary", policy.Set{Identity: all, Boundary: named(managed, nothing)}, nil, fmt.Sprintf(no, "permissions boundary")},
		{"boundary denies", policy.Set{Identity: all, Boundary: named(managed, everything, mayNot("*", ""))}, nil, fmt.Sprintf(deny, "a permissions boundary: "+managed)},
		{"a boundary grants nothing", policy.Set{Boundary: all}, nil, fmt.Sprintf(no, "identity-based policy")},
		{"session", policy.Set{Identity: all, Session: named("", nothing)}, nil, fmt.Sprintf(no, "session policy")},
		{"session denies", policy.Set{Identity: all, Session: named("", everything, mayNot("*", ""))}, nil, fmt.Sprintf(deny, "a session policy")},
		{"SCP", policy.Set{Identity: all}, [][]policy.Named{all, named("p-1", nothing)}, fmt.Sprintf(no, "service control policy")},
		{"SCP denies", policy.Set{Identity: all}, [][]policy.Named{named("p-1", everything, mayNot("*", ""))}, fmt.Sprintf(deny, "a service control policy")},
		{"SCPs allow", policy.Set{Identity: all}, [][]policy.Named{all, all}, ""},

		// Conditions on the principal, its organization and the resource.
		{"its tag", policy.Set{Identity: named("x", may("*", `"StringEquals":{"aws:PrincipalTag/Team":"red"}`))}, nil, ""},
		{"another tag", policy.Set{Identity: named("x", may("*", `"StringEquals":{"aws:PrincipalTag/Team":"blue"}`))}, nil, fmt.Sprintf(no, "identity-based policy")},
		{"the cluster's tag is its own", policy.Set{Identity: named("x", may("*", `"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}`))}, nil, ""},
		{"its organization", policy.Set{Identity: append(named("x", everything), named("o", mayNot("*", `"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`))...)}, nil, ""},
		{"another organization", policy.Set{Identity: append(named("x", everything), named("o", mayNot("*", `"StringNotEquals":{"aws:PrincipalOrgID":"o-other"}`))...)}, nil, fmt.Sprintf(deny, "an identity-based policy")},
		{"below a unit", policy.Set{Identity: named("x", may("*", `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/*"}`))}, nil, ""},
	} {
		f.set(func() {
			f.identities = map[string]policy.Set{ann.Identity: c.set}
			f.scps, f.userTags, f.resourceTags = c.scps, vpc.Tags{"team": "red"}, vpc.Tags{"Team": "red"}
		})
		for _, address := range []string{public, private} {
			u := good
			u.key, u.url = userKey, "https://"+address
			want := ""
			if c.want != "" {
				want = user + c.want
			}
			got := refusalOf(asks["eks"](t.Context(), f.config(address, u)))
			if got.message != want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, got.message, want)
			}
		}
	}
}

// TestOnlyThroughTheEndpoint: an identity's policy may demand the endpoint.
func TestOnlyThroughTheEndpoint(t *testing.T) {
	f := newFixture(t)
	f.set(func() {
		f.identities = map[string]policy.Set{ann.Identity: {Identity: named("x", may("*", ""),
			mayNot("*", `"StringNotEquals":{"aws:SourceVpce":"`+endpoint+`"}`))}}
	})
	for address, denied := range map[string]bool{f.listen(vpc.Arrival{}): true, f.listen(arrivalOn("eks")): false} {
		u := good
		u.key, u.url = userKey, "https://"+address
		if err := asks["eks"](t.Context(), f.config(address, u)); (err != nil) != denied {
			t.Errorf("denied must be %v: %v", denied, err)
		}
	}
}

// TestSessions: what a session may do is what its identity may, and its
// session policies with it.
func TestSessions(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/path/app"
	all := named("all", may("*", ""))
	f := newFixture(t)
	address := f.listen(vpc.Arrival{})
	for _, c := range []struct {
		name    string
		caller  auth.Caller
		set     policy.Set
		scps    [][]policy.Named
		allowed bool
	}{
		{"role", auth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Kind: auth.Role, Identity: role, UserID: "AROAEXAMPLE:s"}, policy.Set{Identity: all}, nil, true},
		{"role that is gone", auth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Kind: auth.Role, Identity: role + "2", UserID: "AROAEXAMPLE:s"}, policy.Set{Identity: all}, nil, false},
		{"federated user without a session policy", auth.Caller{ARN: "arn:aws:sts::111122223333:federated-user/bob", Kind: auth.Federated, Identity: role}, policy.Set{Identity: all}, nil, false},
		{"federated user", auth.Caller{ARN: "arn:aws:sts::111122223333:federated-user/bob", Kind: auth.Federated, Identity: role}, policy.Set{Identity: all, Session: all}, nil, true},
		{"federated user of root", auth.Caller{ARN: "arn:aws:sts::111122223333:federated-user/bob", Kind: auth.Federated, Identity: root.ARN}, policy.Set{Session: all}, nil, true},
		{"federated user of root, session policy", auth.Caller{ARN: "arn:aws:sts::111122223333:federated-user/bob", Kind: auth.Federated, Identity: root.ARN}, policy.Set{Session: named("", may("ec2:*", ""))}, nil, false},
		{"role and SCP", auth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Kind: auth.Role, Identity: role, UserID: "AROAEXAMPLE:s"}, policy.Set{Identity: all}, [][]policy.Named{{}}, false},
		{"service-linked role and SCP", auth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/app", UserID: "AROAEXAMPLE:s"}, policy.Set{Identity: all}, [][]policy.Named{{}}, true},
		{"root for one task", auth.Caller{ARN: root.ARN, Kind: auth.Root, Identity: root.ARN}, policy.Set{Session: named("", may("iam:*", ""))}, nil, false},
	} {
		identity := c.caller.Identity
		if c.name == "role that is gone" {
			identity = role
		}
		f.set(func() { f.identities, f.scps = map[string]policy.Set{identity: c.set}, c.scps })
		c.caller.Account = account
		c.caller.Session = &auth.Session{Name: "s", Issued: f.now(), Expires: f.now().Add(sessionTime)}
		issued, err := session.Issue(ring, c.caller)
		if err != nil {
			t.Fatal(err)
		}
		u := user{key: issued.AccessKeyID, secret: issued.SecretAccessKey, token: issued.SessionToken, region: region, url: "https://" + address}
		if err := asks["eks"](t.Context(), f.config(address, u)); (err == nil) != c.allowed {
			t.Errorf("%s: allowed must be %v: %v", c.name, c.allowed, err)
		}
	}
}

func TestDocuments(t *testing.T) {
	var d documents
	first, err := d.parse(document(full))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := d.parse(document(full)); again != first {
		t.Error("the same text was compiled twice")
	}
	for i := range 2 * maxDocuments {
		if _, err := d.parse(document(allow("eks:*", fmt.Sprintf("arn:aws:eks:*:*:cluster/%d", i)))); err != nil {
			t.Fatal(err)
		}
		if len(d.byText) > maxDocuments {
			t.Fatalf("%d documents", len(d.byText))
		}
	}
}

// mayDo lets ann do what the statements say.
func mayDo(statements string) map[string]policy.Set {
	return map[string]policy.Set{ann.Identity: {Identity: named("x", statements)}}
}
