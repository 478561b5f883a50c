package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secret    = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	region    = "us-east-1"
)

var now = time.Date(2026, 1, 2, 23, 59, 30, 0, time.UTC)

// signed is a request and its body, as a client would send them.
type signed struct {
	request *http.Request
	body    []byte
}

func newRequest(method, rawURL, body string) signed {
	r, err := http.NewRequest(method, rawURL, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	return signed{r, []byte(body)}
}

func (s signed) hash() string {
	sum := sha256.Sum256(s.body)
	return hex.EncodeToString(sum[:])
}

// sign lets the AWS SDK sign: it is the other side of this package.
func (s signed) sign(at time.Time) signed {
	c := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret}
	err := v4.NewSigner().SignHTTP(context.Background(), c, s.request, s.hash(), "eks", region, at)
	if err != nil {
		panic(err)
	}
	return s
}

// presign lets the AWS SDK make a presigned URL and requests it.
func (s signed) presign(at time.Time, expires int) signed {
	if expires != 0 {
		q := s.request.URL.Query()
		q.Set("X-Amz-Expires", strconv.Itoa(expires))
		s.request.URL.RawQuery = q.Encode()
	}
	return s.presignAs(aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret}, at)
}

func (s signed) presignAs(c aws.Credentials, at time.Time) signed {
	uri, headers, err := v4.NewSigner().PresignHTTP(context.Background(), c, s.request, s.hash(), "eks", region, at)
	if err != nil {
		panic(err)
	}
	next := newRequest(s.request.Method, uri, string(s.body))
	for name, values := range headers {
		if name != "Host" && name != "Content-Length" {
			next.request.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return next
}

// arrive sends the request over the wire: what comes out is what a server's
// handler sees.
func (s signed) arrive() *http.Request {
	s.request.Body = io.NopCloser(bytes.NewReader(s.body))
	var b bytes.Buffer
	if err := s.request.Write(&b); err != nil {
		panic(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		panic(err)
	}
	return r
}

// verify runs both steps on a request that has arrived.
func verify(r *http.Request, body []byte, at time.Time) error {
	s, err := Parse(r)
	if err != nil {
		return err
	}
	if s.AccessKey != accessKey {
		return ErrUnknownKey()
	}
	return new(Keys).Verify(&s, r, body, secret, at)
}

func kindOf(err error) Kind {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func genRequest(t *rapid.T) signed {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab0 é/%+&=~*:;'\"\\,.-_?#[]@!$()")), 0, 8, -1)
	var path strings.Builder
	for range rapid.IntRange(0, 4).Draw(t, "segments") {
		path.WriteString("/" + url.PathEscape(text.Draw(t, "segment")))
	}
	var query []string
	for range rapid.IntRange(0, 4).Draw(t, "parameters") {
		part := url.QueryEscape(text.Draw(t, "name"))
		if rapid.Bool().Draw(t, "has a value") {
			part += "=" + url.QueryEscape(text.Draw(t, "value"))
		}
		if rapid.Bool().Draw(t, "space as %20") {
			part = strings.ReplaceAll(part, "+", "%20")
		}
		query = append(query, part)
	}
	host := rapid.SampledFrom([]string{"eks.us-east-1.amazonaws.com", "127.0.0.1:4599", "[::1]:4599"}).Draw(t, "host")
	method := rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE"}).Draw(t, "method")
	s := newRequest(method, "https://"+host+path.String()+"?"+strings.Join(query, "&"), rapid.String().Draw(t, "body"))
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		name := rapid.SampledFrom([]string{"Content-Type", "X-Amz-Target", "X-Other", "Accept"}).Draw(t, "header")
		s.request.Header.Add(name, rapid.StringOf(rapid.RuneFrom([]rune("ab  ,;=/"))).Draw(t, "header value"))
	}
	return s
}

// TestAgainstSDK holds against the SDK's signer: what it signs is accepted,
// in both forms, at both ends of the time that a signature is good for.
func TestAgainstSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genRequest(t)
		s.request.Header.Set("X-Amz-Content-Sha256", s.hash())
		at := now.Add(time.Duration(rapid.IntRange(-900, 900).Draw(t, "skew")) * time.Second)
		s.sign(at)
		if err := verify(s.arrive(), s.body, now); err != nil {
			t.Fatalf("%s %s: %v", s.request.Method, s.request.URL, err)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		s := genRequest(t)
		expires := rapid.IntRange(1, 604800).Draw(t, "expires")
		age := rapid.IntRange(-900, expires).Draw(t, "age")
		s = s.presign(now.Add(-time.Duration(age)*time.Second), expires)
		if err := verify(s.arrive(), s.body, now); err != nil {
			t.Fatalf("%s %s: %v", s.request.Method, s.request.URL, err)
		}
	})
}

// TestTampered changes one thing of a signed request after it was signed.
func TestTampered(t *testing.T) {
	changes := map[string]func(r *http.Request){
		"method": func(r *http.Request) { r.Method = "PATCH" },
		"path": func(r *http.Request) {
			r.URL.Path += "x"
			r.URL.RawPath = ""
			r.RequestURI = "" // the URL is all there is
		},
		"another parameter": func(r *http.Request) { r.URL.RawQuery += "&MaxResults=5" },
		"host":              func(r *http.Request) { r.Host = "ec2.us-east-1.amazonaws.com" },
		"a signed header":   func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"another value":     func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") },
		"an unsigned X-Amz-Target": func(r *http.Request) {
			r.Header.Set("X-Amz-Target", "Logs_20140328.DeleteLogGroup")
		},
	}
	inHeader := map[string]func(r *http.Request){
		"date":               func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260102T235931Z") },
		"signature":          replace("Signature=", "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, X="),
		"region":             replace("/us-east-1/", "/us-west-2/"),
		"service":            replace("/eks/", "/ec2/"),
		"scope date":         replace("/20260102/", "/20260101/"),
		"less signed":        replace("content-type;", ""),
		"host is not signed": replace("host;", ""),
		"key":                replace(accessKey, "AKIAIOSFODNN7EXAMPLF"),
		"payload hash":       func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") },
		"session token":      func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") },
	}
	inQuery := map[string]func(r *http.Request){
		"date":      replaceQuery("X-Amz-Date=20260102T235930Z", "X-Amz-Date=20260102T235931Z"),
		"lifetime":  replaceQuery("X-Amz-Expires=60", "X-Amz-Expires=604800"),
		"region":    replaceQuery("us-east-1", "us-west-2"),
		"signature": replaceQuery("X-Amz-Signature=", "X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef&X="),
		"headers":   replaceQuery("X-Amz-SignedHeaders=", "X-Amz-SignedHeaders=accept%3B"),
	}
	base := func() signed {
		s := newRequest("POST", "https://eks.us-east-1.amazonaws.com/clusters/a%2Fb?x=1", `{"name":"c1"}`)
		s.request.Header.Set("Content-Type", "application/json")
		return s
	}
	check := func(name string, s signed, change func(*http.Request)) {
		r := s.arrive()
		if err := verify(r, s.body, now); err != nil {
			t.Fatalf("%s: the request was refused before: %v", name, err)
		}
		change(r)
		if err := verify(r, s.body, now); kindOf(err) != Mismatch && kindOf(err) != UnknownKey {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range changes {
		check(name, base().sign(now), change)
		check(name+", presigned", base().presign(now, 60), change)
	}
	for name, change := range inHeader {
		check(name, base().sign(now), change)
	}
	for name, change := range inQuery {
		check(name+", presigned", base().presign(now, 60), change)
	}
	s := base().sign(now)
	if err := verify(s.arrive(), []byte(`{"name":"c2"}`), now); kindOf(err) != Mismatch {
		t.Errorf("body: %v", err)
	}
	s = base().presign(now, 60)
	if err := verify(s.arrive(), []byte(`{"name":"c2"}`), now); kindOf(err) != Mismatch {
		t.Errorf("body, presigned: %v", err)
	}
}

func replace(old, new string) func(r *http.Request) {
	return func(r *http.Request) {
		h := r.Header.Get("Authorization")
		if !strings.Contains(h, old) {
			panic("nothing to replace in " + h)
		}
		r.Header.Set("Authorization", strings.Replace(h, old, new, 1))
	}
}

func replaceQuery(old, new string) func(r *http.Request) {
	return func(r *http.Request) {
		if !strings.Contains(r.URL.RawQuery, old) {
			panic("nothing to replace in " + r.URL.RawQuery)
		}
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, old, new, 1)
	}
}
