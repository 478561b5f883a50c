package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	sdkeks "github.com/aws/aws-sdk-go-v2/service/eks"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
)

// TestUnmodifiedClients makes one call of each protocol with the official
// SDK: through an endpoint by the service's default name, and on the public
// listener by AWS_ENDPOINT_URL.
func TestUnmodifiedClients(t *testing.T) {
	f := newFixture(t)
	public := f.listen(vpc.Arrival{})
	for short, ask := range asks {
		if err := ask(t.Context(), f.config(f.listen(arrivalOn(short)), good)); err != nil {
			t.Errorf("%s through an endpoint: %v", short, err)
		}
		local := good
		local.url = "https://" + public
		if err := ask(t.Context(), f.config(public, local)); err != nil {
			t.Errorf("%s on the public listener: %v", short, err)
		}
		if err := ask(t.Context(), f.config(public, good)); err == nil || !strings.Contains(err.Error(), "certificate is valid for") {
			t.Errorf("%s: the public listener has the certificate of AWS's name: %v", short, err)
		}
	}
}

// TestSignatures has the words of each protocol for each thing that may be
// wrong with a signature.
func TestSignatures(t *testing.T) {
	const (
		invalid  = "The security token included in the request is invalid."
		mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
		failure  = "AWS was not able to validate the provided access credentials"
	)
	with := func(change func(u *user)) user {
		u := good
		change(&u)
		return u
	}
	unsigned := with(func(u *user) { u.unsigned = true })
	unknown := with(func(u *user) { u.key = "AKIAIOSFODNN7EXAMPLX" })
	temporary := with(func(u *user) { u.token = "token" })
	wrongSecret := with(func(u *user) { u.secret = "x" })
	f := newFixture(t)
	address := map[string]string{}
	for short := range asks {
		address[short] = f.listen(arrivalOn(short))
	}
	for _, c := range []struct {
		name  string
		user  user
		ahead time.Duration
		want  map[string]refusal
	}{
		{"unsigned", unsigned, 0, map[string]refusal{
			"eks":  {403, "MissingAuthenticationTokenException", "Missing Authentication Token"},
			"logs": {400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
			"sts":  {403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
			"ec2":  {400, "MissingParameter", "The request must contain the parameter AWSAccessKeyId"},
		}},
		{"unknown key", unknown, 0, map[string]refusal{
			"eks":  {403, "UnrecognizedClientException", invalid},
			"logs": {400, "UnrecognizedClientException", invalid},
			"sts":  {403, "InvalidClientTokenId", invalid},
			"ec2":  {401, "AuthFailure", failure},
		}},
		{"session token", temporary, 0, map[string]refusal{
			"eks": {403, "UnrecognizedClientException", invalid},
			"ec2": {401, "AuthFailure", failure},
		}},
		{"wrong secret", wrongSecret, 0, map[string]refusal{
			"eks":  {403, "InvalidSignatureException", mismatch},
			"logs": {400, "InvalidSignatureException", mismatch},
			"sts":  {403, "SignatureDoesNotMatch", mismatch},
			"ec2":  {401, "AuthFailure", failure},
		}},
		{"old", good, 16 * time.Minute, map[string]refusal{
			"eks":  {403, "InvalidSignatureException", "Signature expired: "},
			"logs": {400, "InvalidSignatureException", "Signature expired: "},
			"sts":  {403, "SignatureDoesNotMatch", "Signature expired: "},
			"ec2":  {400, "RequestExpired", "Request has expired."},
		}},
		{"from the future", good, -16 * time.Minute, map[string]refusal{
			"eks": {403, "InvalidSignatureException", "Signature not yet current: "},
		}},
	} {
		f.set(func() { f.ahead = c.ahead })
		for short, want := range c.want {
			err := asks[short](t.Context(), f.config(address[short], c.user))
			got := refusalOf(err)
			if strings.HasSuffix(want.message, ": ") { // times follow
				got.message = got.message[:min(len(want.message), len(got.message))]
			}
			if got != want {
				t.Errorf("%s, %s:\n got %v\nwant %v (%v)", c.name, short, got, want, err)
			}
		}
	}
}

// raw sends a request that no SDK would, signed for a service.
func (f *fixture) raw(address, method, url, host, body, service, region string, headers ...string) (*http.Response, string) {
	f.t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if service != "" {
		sum := sha256.Sum256([]byte(body))
		c := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret}
		if err := v4.NewSigner().SignHTTP(f.t.Context(), c, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
			f.t.Fatal(err)
		}
	}
	resp, err := f.client(address).Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp, string(b)
}

// TestEndpointServesItsService holds an endpoint to its own names, its
// service and its Region.
func TestEndpointServesItsService(t *testing.T) {
	f := newFixture(t)
	addresses := map[string]string{"eks": f.listen(arrivalOn("eks")), "ec2": f.listen(arrivalOn("ec2"))}
	const vpce = endpoint + "-q1w2e3r4"
	for _, c := range []struct {
		behind, host, service, region string
		want                          string // status and code
	}{
		{"eks", "eks.us-east-1.amazonaws.com", "eks", region, "200"},
		{"eks", "EKS.us-east-1.amazonaws.com.:443", "eks", region, "200"},
		{"eks", "eks.us-east-1.api.aws", "eks", region, "200"},
		{"eks", vpce + ".eks.us-east-1.vpce.amazonaws.com", "eks", region, "200"},
		{"eks", vpce + "-us-east-1a.eks.us-east-1.vpce.amazonaws.com", "eks", region, "200"},
		{"eks", "10.0.1.9", "eks", region, "200"},
		{"eks", "[2001:db8::1]:443", "eks", region, "200"},
		// Names of others.
		{"eks", "eks.us-west-2.amazonaws.com", "eks", region, "404 UnknownOperationException"},
		{"eks", "ec2.us-east-1.amazonaws.com", "eks", region, "404 UnknownOperationException"},
		{"eks", "eks-auth.us-east-1.api.aws", "eks", region, "404 UnknownOperationException"},
		{"eks", "vpce-0a1b2c3d4e5f60719-q1w2e3r4.eks.us-east-1.vpce.amazonaws.com", "eks", region, "404 UnknownOperationException"},
		{"eks", vpce + ".ec2.us-east-1.vpce.amazonaws.com", "eks", region, "404 UnknownOperationException"},
		{"eks", "localhost", "eks", region, "404 UnknownOperationException"},
		{"ec2", "eks.us-east-1.amazonaws.com", "ec2", region, "404 InvalidAction"},
		// Signatures for others.
		{"eks", "eks.us-east-1.amazonaws.com", "ec2", region, "403 InvalidSignatureException"},
		{"eks", "eks.us-east-1.amazonaws.com", "eks", "us-west-2", "403 InvalidSignatureException"},
		{"ec2", "ec2.us-east-1.amazonaws.com", "eks", region, "401 AuthFailure"},
	} {
		// The name that TLS checks is the service's own; Host is what is tested.
		url := "https://" + c.behind + ".us-east-1.amazonaws.com"
		method, path, body, headers := "GET", "/clusters/c1", "", []string(nil)
		if c.behind == "ec2" {
			method, path, body, headers = "POST", "/", "Action=DescribeVpcs&Version=2016-11-15", []string{"Content-Type", "application/x-www-form-urlencoded"}
		}
		resp, answer := f.raw(addresses[c.behind], method, url+path, c.host, body, c.service, c.region, headers...)
		status, code, _ := strings.Cut(c.want, " ")
		if got := fmt.Sprint(resp.StatusCode); got != status || !strings.Contains(answer+resp.Header.Get("X-Amzn-Errortype"), code) {
			t.Errorf("%s behind, host %s, signed for %s in %s: %s %s, want %s", c.behind, c.host, c.service, c.region, got, answer, c.want)
		}
		if resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: no request id", c.host)
		}
	}
}

// TestPublicListener finds the service by the signature, or by Host where
// there is none.
func TestPublicListener(t *testing.T) {
	f := newFixture(t)
	address := f.listen(vpc.Arrival{})
	for _, c := range []struct {
		host, service, region string
		status                int
		want                  string
	}{
		{"", "eks", region, 200, `"name":"c1"`},
		{"", "eks", "eu-west-1", 200, `"name":"c1"`},
		{"eks.eu-west-1.amazonaws.com", "eks", "eu-west-1", 200, `"name":"c1"`},
		{"", "eks", "eu-west-9", 403, "Credential should be scoped to a valid region, not 'eu-west-9'."},
		{"eks.eu-west-1.amazonaws.com", "eks", region, 403, "Credential should be scoped to a valid region, not 'us-east-1'."},
		{"eks.us-east-1.amazonaws.com", "ec2", region, 403, "Credential should be scoped to correct service: 'eks'."},
		{"", "s3", region, 404, `The service "s3" is not served here.`},
		{"", "", "", 403, `{"message":"Missing Authentication Token"}`},
		{"ec2.us-east-1.amazonaws.com", "", "", 400, "<Code>MissingParameter</Code>"},
	} {
		resp, answer := f.raw(address, "GET", "https://"+address+"/clusters/c1", c.host, "", c.service, c.region)
		if resp.StatusCode != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("host %q, signed for %s in %s: %d %s, want %d %s", c.host, c.service, c.region, resp.StatusCode, answer, c.status, c.want)
		}
		if resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("host %q: no request id", c.host)
		}
	}
	f.set(func() {
		if f.caller.Region != "eu-west-1" || f.caller.AccessKey != accessKey || f.caller.Account != account {
			t.Errorf("caller: %+v", f.caller)
		}
	})
}

// TestPresigned asks with a presigned URL, as aws eks get-token makes them.
func TestPresigned(t *testing.T) {
	f := newFixture(t)
	address := f.listen(arrivalOn("sts"))
	u := good
	c := sdksts.NewPresignClient(sdksts.NewFromConfig(f.config(address, u)))
	signed, err := c.PresignGetCallerIdentity(t.Context(), &sdksts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	resp, answer := f.raw(address, "GET", signed.URL, "", "", "", "")
	if resp.StatusCode != 200 || !strings.Contains(answer, root.ARN) {
		t.Errorf("%d %s", resp.StatusCode, answer)
	}
	resp, answer = f.raw(address, "GET", strings.Replace(signed.URL, "2011-06-15", "2011-06-16", 1), "", "", "", "")
	if resp.StatusCode != 403 || !strings.Contains(answer, "SignatureDoesNotMatch") {
		t.Errorf("tampered: %d %s", resp.StatusCode, answer)
	}
}

// TestOperations has the answers of operations that are not there.
func TestOperations(t *testing.T) {
	f := newFixture(t)
	address := f.listen(vpc.Arrival{})
	local := good
	local.url = "https://" + address
	c := f.config(address, local)

	_, err := sdkeks.NewFromConfig(c).ListUpdates(t.Context(), &sdkeks.ListUpdatesInput{Name: aws.String("c1")})
	if got := refusalOf(err); got.code != "UnsupportedOperationException" || got.status != 400 {
		t.Errorf("not implemented: %v", got)
	}
	resp, answer := f.raw(address, "GET", local.url+"/nothing", "", "", "eks", region)
	if resp.StatusCode != 404 {
		t.Errorf("no such operation: %d %s", resp.StatusCode, answer)
	}

	out, err := sdkeks.NewFromConfig(c).ListClusters(t.Context(), &sdkeks.ListClustersInput{MaxResults: aws.Int32(2)})
	if err != nil || len(out.Clusters) != 2 || out.NextToken == nil {
		t.Fatalf("first page: %+v, %v", out, err)
	}
	out, err = sdkeks.NewFromConfig(c).ListClusters(t.Context(), &sdkeks.ListClustersInput{NextToken: out.NextToken})
	if err != nil || len(out.Clusters) != 1 || out.NextToken != nil {
		t.Errorf("last page: %+v, %v", out, err)
	}

	big := `{"name":"` + strings.Repeat("x", maxBody) + `"}`
	resp, answer = f.raw(address, "POST", local.url+"/clusters", "", big, "eks", region)
	if resp.StatusCode != 413 || !strings.Contains(answer, "larger than 1048576 bytes") {
		t.Errorf("large body: %d %s", resp.StatusCode, answer)
	}
}

// TestDryRun ends after the policies and before the operation.
func TestDryRun(t *testing.T) {
	f := newFixture(t)
	address := f.listen(arrivalOn("ec2"))
	dry := func(u user) refusal {
		_, err := sdkec2.NewFromConfig(f.config(address, u)).DescribeVpcs(t.Context(), &sdkec2.DescribeVpcsInput{DryRun: aws.Bool(true)})
		return refusalOf(err)
	}
	if got, want := dry(good), (refusal{412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	other := good
	other.key = userKey
	if got := dry(other); got.code != "UnauthorizedOperation" {
		t.Errorf("without permission: %v", got)
	}
}

// TestInternalFailures keeps causes from the client and writes them to the
// log once, with the request's id.
func TestInternalFailures(t *testing.T) {
	f := newFixture(t)
	address := f.listen(arrivalOn("eks"))
	for name, c := range map[string]struct {
		fails  error
		during func(context.Context)
		logged string
	}{
		"error": {fails: fmt.Errorf("read disk 7: %w", io.ErrUnexpectedEOF), logged: `err="read disk 7: unexpected EOF"`},
		"panic": {during: func(context.Context) { panic("secret detail") }, logged: `err="panic: secret detail`},
	} {
		f.set(func() { f.fails, f.during = c.fails, c.during })
		resp, answer := f.raw(address, "GET", "https://eks.us-east-1.amazonaws.com/clusters/c1", "", "", "eks", region)
		if resp.StatusCode != 500 || resp.Header.Get("X-Amzn-Errortype") != "ServerException" || strings.Contains(answer, "detail") || strings.Contains(answer, "disk") {
			t.Errorf("%s: %d %v %s", name, resp.StatusCode, resp.Header, answer)
		}
		log := f.log.take(t)
		if strings.Count(log, "level=ERROR") != 1 || strings.Count(log, c.logged) != 1 || !strings.Contains(log, "req="+resp.Header.Get("X-Amzn-Requestid")) {
			t.Errorf("%s: logged %s", name, log)
		}
	}
	f.set(func() {
		f.during, f.fails = nil, &wire.Error{Code: "ResourceNotFoundException", Message: "No cluster found for name: c1.", Status: 404}
	})
	if got := refusalOf(asks["eks"](t.Context(), f.config(address, good))); got != (refusal{404, "ResourceNotFoundException", "No cluster found for name: c1."}) {
		t.Errorf("an operation's own error: %v", got)
	}
	if log := f.log.take(t); !strings.Contains(log, "level=INFO") || !strings.Contains(log, `err="ResourceNotFoundException: No cluster found for name: c1."`) {
		t.Errorf("logged %s", log)
	}
	for p, code := range map[wire.Protocol]string{wire.EC2: "InternalError", wire.Query: "InternalFailure", wire.JSON: "InternalFailure", wire.RESTJSON: "ServerException"} {
		if e := wireError(p, errors.New("x")); e.Code != code || e.Status != 500 || strings.Contains(e.Message, "x") && e.Message != "An internal error has occurred" {
			t.Errorf("%s: %+v", p, e)
		}
	}
}

func TestAccessLog(t *testing.T) {
	f := newFixture(t)
	private, public := f.listen(arrivalOn("eks")), f.listen(vpc.Arrival{})
	resp, _ := f.raw(private, "GET", "https://eks.us-east-1.amazonaws.com/clusters/c1", "", "", "eks", region)
	want := "level=INFO msg=request req=" + resp.Header.Get("X-Amzn-Requestid") +
		" acct=111122223333 op=eks:DescribeCluster vpc=vpc-0123456789abcdef0 vpce=" + endpoint + " eni=eni-0123456789abcdef0 src=10.0.1.5 status=200 dur="
	if got := f.log.take(t); !strings.Contains(got, want) || strings.Count(got, "\n") != 1 || strings.Contains(got, "err=") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.raw(public, "GET", "https://"+public+"/", "", "", "s3", region)
	if got := f.log.take(t); !strings.Contains(got, ` src=127.0.0.1 status=404 dur=`) || !strings.Contains(got, ` err="The service \"s3\" is not served here."`) || strings.Contains(got, "vpce=") {
		t.Errorf("public: %s", got)
	}
	f.raw(private, "GET", "https://eks.us-east-1.amazonaws.com/clusters/c1", "", "", "eks", "us-west-2")
	if got := f.log.take(t); strings.Count(got, "Credential should be scoped") != 1 {
		t.Errorf("refused: %s", got)
	}
}

// TestClientGone logs a client that hung up as such and as nobody's error.
func TestClientGone(t *testing.T) {
	f := newFixture(t)
	address := f.listen(arrivalOn("eks"))
	ctx, hangUp := context.WithCancel(t.Context())
	f.set(func() {
		f.during = func(ctx context.Context) { hangUp(); <-ctx.Done() }
		f.fails = context.Canceled
	})
	_ = asks["eks"](ctx, f.config(address, good))
	if got := f.log.take(t); !strings.Contains(got, "level=INFO") || !strings.Contains(got, "status=499") {
		t.Errorf("logged %s", got)
	}
}

func TestNewRefuses(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	describe := wire.Bind(eks.OpDescribeCluster, (&fixture{}).describeCluster)
	for _, c := range []struct {
		services []Service
		want     string
	}{
		{[]Service{{Model: eks.Model}, {Model: eks.Model}}, "add service eks: there is another with signing name eks"},
		{[]Service{{Model: ec2.Model, Methods: []wire.Method{describe}}}, "add service ec2: operation DescribeCluster belongs to another service"},
		{[]Service{{Model: eks.Model, Methods: []wire.Method{describe, describe}}}, "add service eks: operation DescribeCluster is bound twice"},
	} {
		if _, err := New(Config{Services: c.services, Log: log}); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestHandlerAlone uses a Server as a plain http.Handler.
func TestHandlerAlone(t *testing.T) {
	f := newFixture(t)
	w := &recorder{header: http.Header{}}
	r, err := http.NewRequest("GET", "http://127.0.0.1/clusters", bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.server.ServeHTTP(w, r)
	if w.status != 403 || !strings.Contains(w.body.String(), "Missing Authentication Token") {
		t.Errorf("%d %s", w.status, w.body.String())
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
