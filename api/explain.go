package api

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Question is a call that nobody needs to have made.
type Question struct {
	Caller   auth.Caller
	Arrival  vpc.Arrival // zero: on the public listener
	Source   string      // the client's address there
	Action   string
	Resource string
	Keys     policy.Keys // condition keys that go before those of the call
}

// Explanation is the decision about a Question.
type Explanation struct {
	Verdict policy.Verdict // with a reason for each statement
	Set     policy.Set     // the policies that apply
	Message string         // of the denial; empty where it is allowed
}

// Explain decides a question by the policies that a call would be decided by
// now, and says of every statement of theirs whether it applies.
func (s *Server) Explain(q Question) (Explanation, error) {
	r := &http.Request{Header: http.Header{}, RemoteAddr: q.Source, TLS: &tls.ConnectionState{}}
	q.Caller.Region = cmp.Or(q.Caller.Region, q.Arrival.Region, s.config.Region)
	name, _, _ := strings.Cut(q.Action, ":")
	c := &call{
		Server: s, arrival: q.Arrival, caller: q.Caller, service: s.byName[name],
		request: r.WithContext(auth.WithCaller(r.Context(), q.Caller)),
	}
	set, err := c.policies()
	if err != nil {
		return Explanation{}, err
	}
	access := wire.Access{Action: q.Action, Resource: q.Resource, Keys: q.Keys}
	req := c.ask(access)
	set.RCPs = c.rcps(access)
	out := Explanation{Verdict: policy.Explain(req, set), Set: set}
	if out.Verdict.Decision != policy.Allowed {
		out.Message = c.denial(req, out.Verdict)
	}
	return out, nil
}
