package sts

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

const (
	issuer      = "https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF"
	providerARN = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABCDEF"
)

// fakeIssuers are the key sets of issuers by their URL: what is kept, and what
// is found when they are asked again.
type fakeIssuers map[string][2]string

func (f fakeIssuers) Keys(_ context.Context, p Provider, fresh bool) ([]byte, error) {
	sets, ok := f["https://"+p.URL]
	switch {
	case !ok:
		return nil, errors.New("connection refused")
	case fresh:
		return []byte(sets[1]), nil
	}
	return []byte(sets[0]), nil
}

// signer is an issuer's key.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func (s signer) set() string {
	encode := base64.RawURLEncoding.EncodeToString
	b, _ := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": "k1", "n": encode(s.key.N.Bytes()), "e": encode(big.NewInt(int64(s.key.E)).Bytes())}}})
	return string(b)
}

func (s signer) token(t *testing.T, edit ...func(jwt.MapClaims)) string {
	claims := jwt.MapClaims{"iss": issuer, "sub": "system:serviceaccount:default:app", "aud": []string{"sts.amazonaws.com"}, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nbf": now.Unix()}
	for _, e := range edit {
		e(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "k1"
	text, err := token.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newWebFixture(t *testing.T, key signer) *fixture {
	f := newFixture(t)
	f.providers[providerARN] = Provider{ARN: providerARN, URL: strings.TrimPrefix(issuer, "https://"), ClientIDs: []string{"sts.amazonaws.com"}}
	f.issuers[issuer] = [2]string{key.set(), key.set()}
	f.role(roleARN1, document(trust(`{"Federated":"`+providerARN+`"}`,
		`{"StringEquals":{"oidc.eks.us-east-1.amazonaws.com/id/ABCDEF:sub":"system:serviceaccount:default:app","oidc.eks.us-east-1.amazonaws.com/id/ABCDEF:aud":"sts.amazonaws.com"}}`,
		"sts:AssumeRoleWithWebIdentity")))
	return f
}

// nobody is the context of an unsigned request.
func (f *fixture) nobody() context.Context {
	ctx := auth.WithCaller(f.Context(), auth.Caller{Region: "us-east-1"})
	return auth.WithAuthority(ctx, auth.Authority{})
}

func webRequest(token string) *sts.AssumeRoleWithWebIdentityInput {
	return &sts.AssumeRoleWithWebIdentityInput{RoleArn: wire.Ptr(roleARN1), RoleSessionName: wire.Ptr("s1"), WebIdentityToken: &token}
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	key := newSigner(t)
	f := newWebFixture(t, key)
	out, err := f.AssumeRoleWithWebIdentity(f.nobody(), webRequest(key.token(t)))
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Caller{
		Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/app/s1", UserID: "AROAEXAMPLEEXAMPLE123:s1", AccessKey: *out.Credentials.AccessKeyId, Kind: auth.Role, Identity: roleARN1,
		Session: &auth.Session{Name: "s1", Issued: now, Expires: now.Add(time.Hour), Provider: providerARN, Subject: "system:serviceaccount:default:app", Audience: "sts.amazonaws.com"},
	}
	if d := cmp.Diff(want, f.opened(out.Credentials)); d != "" {
		t.Errorf("the session: -want +got:\n%s", d)
	}
	out.Credentials = nil
	answer := &sts.AssumeRoleWithWebIdentityOutput{
		AssumedRoleUser: &sts.AssumedRoleUser{Arn: &want.ARN, AssumedRoleId: &want.UserID}, Audience: wire.Ptr("sts.amazonaws.com"),
		Provider: wire.Ptr(providerARN), SubjectFromWebIdentityToken: wire.Ptr("system:serviceaccount:default:app"),
	}
	if d := cmp.Diff(answer, out); d != "" {
		t.Errorf("the answer: -want +got:\n%s", d)
	}
}

func TestWebIdentityRefuses(t *testing.T) {
	key, stranger := newSigner(t), newSigner(t)
	claim := func(name string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) {
			if value == nil {
				delete(c, name)
				return
			}
			c[name] = value
		}
	}
	const (
		noKey = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
		noJWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
		no    = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	)
	for _, c := range []struct {
		name          string
		token         string
		edit          func(*fixture)
		code, message string
	}{
		{"no token", "x", nil, "InvalidIdentityToken", noJWT},
		{"without iss", key.token(t, claim("iss", nil)), nil, "InvalidIdentityToken", "Missing a required claim: iss"},
		{"without sub", key.token(t, claim("sub", nil)), nil, "InvalidIdentityToken", "Missing a required claim: sub"},
		{"without aud", key.token(t, claim("aud", nil)), nil, "InvalidIdentityToken", "Missing a required claim: aud"},
		{"without exp", key.token(t, claim("exp", nil)), nil, "InvalidIdentityToken", "Missing a required claim: exp"},
		{"without iat", key.token(t, claim("iat", nil)), nil, "InvalidIdentityToken", "Missing a required claim: iat"},
		{"of another issuer", key.token(t, claim("iss", "https://oidc.example.org")), nil, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://oidc.example.org"},
		{"of an issuer without TLS", key.token(t, claim("iss", "http"+strings.TrimPrefix(issuer, "https"))), nil, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for http" + strings.TrimPrefix(issuer, "https")},
		{"for another audience", key.token(t, claim("aud", "vault")), nil, "InvalidIdentityToken", "Incorrect token audience"},
		{"for another party", key.token(t, claim("azp", "vault")), nil, "InvalidIdentityToken", "Incorrect token audience"},
		{"over", key.token(t), func(f *fixture) { f.now = now.Add(time.Hour) }, "ExpiredTokenException", "Token expired: current date/time 1767326645 must be before the expiration date/time 1767326645"},
		{"until the last moment", key.token(t), func(f *fixture) { f.now = now.Add(time.Hour - time.Second) }, "", ""},
		{"not valid yet", key.token(t, claim("nbf", now.Add(6*time.Minute).Unix())), nil, "InvalidIdentityToken", "The ID Token is not valid yet"},
		{"of an issuer whose clock is ahead", key.token(t, claim("nbf", now.Add(4*time.Minute).Unix()), claim("iat", now.Add(4*time.Minute).Unix())), nil, "", ""},
		{"issued in the future", key.token(t, claim("iat", now.Add(6*time.Minute).Unix())), nil, "InvalidIdentityToken", "The ID Token was issued in the future"},
		{"signed by another", stranger.token(t), nil, "InvalidIdentityToken", "The signature of the ID Token is not valid"},
		{"an issuer without keys", key.token(t), func(f *fixture) { f.issuers[issuer] = [2]string{`{"keys":[]}`, `{"keys":[]}`} }, "InvalidIdentityToken", noKey},
		{"an issuer with a broken key set", key.token(t), func(f *fixture) { f.issuers[issuer] = [2]string{`<html>`, `<html>`} }, "InvalidIdentityToken", noKey},
		{"an issuer that has another key now", key.token(t), func(f *fixture) { f.issuers[issuer] = [2]string{`{"keys":[]}`, key.set()} }, "", ""},
		{"an issuer that is not reached", key.token(t), func(f *fixture) { delete(f.issuers, issuer) }, "IDPCommunicationError", "The identity provider could not be reached to verify the incoming identity token."},
		{"another subject", key.token(t, claim("sub", "system:serviceaccount:default:other")), nil, "AccessDenied", no},
		{"a role that does not exist", key.token(t), func(f *fixture) { delete(f.roles, roleARN1) }, "AccessDenied", no},
		{"a role that trusts users", key.token(t), func(f *fixture) { f.role(roleARN1, document(trust(aws(ann.ARN), ""))) }, "AccessDenied", no},
		{"a role that trusts another provider", key.token(t), func(f *fixture) {
			f.role(roleARN1, document(trust(`{"Federated":"`+providerARN+`X"}`, "", "sts:AssumeRoleWithWebIdentity")))
		}, "AccessDenied", no},
		{"an endpoint's policy against it", key.token(t), func(f *fixture) {
			f.rcps[account] = [][]policy.Named{named(`{"Effect":"Allow","Principal":"*","Action":"eks:*","Resource":"*"}`)}
		}, "AccessDenied", no},
	} {
		f := newWebFixture(t, key)
		if c.edit != nil {
			c.edit(f)
		}
		_, err := f.AssumeRoleWithWebIdentity(f.nobody(), webRequest(c.token))
		wantError(t, c.name, err, c.code, c.message)
	}
	f := newWebFixture(t, key)
	in := webRequest(key.token(t))
	in.RoleArn = wire.Ptr("arn:aws:iam::111122223333:user/ann")
	_, err := f.AssumeRoleWithWebIdentity(f.nobody(), in)
	wantError(t, "no role", err, "ValidationError", "Request ARN is invalid")
	in = webRequest(key.token(t))
	in.ProviderId = wire.Ptr("www.amazon.com")
	_, err = f.AssumeRoleWithWebIdentity(f.nobody(), in)
	wantError(t, "an access token", err, "InvalidIdentityToken", "Access tokens are not supported; send an ID Token and no ProviderId")
	in = webRequest(key.token(t))
	in.DurationSeconds = wire.Ptr[int32](3601)
	_, err = f.AssumeRoleWithWebIdentity(f.nobody(), in)
	wantError(t, "longer than the role allows", err, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

// TestClaimedTags: an issuer may give sessions tags and a source identity.
func TestClaimedTags(t *testing.T) {
	key := newSigner(t)
	tags := func(v any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) {
			c["https://aws.amazon.com/tags"] = v
			c["https://aws.amazon.com/source_identity"] = "ann"
		}
	}
	good := tags(map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}, "transitive_tag_keys": []string{"team"}})
	f := newWebFixture(t, key)
	_, err := f.AssumeRoleWithWebIdentity(f.nobody(), webRequest(key.token(t, good)))
	wantError(t, "a role that does not let tags in", err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")

	f.role(roleARN1, document(trust(`{"Federated":"`+providerARN+`"}`, `{"StringEquals":{"aws:RequestTag/team":"blue","sts:SourceIdentity":"ann"}}`, "sts:*")))
	out, err := f.AssumeRoleWithWebIdentity(f.nobody(), webRequest(key.token(t, good)))
	if err != nil {
		t.Fatal(err)
	}
	got := f.opened(out.Credentials).Session
	if d := cmp.Diff([]auth.Tag{{Key: "team", Value: "blue"}}, got.Tags); d != "" || got.SourceIdentity != "ann" || len(got.Transitive) != 1 || wire.Value(out.PackedPolicySize) == 0 {
		t.Errorf("%+v\n%s", got, d)
	}
	for name, c := range map[string]struct {
		claim         any
		code, message string
	}{
		"no object":          {"x", "InvalidIdentityToken", "The claim https://aws.amazon.com/tags is malformed"},
		"two values":         {map[string]any{"principal_tags": map[string]any{"team": []string{"a", "b"}}}, "InvalidIdentityToken", "The tag team of the ID Token is not valid"},
		"a long key":         {map[string]any{"principal_tags": map[string]any{strings.Repeat("k", 129): []string{"a"}}}, "InvalidIdentityToken", "The tag " + strings.Repeat("k", 129) + " of the ID Token is not valid"},
		"unknown transitive": {map[string]any{"transitive_tag_keys": []string{"team"}}, "ValidationError", "The specified transitive tag key must be included in the requested tags."},
	} {
		_, err := f.AssumeRoleWithWebIdentity(f.nobody(), webRequest(key.token(t, tags(c.claim))))
		wantError(t, name, err, c.code, c.message)
	}
}
