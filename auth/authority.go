package auth

import (
	"context"

	"github.com/postern/postern/auth/policy"
)

// Authority is what applies to whatever the caller of a request asks for. An
// operation that decides by itself what the caller may do starts from it.
type Authority struct {
	Policies policy.Set     // without the policy of a resource
	Keys     policy.Context // the request's condition keys; nil: none
}

// With returns the keys and others, whose keys are in lower case and go before.
func (a Authority) With(others policy.Keys) policy.Context {
	return overlay{others, a.Keys}
}

type overlay struct {
	over  policy.Keys
	under policy.Context
}

func (o overlay) Values(key string) []string {
	if values, ok := o.over[key]; ok || o.under == nil {
		return values
	}
	return o.under.Values(key)
}

// Principal is the caller as policies know it.
func (c Caller) Principal() policy.Principal {
	p := policy.Principal{ARN: c.ARN, Account: c.Account, UserID: c.UserID}
	if c.Kind == Role || c.Kind == Federated {
		p.Issuer = c.Identity
	}
	return p
}

type authorityKey struct{}

// WithAuthority returns a context that carries a.
func WithAuthority(ctx context.Context, a Authority) context.Context {
	return context.WithValue(ctx, authorityKey{}, a)
}

// AuthorityFrom returns the Authority of ctx. The zero Authority allows nobody
// anything but an account's root.
func AuthorityFrom(ctx context.Context) Authority {
	a, _ := ctx.Value(authorityKey{}).(Authority)
	return a
}
