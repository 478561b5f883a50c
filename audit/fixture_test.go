package audit

import (
	"crypto/tls"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "111122223333"
	other   = "444455556666"
	region  = "us-east-1"
	vpce    = "vpce-0a1b2c3d4e5f60718"
	cluster = "arn:aws:eks:us-east-1:111122223333:cluster/"
)

var (
	home = vpc.Owner{Account: account, Region: region}
	root = auth.Caller{Account: account, Region: region, ARN: "arn:aws:iam::111122223333:root", UserID: account,
		AccessKey: "AKIAIOSFODNN7EXAMPLE", Kind: auth.Root, Identity: "arn:aws:iam::111122223333:root"}
	ann = auth.Caller{Account: account, Region: region, ARN: "arn:aws:iam::111122223333:user/team/ann", UserID: "AIDACKCEVSQ6C2EXAMPLE",
		AccessKey: "AKIAIOSFODNN7EXAMPLU", Kind: auth.User, Identity: "arn:aws:iam::111122223333:user/team/ann"}
	node = auth.Caller{Account: account, Region: region, ARN: "arn:aws:sts::111122223333:assumed-role/node/i-1", UserID: "AROADBQP57FF2AEXAMPLE:i-1",
		AccessKey: "ASIAIOSFODNN7EXAMPLE", Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/eks/node",
		Session: &auth.Session{Name: "i-1", Issued: at(-time.Hour)}}
)

func at(d time.Duration) time.Time { return time.Date(2026, 11, 24, 10, 0, 0, 500e6, time.UTC).Add(d) }

// through is how a call comes in through an endpoint of an account.
func through(owner string) vpc.Arrival {
	return vpc.Arrival{Endpoint: vpce, VPC: "vpc-0123456789abcdef0", ENI: "eni-0123456789abcdef0", Service: "com.amazonaws.us-east-1.eks",
		Account: owner, Region: region, Source: netip.MustParseAddrPort("10.0.1.5:40000")}
}

// listClusters is an allowed call.
func listClusters(id string, c auth.Caller) Call {
	return Call{ID: id, Time: at(0), Service: eks.Model, Operation: eks.OpListClusters, Caller: c, AccessKey: c.AccessKey, Region: region,
		Source: "192.0.2.7", UserAgent: "aws-cli/2.31.0", TLS: TLS{tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256, "eks.us-east-1.amazonaws.com"},
		Outcome: Outcome{Resources: []string{cluster + "*"}},
		In:      &eks.ListClustersInput{MaxResults: wire.Ptr(int32(5))}, Out: &eks.ListClustersOutput{Clusters: []string{"a"}}}
}

// describe is an allowed call about one cluster.
func describe(id string, c auth.Caller, name string) Call {
	call := listClusters(id, c)
	call.Operation, call.In, call.Out = eks.OpDescribeCluster, &eks.DescribeClusterInput{Name: &name}, nil
	call.Outcome.Resources = []string{cluster + name}
	return call
}

// denied is a call after a policy of a type has denied it.
func denied(c Call, t policy.Type) Call {
	c.Outcome.Denied, c.Outcome.Verdict = Access{Action: c.action(), Resource: c.Outcome.Resources[0]}, policy.Verdict{Type: t}
	c.Error, c.Out = &wire.Error{Code: "AccessDeniedException", Message: "User: " + c.Caller.ARN + " is not authorized", Status: 403}, nil
	return c
}

func open(t *testing.T, c Config) *Log {
	t.Helper()
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// ids are the request ids of all records that a query finds, page by page.
func ids(t *testing.T, l *Log, q Query) string {
	t.Helper()
	var all []string
	for {
		p, err := l.Read(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Records {
			all = append(all, r.RequestID)
		}
		if q.After = p.Next; q.After == "" {
			return strings.Join(all, " ")
		}
	}
}
