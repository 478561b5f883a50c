package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
)

const sessionTime = time.Hour

func TestContextKeys(t *testing.T) {
	common := policy.Keys{
		"aws:principalaccount": {account}, "aws:securetransport": {"false"}, "aws:requestedregion": {region},
		"aws:useragent": {"aws-cli/1.45"}, "aws:currenttime": {"2026-01-02T03:04:05Z"}, "aws:epochtime": {"1767323045"},
		"aws:viaawsservice": {"false"}, "aws:principalisawsservice": {"false"}, "aws:resourceaccount": {account},
	}
	byRoot := policy.Keys{"aws:principalarn": {root.ARN}, "aws:principaltype": {"Account"}, "aws:userid": {account}}
	public := policy.Keys{"aws:sourceip": {"192.0.2.1"}}
	issued := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	app := auth.Caller{Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/app/i-1", UserID: "AROAEXAMPLE:i-1",
		Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/path/app", Session: &auth.Session{Issued: issued, SourceIdentity: "ann"}}
	web := auth.Caller{Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/app/i-1", UserID: "AROAEXAMPLE:i-1",
		Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/path/app", Session: &auth.Session{Issued: issued, Provider: "arn:aws:iam::111122223333:oidc-provider/example.org"}}
	byApp := policy.Keys{"aws:principalarn": {app.Identity}, "aws:principaltype": {"AssumedRole"}, "aws:userid": {"AROAEXAMPLE:i-1"},
		"aws:tokenissuetime": {"2026-01-02T03:00:00Z"}, "aws:multifactorauthpresent": {"false"}}
	federated := auth.Caller{Account: account, ARN: "arn:aws:sts::111122223333:federated-user/bob", UserID: account + ":bob",
		Kind: auth.Federated, Identity: ann.ARN, Session: &auth.Session{Issued: issued}}
	tags := map[string]string{"team": "a", "env": "prod"}
	for _, c := range []struct {
		name    string
		arrival vpc.Arrival
		caller  auth.Caller
		in      any
		want    []policy.Keys
	}{
		{"public", vpc.Arrival{}, root, &eks.ListClustersInput{}, []policy.Keys{byRoot, public}},
		{"endpoint", arrivalOn("eks"), root, &eks.ListClustersInput{}, []policy.Keys{byRoot, {
			"aws:sourcevpce": {endpoint}, "aws:sourcevpc": {"vpc-0123456789abcdef0"}, "aws:vpcsourceip": {"10.0.1.5"}}}},
		{"user", vpc.Arrival{}, ann, &eks.ListClustersInput{}, []policy.Keys{public, {
			"aws:principalarn": {ann.ARN}, "aws:principaltype": {"User"}, "aws:userid": {"AIDAEXAMPLE"}, "aws:username": {"ann"}}}},
		{"session", vpc.Arrival{}, app, &eks.ListClustersInput{}, []policy.Keys{public, byApp, {"aws:sourceidentity": {"ann"}}}},
		{"web identity", vpc.Arrival{}, web, &eks.ListClustersInput{}, []policy.Keys{public, byApp, {"aws:federatedprovider": {"arn:aws:iam::111122223333:oidc-provider/example.org"}}}},
		{"federated user", vpc.Arrival{}, federated, &eks.ListClustersInput{}, []policy.Keys{public, byApp, {
			"aws:principalarn": {federated.ARN}, "aws:principaltype": {"FederatedUser"}, "aws:userid": {account + ":bob"}}}},
		{"tags in a map", vpc.Arrival{}, root, &eks.CreateClusterInput{Tags: tags}, []policy.Keys{byRoot, public, {
			"aws:requesttag/team": {"a"}, "aws:requesttag/env": {"prod"}, "aws:tagkeys": {"env", "team"}}}},
		{"tags in a list", vpc.Arrival{}, root, &ec2.CreateTagsInput{Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("a")}, {Key: wire.Ptr("bare")}}},
			[]policy.Keys{byRoot, public, {"aws:requesttag/team": {"a"}, "aws:requesttag/bare": {""}, "aws:tagkeys": {"bare", "team"}}}},
		{"tag specifications", vpc.Arrival{}, root, &ec2.CreateVpcInput{TagSpecifications: []ec2.TagSpecification{{Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("a")}}}}},
			[]policy.Keys{byRoot, public, {"aws:requesttag/team": {"a"}, "aws:tagkeys": {"team"}}}},
		{"tags to remove", vpc.Arrival{}, root, &eks.UntagResourceInput{TagKeys: []string{"env", "team"}}, []policy.Keys{byRoot, public, {"aws:tagkeys": {"env", "team"}}}},
		{"nothing yet", vpc.Arrival{}, root, nil, []policy.Keys{byRoot, public}},
	} {
		c.caller.Region = region
		got := keysOf(c.caller, c.arrival, c.in).all()
		slices.Sort(got["aws:tagkeys"])
		want := maps.Clone(common)
		for _, part := range c.want {
			maps.Copy(want, part)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// keysOf are the condition keys of a call to EKS.
func keysOf(caller auth.Caller, arrival vpc.Arrival, in any) *conditions {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := &call{
		Server:  &Server{config: Config{Now: func() time.Time { return now }}},
		request: &http.Request{RemoteAddr: "192.0.2.1:1234", Header: http.Header{"User-Agent": {"aws-cli/1.45"}}},
		arrival: arrival, caller: caller, in: in,
	}
	c.access = wire.Access{Action: "eks:ListClusters", Resource: "*"}
	return (*conditions)(c)
}

// TestServiceKeys: a service's keys are there for its own actions, and what an
// access brings goes before all.
func TestServiceKeys(t *testing.T) {
	k := keysOf(root, vpc.Arrival{}, &eks.ListClustersInput{NextToken: wire.Ptr("n")})
	k.byName = map[string]*service{"eks": {keys: []wire.ConditionKey{
		wire.InputKey("eks:token", "", func(in *eks.ListClustersInput) []string { return []string{*in.NextToken} }),
		{Name: "eks:logging/", Values: func(_ context.Context, _ any, resource, rest string) []string { return []string{resource, rest} }},
	}}}
	k.caller.Session = &auth.Session{Provider: "arn:aws:iam::111122223333:oidc-provider/example.org/id/A", Subject: "s", Audience: "a"}
	k.access.Keys = map[string][]string{"aws:viaawsservice": {"true"}}
	for key, want := range map[string][]string{
		"eks:token":                {"n"},
		"eks:tokens":               nil,
		"eks:logging/api":          {"*", "api"},
		"eks:logging":              nil,
		"ec2:token":                nil,
		"aws:viaawsservice":        {"true"},
		"aws:nothing":              nil,
		"aws:nothing/x":            nil,
		"aws":                      nil,
		"example.org/id/a:sub":     {"s"},
		"example.org/id/a:aud":     {"a"},
		"example.org/id/a:amr":     nil,
		"example.org/id/other:sub": nil,
	} {
		if got := k.Values(key); !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	k.access.Action = "ec2:CreateTags"
	if got := k.Values("eks:token"); got != nil {
		t.Errorf("an action of EC2 has a key of EKS: %q", got)
	}
}
