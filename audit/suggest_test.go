package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
)

// recorded makes records of calls.
func recorded(calls ...Call) []Record {
	var s shapes
	var all []Record
	for i := range calls {
		all = append(all, s.record(&calls[i]))
	}
	return all
}

func asks(c Call) []policy.Request {
	var all []policy.Request
	for _, resource := range c.Outcome.Resources {
		who := policy.Principal{ARN: c.Caller.ARN, Account: c.Caller.Account, UserID: c.Caller.UserID}
		if c.Caller.Kind == auth.Role {
			who.Issuer = c.Caller.Identity
		}
		all = append(all, policy.Request{
			Action: c.Service.Name + ":" + c.Operation.Name, Resource: resource, ResourceAccount: account, Principal: who,
			Context: policy.MakeKeys(map[string][]string{
				"aws:PrincipalArn": {c.Caller.PrincipalARN()}, "aws:PrincipalAccount": {c.Caller.Account},
			}),
		})
	}
	return all
}

// allows asks an endpoint's policy, with nothing else in the way.
func allows(t *testing.T, document string, r policy.Request) bool {
	t.Helper()
	d, err := policy.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	everything := policy.MustParse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	v := policy.Decide(r, policy.Set{Endpoint: []policy.Named{{Document: d}}, Identity: []policy.Named{{Document: everything}}})
	return v.Decision == policy.Allowed
}

func TestSuggestedPolicyAllowsWhatWasCalledAndNothingElse(t *testing.T) {
	strange := describe("5", ann, "*") // a name that would be a wildcard
	calls := []Call{listClusters("1", ann), describe("2", ann, "one"), listClusters("3", node), describe("4", root, "two"), strange}
	refused := []Call{denied(describe("6", ann, "three"), policy.Endpoint), denied(describe("7", ann, "three"), policy.Endpoint),
		denied(describe("8", node, "one"), policy.Identity)}
	others := []Call{describe("9", node, "two"), listClusters("10", root), describe("11", ann, "two"), describe("12", ann, "on"),
		describe("13", auth.Caller{Account: other, ARN: "arn:aws:iam::444455556666:user/eve"}, "one")}

	var s Suggestion
	records := recorded(append(slices.Clone(calls), refused...)...)
	for _, r := range records {
		s.Add(r)
	}
	document, err := s.Policy(PerPrincipal)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "suggestion", []byte(document))
	for _, c := range calls {
		for _, r := range asks(c) {
			if !allows(t, document, r) {
				t.Errorf("%s on %s by %s is denied", r.Action, r.Resource, c.Caller.ARN)
			}
		}
	}
	for _, c := range append(refused, others...) {
		for _, r := range asks(c) {
			if allows(t, document, r) {
				t.Errorf("%s on %s by %s is allowed", r.Action, r.Resource, c.Caller.ARN)
			}
		}
	}

	// The same calls in another order are the same policy.
	var back Suggestion
	slices.Reverse(records)
	for _, r := range records {
		back.Add(r)
	}
	if again, err := back.Policy(PerPrincipal); again != document || err != nil {
		t.Errorf("the other way round: %v\n%s", err, again)
	}
	want := []Denial{
		{node.Identity, "eks:DescribeCluster", cluster + "one", "identity", false, 1},
		{ann.ARN, "eks:DescribeCluster", cluster + "three", "endpoint", false, 2},
	}
	if got := s.Denied(); !slices.Equal(got, want) {
		t.Errorf("denied %+v, want %+v", got, want)
	}
}

func TestSuggestedPolicyAllowsWhatACallNeedsBeside(t *testing.T) {
	c := listClusters("1", ann)
	c.Outcome.Further = []wire.Access{{Action: "eks:TagResource", Resource: cluster + "one"}, {Action: "iam:PassRole", Resource: "arn:aws:iam::111122223333:role/eks"}}
	var s Suggestion
	for _, r := range recorded(c) {
		s.Add(r)
	}
	document, err := s.Policy(PerPrincipal)
	if err != nil {
		t.Fatal(err)
	}
	tag := asks(listClusters("2", ann))[0]
	tag.Action, tag.Resource = "eks:TagResource", cluster+"one"
	if !allows(t, document, tag) {
		t.Errorf("tagging is denied by %s", document)
	}
	if strings.Contains(document, "iam:PassRole") {
		t.Errorf("the endpoint of one service filters another: %s", document)
	}
}

func TestSuggestedPolicyOfAccounts(t *testing.T) {
	var s Suggestion
	for _, r := range recorded(listClusters("1", ann), listClusters("2", node)) {
		s.Add(r)
	}
	document, err := s.Policy(PerAccount)
	if err != nil {
		t.Fatal(err)
	}
	if r := asks(listClusters("3", root))[0]; !allows(t, document, r) {
		t.Errorf("another principal of the account is denied by %s", document)
	}
	if r := asks(listClusters("3", auth.Caller{Account: other, ARN: "arn:aws:iam::444455556666:user/eve"}))[0]; allows(t, document, r) {
		t.Errorf("another account is allowed by %s", document)
	}
}

func TestNothingToSuggest(t *testing.T) {
	var s Suggestion
	for _, r := range recorded(denied(listClusters("1", ann), policy.Endpoint)) {
		s.Add(r)
	}
	if document, err := s.Policy(PerPrincipal); document != "" || err != nil {
		t.Errorf("%q, %v", document, err)
	}
}
