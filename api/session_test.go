package api

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/vpc"
)

// temporary are credentials of a session of the account's root, which may do
// everything.
func temporary(t *testing.T, ring *seal.Ring, life time.Duration) user {
	t.Helper()
	c := root
	c.Session = &auth.Session{Issued: time.Now(), Expires: time.Now().Add(life)}
	issued, err := session.Issue(ring, c)
	if err != nil {
		t.Fatal(err)
	}
	return user{key: issued.AccessKeyID, secret: issued.SecretAccessKey, token: issued.SessionToken, region: region}
}

func TestTemporaryCredentials(t *testing.T) {
	f := newFixture(t)
	for short, ask := range asks {
		if err := ask(t.Context(), f.config(f.listen(arrivalOn(short)), temporary(t, ring, time.Hour))); err != nil {
			t.Errorf("%s: %v", short, err)
		}
	}
	u := temporary(t, ring, time.Hour)
	if err := asks["eks"](t.Context(), f.config(f.listen(arrivalOn("eks")), u)); err != nil {
		t.Fatal(err)
	}
	if got := f.caller; got.Session == nil || got.AccessKey != u.key || got.Region != region || got.ARN != root.ARN {
		t.Errorf("the operation sees %+v", got)
	}
}

// TestRefusedSessions has the words of each protocol for credentials of a
// session that are not valid.
func TestRefusedSessions(t *testing.T) {
	const (
		invalid = "The security token included in the request is invalid."
		expired = "The security token included in the request is expired"
		failure = "AWS was not able to validate the provided access credentials"
	)
	change := func(f func(*user)) user {
		u := temporary(t, ring, time.Hour)
		f(&u)
		return u
	}
	refused := map[string]refusal{
		"eks":  {403, "UnrecognizedClientException", invalid},
		"logs": {400, "UnrecognizedClientException", invalid},
		"sts":  {403, "InvalidClientTokenId", invalid},
		"ec2":  {401, "AuthFailure", failure},
	}
	f := newFixture(t)
	for _, c := range []struct {
		name string
		user user
		want map[string]refusal
	}{
		{"over", temporary(t, ring, -time.Second), map[string]refusal{
			"eks":  {403, "ExpiredTokenException", expired},
			"logs": {400, "ExpiredTokenException", expired},
			"sts":  {403, "ExpiredToken", expired},
			"ec2":  {400, "RequestExpired", "Request has expired."},
		}},
		{"without the token", change(func(u *user) { u.token = "" }), refused},
		{"another's token", change(func(u *user) { u.token = temporary(t, ring, time.Hour).token }), refused},
		{"a changed token", change(func(u *user) { u.token = "B" + u.token[1:] }), refused},
		{"of another installation", temporary(t, seal.NewRing(seal.NewKey()), time.Hour), refused},
		{"a long-term key with a token", change(func(u *user) { u.key, u.secret = accessKey, secret }), refused},
		{"a wrong secret", change(func(u *user) { u.secret = secret }), map[string]refusal{
			"ec2": {401, "AuthFailure", failure},
		}},
	} {
		for short, want := range c.want {
			err := asks[short](t.Context(), f.config(f.listen(arrivalOn(short)), c.user))
			if got := refusalOf(err); got != want {
				t.Errorf("%s, %s:\n got %v\nwant %v", c.name, short, got, want)
			}
		}
	}
}

// Only what brings its own proof needs no signature, whatever name it is
// called by.
func TestUnsignedOperations(t *testing.T) {
	f := newFixture(t)
	public := f.listen(vpc.Arrival{})
	nobody := user{unsigned: true, region: region}
	web := func(c aws.Config) error {
		out, err := sdksts.NewFromConfig(c).AssumeRoleWithWebIdentity(t.Context(), &sdksts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::111122223333:role/app"), RoleSessionName: aws.String("me"), WebIdentityToken: aws.String("a.b.c")})
		if err == nil && *out.Provider != " in us-east-1" {
			t.Errorf("the operation sees the caller %q", *out.Provider)
		}
		return err
	}
	if err := web(f.config(f.listen(arrivalOn("sts")), nobody)); err != nil {
		t.Errorf("through an endpoint: %v", err)
	}
	nobody.url, nobody.region = "https://"+public, "eu-west-1"
	if err := web(f.config(public, nobody)); err != nil {
		t.Errorf("on the public listener: %v", err)
	}
	want := refusal{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	if got := refusalOf(asks["sts"](t.Context(), f.config(public, nobody))); got != want {
		t.Errorf("GetCallerIdentity without a signature: %v", got)
	}
	signed := user{key: "AKIAIOSFODNN7EXAMPLX", secret: "x", region: region, url: nobody.url}
	if got := refusalOf(asks["sts"](t.Context(), f.config(public, signed))); got.code != "InvalidClientTokenId" {
		t.Errorf("with a wrong signature: %v", got)
	}
	resp, body := f.raw(public, "POST", nobody.url+"/", "", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "", "",
		"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Bearer x")
	if resp.StatusCode != 403 || !strings.Contains(body, "Unsupported AWS 'algorithm': 'Bearer'.") {
		t.Errorf("with a broken signature: %d %s", resp.StatusCode, body)
	}
}
