package sts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

const (
	account  = "111122223333"
	other    = "444455556666"
	roleARN1 = "arn:aws:iam::111122223333:role/team/app"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fixture is a service with roles and providers of the test's own.
type fixture struct {
	*testing.T
	*Service
	ring      *seal.Ring
	roles     map[string]Role
	providers map[string]Provider
	issuers   fakeIssuers
	rcps      map[string][][]policy.Named
	now       time.Time
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, ring: seal.NewRing(seal.NewKey()), roles: map[string]Role{}, providers: map[string]Provider{},
		issuers: fakeIssuers{}, rcps: map[string][][]policy.Named{}, now: now}
	f.Service = New(Config{
		Ring:       f.ring,
		Role:       func(arn string) (Role, bool) { r, ok := f.roles[arn]; return r, ok },
		Provider:   func(arn string) (Provider, bool) { p, ok := f.providers[arn]; return p, ok },
		Issuers:    f.issuers,
		KeyAccount: func(id string) (string, bool) { return other, id == "AKIAIOSFODNN7EXAMPLE" },
		RCPs:       func(account string) [][]policy.Named { return f.rcps[account] },
		Member:     func(management, member string) bool { return management == account && member == other },
		Now:        func() time.Time { return f.now },
	})
	return f
}

// role adds a role with that trust policy.
func (f *fixture) role(arn, trust string, edit ...func(*Role)) {
	r := Role{ARN: arn, ID: "AROAEXAMPLEEXAMPLE123", Trust: policy.MustParse(trust), MaxSession: time.Hour}
	for _, e := range edit {
		e(&r)
	}
	f.roles[arn] = r
}

var (
	ann   = auth.Caller{Account: account, Region: "us-east-1", ARN: "arn:aws:iam::111122223333:user/ann", UserID: "AIDAEXAMPLEEXAMPLE123", Kind: auth.User, Identity: "arn:aws:iam::111122223333:user/ann"}
	root  = auth.Caller{Account: account, Region: "us-east-1", ARN: "arn:aws:iam::111122223333:root", UserID: account, Kind: auth.Root, Identity: "arn:aws:iam::111122223333:root"}
	guest = auth.Caller{Account: other, Region: "us-east-1", ARN: "arn:aws:iam::444455556666:user/guest", UserID: "AIDAEXAMPLEEXAMPLE456", Kind: auth.User, Identity: "arn:aws:iam::444455556666:user/guest"}
)

// worker is a session of a role.
func worker(edit ...func(*auth.Session)) auth.Caller {
	c := auth.Caller{Account: account, Region: "us-east-1", ARN: "arn:aws:sts::111122223333:assumed-role/worker/w1", UserID: "AROAEXAMPLEEXAMPLE789:w1",
		Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/worker", Session: &auth.Session{Name: "w1", Issued: now, Expires: now.Add(time.Hour)}}
	for _, e := range edit {
		e(c.Session)
	}
	return c
}

// as is the context of a call by c, whose identity policies are statements.
func (f *fixture) as(c auth.Caller, statements ...string) context.Context {
	ctx := auth.WithCaller(f.Context(), c)
	var identity []policy.Named
	if len(statements) > 0 {
		identity = named(statements...)
	}
	return auth.WithAuthority(ctx, auth.Authority{Policies: policy.Set{Identity: identity}, Keys: policy.Keys{"aws:principalarn": {c.Identity}}})
}

func named(statements ...string) []policy.Named {
	return []policy.Named{{Document: policy.MustParse(document(statements...))}}
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(actions string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":[%q],"Resource":"*"}`, actions)
}

func deny(actions string) string {
	return fmt.Sprintf(`{"Effect":"Deny","Action":[%q],"Resource":"*"}`, actions)
}

// trust lets a principal do what the actions say, with a condition or "".
func trust(principal, condition string, actions ...string) string {
	if len(actions) == 0 {
		actions = []string{"sts:AssumeRole"}
	}
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":["%s"]%s}`, principal, strings.Join(actions, `","`), condition)
}

func aws(arn string) string { return fmt.Sprintf(`{"AWS":%q}`, arn) }

// opened is who acts with credentials.
func (f *fixture) opened(c *sts.Credentials) auth.Caller {
	f.Helper()
	_, caller, err := session.NewOpener(f.ring).Open(wire.Value(c.AccessKeyId), wire.Value(c.SessionToken), f.now)
	if err != nil {
		f.Fatal(err)
	}
	return caller
}

// wantError wants a wire.Error of that code and text.
func wantError(t *testing.T, name string, err error, code, message string) {
	t.Helper()
	var e *wire.Error
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case code != "" && (!errors.As(err, &e) || e.Code != code || e.Message != message):
		t.Errorf("%s:\n got %v\nwant %s: %s", name, err, code, message)
	}
}
