package api

import (
	"strings"
	"testing"

	"github.com/postern/postern/auth/policy"
)

// TestExplain: an explanation decides as a call does, and its keys go before
// the call's own.
func TestExplain(t *testing.T) {
	const resource = "arn:aws:eks:us-east-1:111122223333:cluster/c1"
	f := newFixture(t)
	f.set(func() {
		f.identities = mayDo(may("eks:Describe*", `"StringEquals":{"aws:PrincipalTag/team":"red"}`))
		f.policy = document(allow("eks:*", "arn:aws:eks:*:*:cluster/c1"))
	})
	for _, row := range []struct {
		name string
		q    Question
		want string // end of the message
		miss string // that a reason has
	}{
		{"allowed", Question{Caller: ann, Action: "eks:DescribeCluster", Resource: resource, Keys: policy.Keys{"aws:principaltag/team": {"red"}}}, "", ""},
		{"without the tag", Question{Caller: ann, Action: "eks:DescribeCluster", Resource: resource}, "no identity-based policy allows the eks:DescribeCluster action", "Condition StringEquals aws:PrincipalTag/team red, not absent"},
		{"another action", Question{Caller: ann, Action: "eks:DeleteCluster", Resource: resource}, "no identity-based policy allows the eks:DeleteCluster action", "Action eks:Describe*, not eks:DeleteCluster"},
		{"another cluster through the endpoint", Question{Caller: root, Arrival: arrivalOn("eks"), Action: "eks:DescribeCluster", Resource: resource + "2"},
			"no VPC endpoint policy allows the eks:DescribeCluster action", "Resource arn:aws:eks:*:*:cluster/c1, not " + resource + "2"},
		{"root", Question{Caller: root, Action: "ec2:DeleteVpc", Resource: "*"}, "", ""},
	} {
		is, err := f.server.Explain(row.q)
		if err != nil {
			t.Fatal(err)
		}
		if (is.Verdict.Decision == policy.Allowed) != (row.want == "") || !strings.HasSuffix(is.Message, row.want) {
			t.Errorf("%s: %v %s", row.name, is.Verdict.Decision, is.Message)
		}
		var misses []string
		for _, r := range is.Verdict.Reasons {
			for _, m := range r.Misses {
				misses = append(misses, m.String())
			}
		}
		if got := strings.Join(misses, "; "); !strings.Contains(got, row.miss) {
			t.Errorf("%s: %s", row.name, got)
		}
	}
	f.set(func() { f.policy = "{" })
	if _, err := f.server.Explain(Question{Caller: root, Arrival: arrivalOn("eks"), Action: "eks:ListClusters", Resource: "*"}); err == nil {
		t.Error("a policy that nobody understands is explained")
	}
}
