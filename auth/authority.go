package auth

import (
	"context"
	"maps"

	"github.com/postern/postern/auth/policy"
)

// Authority is what applies to whatever the caller of a request asks for. An
// operation that decides by itself what the caller may do starts from it.
type Authority struct {
	Policies policy.Set  // without the policy of a resource
	Keys     policy.Keys // the request's global condition keys
}

// With returns the keys and others, whose keys are in lower case and go before.
func (a Authority) With(others policy.Keys) policy.Keys {
	keys := maps.Clone(a.Keys)
	if keys == nil {
		keys = policy.Keys{}
	}
	maps.Copy(keys, others)
	return keys
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
