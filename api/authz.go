package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
)

// authorize asks the policies that apply about everything that the call does:
// its own action on each of its resources, and what AWS wants permissions of
// their own for. An operation that decides by itself finds what applies in its
// context (auth.Authority); only the endpoint's policy filters it before.
func (c *call) authorize() error {
	set, err := c.policies()
	if err != nil {
		return err
	}
	action, resources := c.action(), c.resources()
	c.outcome.Resources = resources
	if c.method.OwnAuthorization {
		own := auth.Authority{Policies: set, Keys: (*conditions)(c)}
		c.request = c.request.WithContext(auth.WithAuthority(c.request.Context(), own))
		set = policy.Set{Endpoint: set.Endpoint, Resource: everyone}
	}
	for _, resource := range resources {
		if err := c.permit(set, wire.Access{Action: action, Resource: resource}); err != nil {
			return err
		}
	}
	if c.method.Further == nil {
		return nil
	}
	c.outcome.Further = c.method.Further(c.request.Context(), c.in)
	for _, access := range c.outcome.Further {
		set := set
		if !strings.HasPrefix(access.Action, c.service.model.Name+":") {
			set.Endpoint = nil // filters what goes to its service
		}
		if err := c.permit(set, access); err != nil {
			return err
		}
	}
	return nil
}

var everything = []string{"*"}

// resources are what the operation acts on.
func (c *call) resources() []string {
	if c.method.Resources == nil {
		return everything
	}
	named := c.method.Resources(c.request.Context(), c.in)
	if len(named) == 0 {
		return everything
	}
	return named
}

// permit decides one access. The resource's account is that of its ARN: where
// it is another's than the caller's, the resource's own policy must allow it, and
// there is none.
func (c *call) permit(set policy.Set, access wire.Access) error {
	req := c.ask(access)
	if c.method.OwnAuthorization {
		req.ResourceAccount = c.caller.Account // whose it is the operation minds
	}
	set.RCPs = c.rcps(access)
	verdict := policy.Decide(req, set)
	if verdict.Decision == policy.Allowed {
		return nil
	}
	c.outcome.Denied, c.outcome.Verdict = audit.Access{Action: req.Action, Resource: req.Resource}, verdict
	return c.denied(req, verdict)
}

// ask is an access as policies are asked about it.
func (c *call) ask(access wire.Access) policy.Request {
	if access.Resource == "" {
		access.Resource = "*" // an ARN that the request leaves out
	}
	c.access = access
	return policy.Request{
		Action:    access.Action,
		Resource:  access.Resource,
		Principal: c.caller.Principal(),
		Context:   (*conditions)(c),
	}
}

// everyone is a resource's policy that leaves the decision to an endpoint's.
var everyone = &policy.Named{Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`)}

// dryRun ends an allowed call that asks only whether it is allowed.
func (c *call) dryRun() error {
	field := reflect.ValueOf(c.in).Elem().FieldByName("DryRun")
	if !field.IsValid() {
		return nil
	}
	if asked, ok := field.Interface().(*bool); !ok || !wire.Value(asked) {
		return nil
	}
	return &wire.Error{
		Code:    "DryRunOperation",
		Message: "Request would have succeeded, but DryRun flag is set.",
		Status:  http.StatusPreconditionFailed,
	}
}
