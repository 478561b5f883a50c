package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	sdkeks "github.com/aws/aws-sdk-go-v2/service/eks"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/sts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account   = "111122223333"
	region    = "us-east-1"
	endpoint  = "vpce-0a1b2c3d4e5f60718"
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	userKey   = "AKIAIOSFODNN7EXAMPLU"
	secret    = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var (
	root = auth.Caller{Account: account, ARN: "arn:aws:iam::111122223333:root", UserID: account,
		Kind: auth.Root, Identity: "arn:aws:iam::111122223333:root"}
	ring = seal.NewRing(seal.NewKey())
	ann  = auth.Caller{Account: account, ARN: "arn:aws:iam::111122223333:user/team/ann", UserID: "AIDAEXAMPLE",
		Kind: auth.User, Identity: "arn:aws:iam::111122223333:user/team/ann"}
)

// fixture is a Server with small services behind it, and listeners of both
// kinds on 127.0.0.1.
type fixture struct {
	t      testing.TB
	server *Server
	ca     *CA
	log    *logBuffer

	mu     sync.Mutex
	policy string                // of the endpoint
	gone   bool                  // the endpoint
	ahead  time.Duration         // of the server's clock
	during func(context.Context) // runs inside eks:DescribeCluster
	caller auth.Caller           // of the last call
	fails  error                 // of eks:DescribeCluster

	authority auth.Authority // of the last sts:GetCallerIdentity

	identities   map[string]policy.Set // by ARN of the identity
	userTags     vpc.Tags              // of every caller
	resourceTags vpc.Tags              // of every cluster
	scps         [][]policy.Named
}

// Policies, Tags, SCPs, RCPs and Place make the fixture what knows of identities and
// organizations.
func (f *fixture) Policies(c auth.Caller) (policy.Set, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set, ok := f.identities[c.Identity]
	return set, ok
}

func (f *fixture) Tags(auth.Caller) vpc.Tags {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.userTags
}

func (f *fixture) SCPs(string) [][]policy.Named {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scps
}

func (f *fixture) RCPs(string) [][]policy.Named { return nil }

func (f *fixture) Place(account string) (id, path string) {
	return "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-" + account + "/"
}

func (f *fixture) tags(context.Context, string) vpc.Tags {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.resourceTags
}

func newFixture(t testing.TB) *fixture {
	ca, err := OpenCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, ca: ca, log: &logBuffer{}}
	f.server, err = New(Config{
		Services:       f.services(),
		Keys:           findKey,
		Sessions:       session.NewOpener(ring),
		Region:         region,
		Messages:       ring,
		EndpointPolicy: f.endpointPolicy,
		Identities:     f,
		Organization:   f,
		CA:             ca,
		Hosts:          []string{"postern.example.org", "192.0.2.9"},
		Now:            f.now,
		Log:            slog.New(slog.NewTextHandler(f.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func findKey(key string) (string, auth.Caller, bool) {
	switch key {
	case accessKey:
		return secret, root, true
	case userKey:
		return secret, ann, true
	}
	return "", auth.Caller{}, false
}

// services are a few operations of each protocol.
func (f *fixture) services() []Service {
	describe := wire.On(wire.Bind(eks.OpDescribeCluster, f.describeCluster), func(ctx context.Context, in *eks.DescribeClusterInput) []string {
		return []string{"arn:aws:eks:" + auth.CallerFrom(ctx).Region + ":" + auth.CallerFrom(ctx).Account + ":cluster/" + *in.Name}
	})
	list := wire.On(wire.Bind(eks.OpListClusters, func(context.Context, *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
		return &eks.ListClustersOutput{Clusters: []string{"a", "b", "c"}}, nil
	}), func(ctx context.Context, _ *eks.ListClustersInput) []string {
		return []string{"arn:aws:eks:" + auth.CallerFrom(ctx).Region + ":" + auth.CallerFrom(ctx).Account + ":cluster/*"}
	})
	vpcs := wire.Bind(ec2.OpDescribeVpcs, func(context.Context, *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
		return &ec2.DescribeVpcsOutput{Vpcs: []ec2.Vpc{{VpcId: wire.Ptr("vpc-0123456789abcdef0")}}}, nil
	})
	identity := wire.Bind(sts.OpGetCallerIdentity, func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		f.set(func() { f.authority = auth.AuthorityFrom(ctx) })
		return &sts.GetCallerIdentityOutput{Arn: wire.Ptr(auth.CallerFrom(ctx).ARN)}, nil
	})
	web := wire.Unsigned(wire.Bind(sts.OpAssumeRoleWithWebIdentity, func(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		c := auth.CallerFrom(ctx)
		return &sts.AssumeRoleWithWebIdentityOutput{Provider: wire.Ptr(c.ARN + " in " + c.Region)}, nil
	}))
	assume := wire.SelfAuthorized(wire.On(wire.Bind(sts.OpAssumeRole, func(context.Context, *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
		return &sts.AssumeRoleOutput{}, nil
	}), func(_ context.Context, in *sts.AssumeRoleInput) []string { return []string{*in.RoleArn} }))
	groups := wire.Bind(logs.OpDescribeLogGroups, func(context.Context, *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsOutput, error) {
		return &logs.DescribeLogGroupsOutput{}, nil
	})
	return []Service{
		{Model: eks.Model, Methods: []wire.Method{describe, list}, Tags: f.tags},
		{Model: ec2.Model, Methods: []wire.Method{vpcs}},
		{Model: sts.Model, Methods: []wire.Method{wire.SelfAuthorized(identity), web, assume}},
		{Model: logs.Model, Methods: []wire.Method{groups}},
	}
}

func (f *fixture) describeCluster(ctx context.Context, in *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
	f.mu.Lock()
	f.caller = auth.CallerFrom(ctx)
	during, err := f.during, f.fails
	f.mu.Unlock()
	if during != nil {
		during(ctx)
	}
	return &eks.DescribeClusterOutput{Cluster: &eks.Cluster{Name: in.Name}}, err
}

// set changes the fixture between calls.
func (f *fixture) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fixture) endpointPolicy(a vpc.Arrival) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policy, a.Endpoint == endpoint && !f.gone
}

func (f *fixture) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.ahead)
}

// arrivalOn is how connections through the fixture's endpoint of a service
// come in.
func arrivalOn(short string) vpc.Arrival {
	return vpc.Arrival{
		Endpoint: endpoint, VPC: "vpc-0123456789abcdef0", ENI: "eni-0123456789abcdef0",
		Service: "com.amazonaws." + region + "." + short, Account: account, Region: region,
		Source: netip.MustParseAddrPort("10.0.1.5:40000"),
	}
}

// endpointListener stands for a listener inside a VPC: its connections know
// how they came in.
type endpointListener struct {
	net.Listener
	arrival vpc.Arrival
}

type endpointConn struct {
	net.Conn
	arrival vpc.Arrival
}

func (l endpointListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return endpointConn{c, l.arrival}, err
}

func (c endpointConn) Arrival() vpc.Arrival { return c.arrival }

// listen serves until the test ends and returns the address.
func (f *fixture) listen(a vpc.Arrival) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	address := l.Addr().String()
	if a.Private() {
		l = endpointListener{l, a}
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f.server.Serve(ctx, l) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	})
	return address
}

// client trusts the fixture's CA and connects to address, whatever name it is
// asked for.
func (f *fixture) client(address string) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(f.ca.PEM())
	t := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	f.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// user is who a client says it is.
type user struct {
	key, secret, token, region string
	unsigned                   bool
	url                        string // instead of the service's own name
}

var good = user{key: accessKey, secret: secret, region: region}

func (f *fixture) config(address string, u user) aws.Config {
	c := aws.Config{
		Region:           u.region,
		HTTPClient:       f.client(address),
		Credentials:      credentials.NewStaticCredentialsProvider(u.key, u.secret, u.token),
		RetryMaxAttempts: 1,
	}
	if u.unsigned {
		c.Credentials = aws.AnonymousCredentials{}
	}
	if u.url != "" {
		c.BaseEndpoint = aws.String(u.url)
	}
	return c
}

// asks are one call of each protocol, by the service's short name.
var asks = map[string]func(context.Context, aws.Config) error{
	"eks": func(ctx context.Context, c aws.Config) error {
		_, err := sdkeks.NewFromConfig(c).DescribeCluster(ctx, &sdkeks.DescribeClusterInput{Name: aws.String("c1")})
		return err
	},
	"ec2": func(ctx context.Context, c aws.Config) error {
		_, err := sdkec2.NewFromConfig(c).DescribeVpcs(ctx, &sdkec2.DescribeVpcsInput{})
		return err
	},
	"sts": func(ctx context.Context, c aws.Config) error {
		_, err := sdksts.NewFromConfig(c).GetCallerIdentity(ctx, &sdksts.GetCallerIdentityInput{})
		return err
	},
	"logs": func(ctx context.Context, c aws.Config) error {
		_, err := cloudwatchlogs.NewFromConfig(c).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
		return err
	},
}

// refusal is what a client makes of an error.
type refusal struct {
	status        int
	code, message string
}

func refusalOf(err error) refusal {
	var out refusal
	if e := (*awshttp.ResponseError)(nil); errors.As(err, &e) {
		out.status = e.HTTPStatusCode()
	}
	if e := smithy.APIError(nil); errors.As(err, &e) {
		out.code, out.message = e.ErrorCode(), e.ErrorMessage()
	} else if err != nil {
		out.message = err.Error()
	}
	return out
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take waits for a line and returns everything logged until then, once. A
// line is written after its answer, so that the client may be faster.
func (l *logBuffer) take(t *testing.T) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		l.mu.Lock()
		s := l.b.String()
		l.b.Reset()
		l.mu.Unlock()
		if strings.HasSuffix(s, "\n") {
			return s
		}
	}
	t.Fatal("nothing was logged")
	return ""
}
