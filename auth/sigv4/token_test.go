package sigv4

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

// odd is a token that has to be encoded in a URL.
const odd = "AQ+/a b=="

// temporary are credentials with that token.
func temporary(token string) aws.Credentials {
	return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret, SessionToken: token}
}

func genToken() *rapid.Generator[string] { return rapid.StringMatching(`[A-Za-z0-9+/]{4,80}={0,2}`) }

// What the SDK signs with a session token verifies, and the token is read.
func TestSessionTokens(t *testing.T) {
	check := func(t *rapid.T, r *http.Request, body []byte, token string) {
		s, err := Parse(r)
		if err != nil || s.Token != token {
			t.Fatalf("token %q, want %q, %v", s.Token, token, err)
		}
		if err := new(Keys).Verify(&s, r, body, secret, now); err != nil {
			t.Fatalf("%s %s: %v", r.Method, r.URL, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		token := genToken().Draw(t, "token")
		s := genRequest(t)
		if err := v4.NewSigner().SignHTTP(context.Background(), temporary(token), s.request, s.hash(), "eks", region, now); err != nil {
			t.Fatal(err)
		}
		check(t, s.arrive(), s.body, token)
	})
	rapid.Check(t, func(t *rapid.T) {
		token := genToken().Draw(t, "token")
		s := genRequest(t)
		s = s.presignAs(temporary(token), now)
		check(t, s.arrive(), s.body, token)
	})
}

// A token may be added to a presigned URL that was signed without it. One
// that was signed cannot be taken away or be another.
func TestTokenOfPresignedURL(t *testing.T) {
	presign := func(token string) *http.Request {
		r := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters?x=1", "")
		uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), temporary(token), r.request, r.hash(), "eks", region, now)
		if err != nil {
			t.Fatal(err)
		}
		return newRequest("GET", uri, "").arrive()
	}
	for _, c := range []struct {
		name   string
		signed string // token
		change func(string) string
		kind   Kind
	}{
		{"signed", odd, func(q string) string { return q }, 0},
		{"added", "", func(q string) string { return q + "&X-Amz-Security-Token=" + url.QueryEscape(odd) }, 0},
		{"added, and something else", "", func(q string) string { return q + "&y=1&X-Amz-Security-Token=" + url.QueryEscape(odd) }, Mismatch},
		{"taken away", odd, func(q string) string {
			before, after, _ := strings.Cut(q, "X-Amz-Security-Token=")
			_, after, _ = strings.Cut(after, "&")
			return before + after
		}, Mismatch},
		{"another", odd, func(q string) string { return strings.Replace(q, "Token=AQ", "Token=BQ", 1) }, Mismatch},
		{"two", odd, func(q string) string { return q + "&X-Amz-Security-Token=x" }, Incomplete},
	} {
		r := presign(c.signed)
		r.URL.RawQuery = c.change(r.URL.RawQuery)
		if err := verify(r, nil, now); kindOf(err) != c.kind {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A token in a header is part of what was signed.
func TestTokenInHeader(t *testing.T) {
	s := newRequest("GET", "https://eks.us-east-1.amazonaws.com/clusters", "")
	if err := v4.NewSigner().SignHTTP(context.Background(), temporary(odd), s.request, s.hash(), "eks", region, now); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(http.Header)
		kind   Kind
	}{
		"as signed": {func(http.Header) {}, 0},
		"another":   {func(h http.Header) { h.Set("X-Amz-Security-Token", "x") }, Mismatch},
		"none":      {func(h http.Header) { h.Del("X-Amz-Security-Token") }, Mismatch},
		"two":       {func(h http.Header) { h.Add("X-Amz-Security-Token", "x") }, Incomplete},
	} {
		r := s.arrive()
		c.change(r.Header)
		if err := verify(r, nil, now); kindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}
