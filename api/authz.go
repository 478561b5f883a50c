package api

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
)

// authorize asks the policies that apply, for each resource of the call. The
// account's root may do everything by its identity; an endpoint's policy
// filters on top of that and is named first in a denial. An operation that
// decides by itself finds what applies in its context (auth.Authority).
func (c *call) authorize() error {
	resources := []string{"*"}
	if c.method.Resources != nil {
		if named := c.method.Resources(c.request.Context(), c.in); len(named) > 0 {
			resources = named
		}
	}
	set, err := c.policies()
	if err != nil {
		return err
	}
	c.outcome.Resources = resources
	keys := policy.MakeKeys(c.contextKeys())
	if c.method.OwnAuthorization {
		c.request = c.request.WithContext(auth.WithAuthority(c.request.Context(), auth.Authority{Policies: set, Keys: keys}))
		set = policy.Set{Endpoint: set.Endpoint, Resource: everyone}
	}
	for _, resource := range resources {
		request := policy.Request{
			Action:          c.action(),
			Resource:        resource,
			ResourceAccount: c.caller.Account,
			Principal:       principal(c.caller),
			Context:         keys,
		}
		verdict := policy.Decide(request, set)
		if verdict.Decision == policy.Allowed {
			continue
		}
		c.outcome.Denied, c.outcome.Verdict = resource, verdict
		refused := c.denied(resource, verdict)
		if c.service.model.Protocol == wire.EC2 {
			if err := c.explain(refused, request, keys, verdict); err != nil {
				return err
			}
		}
		return refused
	}
	return nil
}

// everyone is a resource's policy that leaves the decision to an endpoint's.
var everyone = &policy.Named{Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`)}

// policies are those that the call must pass: those of the organization, and
// that of the endpoint which the request came through.
func (c *call) policies() (set policy.Set, err error) {
	if c.config.Organization != nil {
		set.SCPs, set.RCPs = c.config.Organization.Levels(c.caller.Account)
	}
	if c.arrival.Private() {
		set.Endpoint, err = c.endpointPolicy()
	}
	return set, err
}

// endpointPolicy is nil where everything may pass. Nothing is allowed through
// an endpoint that is gone.
func (c *call) endpointPolicy() ([]policy.Named, error) {
	text, exists := c.config.EndpointPolicy(c.arrival)
	switch {
	case !exists:
		return []policy.Named{}, nil
	case text == "": // full access
		return nil, nil
	}
	document, err := c.documents.parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse policy of %s: %w", c.arrival.Endpoint, err)
	}
	return []policy.Named{{Document: document}}, nil
}

// denied is AWS's text of a denial, naming the type of policy that decided.
func (c *call) denied(resource string, verdict policy.Verdict) *wire.Error {
	model, action := c.service.model, c.action()
	message := verdict.Denial(c.caller.ARN, action, resource)
	if resource == "*" && model.Protocol == wire.EC2 {
		message = fmt.Sprintf("User: %s is not authorized to perform: %s%s", c.caller.ARN, action, verdict.Cause(action))
	}
	switch model.Protocol {
	case wire.EC2:
		message = "You are not authorized to perform this operation. " + message
		return &wire.Error{Code: "UnauthorizedOperation", Message: message, Status: http.StatusForbidden}
	case wire.Query:
		return &wire.Error{Code: "AccessDenied", Message: message, Status: http.StatusForbidden}
	case wire.JSON:
		return &wire.Error{Code: "AccessDeniedException", Message: message, Status: http.StatusBadRequest}
	}
	return &wire.Error{Code: "AccessDeniedException", Message: message, Status: http.StatusForbidden}
}

// explain adds to a refusal of EC2 what sts:DecodeAuthorizationMessage opens.
func (c *call) explain(refused *wire.Error, request policy.Request, keys policy.Keys, verdict policy.Verdict) error {
	encoded, err := message.Seal(c.config.Messages, request, keys, verdict)
	if err != nil {
		return err
	}
	refused.Message += ". Encoded authorization failure message: " + encoded
	return nil
}

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

// documents keeps compiled policies by their text, at most maxDocuments. The
// zero value is ready.
type documents struct {
	mu     sync.Mutex
	byText map[string]*policy.Document
}

const maxDocuments = 256

func (d *documents) parse(text string) (*policy.Document, error) {
	d.mu.Lock()
	document, ok := d.byText[text]
	d.mu.Unlock()
	if ok {
		return document, nil
	}
	document, err := policy.Parse(text)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byText == nil || len(d.byText) >= maxDocuments { // old texts are never asked for again
		d.byText = map[string]*policy.Document{}
	}
	d.byText[text] = document
	return document, nil
}
