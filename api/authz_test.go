package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/vpc"
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
			if decoded, err := message.Open(ring, account, encoded); c.short == "ec2" && (err != nil || !strings.Contains(decoded, `"action":"ec2:DescribeVpcs"`) || !strings.Contains(decoded, `"aws:SourceVpce"`)) {
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

// TestOwnAuthorization: an operation that decides by itself is called without
// a permission, and finds in its context what it decides by.
func TestOwnAuthorization(t *testing.T) {
	other := good
	other.key = userKey
	f := newFixture(t)
	if err := asks["sts"](t.Context(), f.config(f.listen(arrivalOn("sts")), other)); err != nil {
		t.Error(err)
	}
	if got := f.authority.Keys.Values("aws:principalarn"); !slices.Equal(got, []string{ann.ARN}) || f.authority.Policies.Endpoint != nil {
		t.Errorf("the operation sees %+v", f.authority)
	}
	assume := func() error { // a role of another account, which that account lets or not
		_, err := sdksts.NewFromConfig(f.config(f.listen(arrivalOn("sts")), other)).AssumeRole(t.Context(),
			&sdksts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/app"), RoleSessionName: aws.String("s1")})
		return err
	}
	if err := assume(); err != nil {
		t.Errorf("a role of another account: %v", err)
	}
	f.set(func() { f.policy = document(full, deny("sts:AssumeRole", "")) })
	if got := refusalOf(assume()); got.code != "AccessDenied" || !strings.HasSuffix(got.message, "with an explicit deny in a VPC endpoint policy") {
		t.Errorf("an endpoint that denies it: %v", got)
	}
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
