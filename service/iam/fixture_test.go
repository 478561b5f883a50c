package iam

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account  = "111122223333"
	another  = "444455556666"
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	eksRole  = "arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy"
	allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustEKS = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

var then = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a service over an empty store, called by the account's root, and
// its clock.
type bench struct {
	*Service
	ctx context.Context
	t   *testing.T
	now time.Time
}

func fixture(t *testing.T, edit ...func(*Limits)) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	limits := DefaultLimits()
	for _, e := range edit {
		e(&limits)
	}
	b := &bench{t: t, now: then, ctx: auth.WithCaller(t.Context(), rootOf(account))}
	b.Service = New(Config{Store: s, Limits: limits, Now: func() time.Time { return b.now }})
	return b
}

// rootOf is the root user of an account.
func rootOf(account string) auth.Caller {
	arn := "arn:aws:iam::" + account + ":root"
	return auth.Caller{Account: account, Region: "us-east-1", ARN: arn, UserID: account, AccessKey: "AKIAROOTROOTROOTROOT", Kind: auth.Root, Identity: arn}
}

// as is the context of a call by somebody else.
func (b *bench) as(c auth.Caller) context.Context {
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	return auth.WithCaller(b.t.Context(), c)
}

// must fails the test where a call fails.
func must[T any](out T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (b *bench) addUser(name string) *iam.User {
	b.t.Helper()
	return must(b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: &name}))(b.t).User
}

func (b *bench) addGroup(name string, users ...string) *iam.Group {
	b.t.Helper()
	out := must(b.CreateGroup(b.ctx, &iam.CreateGroupInput{GroupName: &name}))(b.t)
	for _, u := range users {
		must(b.AddUserToGroup(b.ctx, &iam.AddUserToGroupInput{GroupName: &name, UserName: &u}))(b.t)
	}
	return out.Group
}

func (b *bench) addRole(name string) *iam.Role {
	b.t.Helper()
	return must(b.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: wire.Ptr(trustEKS)}))(b.t).Role
}

// managed makes a managed policy and returns its ARN.
func (b *bench) addPolicy(name, document string) string {
	b.t.Helper()
	return *must(b.CreatePolicy(b.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document}))(b.t).Policy.Arn
}

// wantError wants a wire.Error of that code whose text has the part.
func wantError(t *testing.T, what string, err error, code, part string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, part) {
		t.Errorf("%s: error %v\nwant %s: %s", what, err, code, part)
	}
}
