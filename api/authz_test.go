package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
)

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

const full = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`

// allow and deny are statements for everyone.
func allow(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":%q,"Resource":%q}`, action, resource)
}

func deny(action, condition string) string {
	return fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{%s}}`, action, condition)
}

// TestEndpointPolicy asks eks:DescribeCluster for cluster c1 through an
// endpoint with each policy.
func TestEndpointPolicy(t *testing.T) {
	const (
		user     = "User: arn:aws:iam::111122223333:root is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:111122223333:cluster/c1"
		implicit = user + " because no VPC endpoint policy allows the eks:DescribeCluster action"
		explicit = user + " with an explicit deny in a VPC endpoint policy"
	)
	f := newFixture(t)
	address := f.listen(arrivalOn("eks"))
	for _, c := range []struct{ policy, want string }{
		{"", ""},
		{`{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`, ""},
		{document(allow("eks:ListClusters", "*")), implicit},
		{document(allow("eks:Describe*", "*")), ""},
		{document(allow("eks:*", "arn:aws:eks:*:*:cluster/c2")), implicit},
		{document(allow("eks:*", "arn:aws:eks:*:*:cluster/c1")), ""},
		{document(full, `{"Effect":"Deny","Principal":"*","Action":"eks:DescribeCluster","Resource":"*"}`), explicit},
		{document(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}`), ""},
		{document(`{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}`), implicit},
		// What the request says about the way it came.
		{document(full, deny("*", `"StringEquals":{"aws:SourceVpce":"`+endpoint+`"}`)), explicit},
		{document(full, deny("*", `"StringNotEquals":{"aws:SourceVpc":"vpc-0123456789abcdef0"}`)), ""},
		{document(full, deny("*", `"NotIpAddress":{"aws:VpcSourceIp":"10.0.1.0/24"}`)), ""},
		{document(full, deny("*", `"IpAddress":{"aws:VpcSourceIp":"10.0.1.5"}`)), explicit},
		{document(full, deny("*", `"Null":{"aws:SourceIp":"false"}`)), ""},
		{document(full, deny("*", `"NotIpAddress":{"aws:SourceIp":"127.0.0.0/8"}`)), explicit}, // the known trap
		{document(full, deny("*", `"Bool":{"aws:SecureTransport":"false"}`)), ""},
		{document(full, deny("*", `"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}`)), ""},
	} {
		f.set(func() { f.policy = c.policy })
		got := refusalOf(asks["eks"](t.Context(), f.config(address, good)))
		want := refusal{}
		if c.want != "" {
			want = refusal{403, "AccessDeniedException", c.want}
		}
		if got != want {
			t.Errorf("%s\n got %v\nwant %v", c.policy, got, want)
		}
	}

	f.set(func() { f.policy, f.gone = "", true })
	if got := refusalOf(asks["eks"](t.Context(), f.config(address, good))); got.message != implicit {
		t.Errorf("an endpoint that is gone: %v", got)
	}
	f.log.take(t)
	f.set(func() { f.policy, f.gone = "{", false })
	if got := refusalOf(asks["eks"](t.Context(), f.config(address, good))); got.status != 500 {
		t.Errorf("a policy that nobody understands: %v", got)
	}
	if log := f.log.take(t); !strings.Contains(log, "parse policy of "+endpoint) {
		t.Errorf("logged %s", log)
	}
}

// TestDenials has the words of each protocol for both kinds of denial, by the
// endpoint's policy and by the caller's identity.
func TestDenials(t *testing.T) {
	other := good
	other.key = userKey
	f := newFixture(t)
	for _, c := range []struct {
		short    string
		status   int
		code     string
		request  string // after the user's ARN
		action   string
		sentence string // before everything
	}{
		{"eks", 403, "AccessDeniedException", "eks:DescribeCluster on resource: arn:aws:eks:us-east-1:111122223333:cluster/c1", "eks:DescribeCluster", ""},
		{"ec2", 403, "UnauthorizedOperation", "ec2:DescribeVpcs", "ec2:DescribeVpcs", "You are not authorized to perform this operation. "},
		{"sts", 403, "AccessDenied", "sts:GetCallerIdentity on resource: *", "sts:GetCallerIdentity", ""},
		{"logs", 400, "AccessDeniedException", "logs:DescribeLogGroups on resource: *", "logs:DescribeLogGroups", ""},
	} {
		address := f.listen(arrivalOn(c.short))
		check := func(u user, arn, policy, want string) {
			t.Helper()
			f.set(func() { f.policy = policy })
			got := refusalOf(asks[c.short](t.Context(), f.config(address, u)))
			var encoded string
			got.message, encoded, _ = strings.Cut(got.message, ". Encoded authorization failure message: ")
			if decoded, err := message.Open(ring, account, encoded); c.short == "ec2" && (err != nil || !strings.Contains(decoded, `"action":"ec2:DescribeVpcs"`)) {
				t.Errorf("message %q: %s %v", encoded, decoded, err)
			}
			full := refusal{c.status, c.code, c.sentence + "User: " + arn + " is not authorized to perform: " + c.request + want}
			if got != full {
				t.Errorf("\n got %v\nwant %v", got, full)
			}
		}
		nothing := document(allow("iam:*", "*"))
		check(good, root.ARN, nothing, " because no VPC endpoint policy allows the "+c.action+" action")
		check(good, root.ARN, document(full, deny(c.action, "")), " with an explicit deny in a VPC endpoint policy")
		if c.short != "sts" { // which nobody needs a permission for
			check(other, ann.ARN, "", " because no identity-based policy allows the "+c.action+" action")
		}
		check(other, ann.ARN, nothing, " because no VPC endpoint policy allows the "+c.action+" action")
	}
}

// TestServiceControlPolicy: what the organization denies to an account is
// denied to its root, too, and policies may ask where the account is.
func TestServiceControlPolicy(t *testing.T) {
	f := newFixture(t)
	scp := func(statements ...string) {
		f.set(func() {
			f.scps = [][]policy.Named{{{Name: "arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/service_control_policy/p-1", Document: policy.MustParse(document(statements...))}}}
		})
	}
	everything := `{"Effect":"Allow","Action":"*","Resource":"*"}`
	noEKS := func(condition string) string {
		return `{"Effect":"Deny","Action":"eks:*","Resource":"*","Condition":{` + condition + `}}`
	}
	ask := func() string {
		return refusalOf(asks["eks"](t.Context(), f.config(f.listen(arrivalOn("eks")), good))).message
	}
	const user = "User: arn:aws:iam::111122223333:root is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:111122223333:cluster/c1"
	const denied = user + " with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/service_control_policy/p-1"
	for _, c := range []struct {
		statements []string
		want       string
	}{
		{[]string{everything}, ""},
		{[]string{`{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`}, user + " because no service control policy allows the eks:DescribeCluster action"},
		{[]string{everything, noEKS(`"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, denied},
		{[]string{everything, noEKS(`"StringEquals":{"aws:PrincipalOrgID":"o-other"}`)}, ""},
		{[]string{everything, noEKS(`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-ab12/ou-ab12-11111111/*"}`)}, denied},
	} {
		scp(c.statements...)
		if got := ask(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.statements, got, c.want)
		}
	}
}

// TestOwnAuthorization: an operation that decides by itself is called without
// a permission, and finds in its context what it decides by.
func TestOwnAuthorization(t *testing.T) {
	other := good
	other.key = userKey
	f := newFixture(t)
	if err := asks["sts"](t.Context(), f.config(f.listen(arrivalOn("sts")), other)); err != nil {
		t.Error(err)
	}
	if got := f.authority.Keys["aws:principalarn"]; !slices.Equal(got, []string{ann.ARN}) || f.authority.Policies.Endpoint != nil {
		t.Errorf("the operation sees %+v", f.authority)
	}
	f.set(func() { f.policy = document(full, deny("sts:AssumeRole", "")) })
	if err := asks["sts"](t.Context(), f.config(f.listen(arrivalOn("sts")), other)); err != nil {
		t.Error(err)
	}
	if len(f.authority.Policies.Endpoint) != 1 {
		t.Error("the operation does not see the endpoint's policy")
	}
}

// TestPublicListenerIgnoresEndpointPolicies: they filter what comes through
// the endpoint and nothing else.
func TestPublicListenerIgnoresEndpointPolicies(t *testing.T) {
	f := newFixture(t)
	f.set(func() { f.policy = document(allow("iam:*", "*")) })
	u := good
	public := f.listen(vpc.Arrival{})
	u.url = "https://" + public
	if err := asks["eks"](t.Context(), f.config(public, u)); err != nil {
		t.Error(err)
	}
}

func TestContextKeys(t *testing.T) {
	common := map[string][]string{
		"aws:PrincipalAccount": {account}, "aws:SecureTransport": {"false"}, "aws:RequestedRegion": {region},
		"aws:UserAgent": {"aws-cli/1.45"}, "aws:CurrentTime": {"2026-01-02T03:04:05Z"}, "aws:EpochTime": {"1767323045"},
		"aws:ViaAWSService": {"false"},
	}
	byRoot := map[string][]string{"aws:PrincipalArn": {root.ARN}, "aws:PrincipalType": {"Account"}, "aws:userid": {account}}
	public := map[string][]string{"aws:SourceIp": {"192.0.2.1"}}
	session := auth.Caller{Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/app/i-1", UserID: "AROAEXAMPLE:i-1"}
	tags := map[string]string{"team": "a", "env": "prod"}
	for _, c := range []struct {
		name    string
		arrival vpc.Arrival
		caller  auth.Caller
		in      any
		want    []map[string][]string
	}{
		{"public", vpc.Arrival{}, root, &eks.ListClustersInput{}, []map[string][]string{byRoot, public}},
		{"endpoint", arrivalOn("eks"), root, &eks.ListClustersInput{}, []map[string][]string{byRoot, {
			"aws:SourceVpce": {endpoint}, "aws:SourceVpc": {"vpc-0123456789abcdef0"}, "aws:VpcSourceIp": {"10.0.1.5"}}}},
		{"user", vpc.Arrival{}, ann, &eks.ListClustersInput{}, []map[string][]string{public, {
			"aws:PrincipalArn": {ann.ARN}, "aws:PrincipalType": {"User"}, "aws:userid": {"AIDAEXAMPLE"}, "aws:username": {"ann"}}}},
		{"session", vpc.Arrival{}, session, &eks.ListClustersInput{}, []map[string][]string{public, {
			"aws:PrincipalArn": {"arn:aws:iam::111122223333:role/app"}, "aws:PrincipalType": {"AssumedRole"}, "aws:userid": {"AROAEXAMPLE:i-1"}}}},
		{"tags in a map", vpc.Arrival{}, root, &eks.CreateClusterInput{Tags: tags}, []map[string][]string{byRoot, public, {
			"aws:RequestTag/team": {"a"}, "aws:RequestTag/env": {"prod"}, "aws:TagKeys": {"env", "team"}}}},
		{"tags in a list", vpc.Arrival{}, root, &ec2.CreateTagsInput{Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("a")}, {Key: wire.Ptr("bare")}}},
			[]map[string][]string{byRoot, public, {"aws:RequestTag/team": {"a"}, "aws:RequestTag/bare": {""}, "aws:TagKeys": {"bare", "team"}}}},
		{"tag specifications", vpc.Arrival{}, root, &ec2.CreateVpcInput{TagSpecifications: []ec2.TagSpecification{{Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("a")}}}}},
			[]map[string][]string{byRoot, public, {"aws:RequestTag/team": {"a"}, "aws:TagKeys": {"team"}}}},
	} {
		c.caller.Region = region
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		got := (&call{
			Server:  &Server{config: Config{Now: func() time.Time { return now }}},
			request: &http.Request{RemoteAddr: "192.0.2.1:1234", Header: http.Header{"User-Agent": {"aws-cli/1.45"}}},
			arrival: c.arrival, caller: c.caller, in: c.in,
		}).contextKeys()
		slices.Sort(got["aws:TagKeys"])
		want := maps.Clone(common)
		for _, part := range c.want {
			maps.Copy(want, part)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
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
