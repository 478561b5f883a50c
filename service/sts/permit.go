package sts

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
)

// ask is something that a caller wants to do.
type ask struct {
	actions  []string
	resource string
	account  string        // that owns the resource
	trust    *policy.Named // of a role; nil: the caller's own policies decide alone
	keys     policy.Keys   // beside the request's own
	web      string        // ARN of the provider that speaks for a web identity, which is nobody else
}

// permit decides an ask by all policies that apply: the caller's, the endpoint's and
// the organization's from the request, and the role's. It returns what
// refused, and the action.
func (s *Service) permit(ctx context.Context, a ask) (refused policy.Verdict, action string, ok bool) {
	authority := auth.AuthorityFrom(ctx)
	set := authority.Policies
	set.Resource, set.Trust = a.trust, a.trust != nil
	set.RCPs = s.config.RCPs(a.account)
	req := policy.Request{
		Resource:        a.resource,
		ResourceAccount: a.account,
		Principal:       auth.CallerFrom(ctx).Principal(),
		Context:         authority.With(a.keys),
	}
	if a.web != "" {
		req.Principal = policy.Principal{Federated: a.web}
	}
	for _, req.Action = range a.actions {
		if v := policy.Decide(req, set); v.Decision != policy.Allowed {
			return v, req.Action, false
		}
	}
	return policy.Verdict{}, "", true
}
