package api

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
)

// authorize asks the policies that apply. The account's root may do
// everything by its identity; an endpoint's policy filters on top of that and
// is named first in a denial.
func (c *call) authorize() error {
	resources := []string{"*"}
	if c.method.Resources != nil {
		if named := c.method.Resources(c.request.Context(), c.in); len(named) > 0 {
			resources = named
		}
	}
	if c.arrival.Private() {
		for _, resource := range resources {
			if err := c.askEndpoint(resource); err != nil {
				return err
			}
		}
	}
	if c.caller.ARN != "arn:aws:iam::"+c.caller.Account+":root" {
		return c.denied(resources[0], policy.ImplicitDeny, "identity-based policy", "an")
	}
	return nil
}

// askEndpoint evaluates the policy of the endpoint that the request came
// through. Nothing is allowed through an endpoint that is gone.
func (c *call) askEndpoint(resource string) error {
	text, exists := c.config.EndpointPolicy(c.arrival)
	if exists && text == "" {
		return nil
	}
	var decision policy.Decision
	if exists {
		document, err := c.documents.parse(text)
		if err != nil {
			return fmt.Errorf("parse policy of %s: %w", c.arrival.Endpoint, err)
		}
		decision = policy.Evaluate(policy.Request{
			Action:    c.action(),
			Resource:  resource,
			Principal: principal(c.caller),
			Context:   c.contextKeys(),
		}, document)
	}
	if decision.Effect == policy.Allow {
		return nil
	}
	return c.denied(resource, decision.Effect, "VPC endpoint policy", "a")
}

// denied is AWS's text of a denial, naming the kind of policy that decided.
func (c *call) denied(resource string, effect policy.Effect, kind, article string) *wire.Error {
	model, action := c.service.model, c.action()
	message := fmt.Sprintf("User: %s is not authorized to perform: %s", c.caller.ARN, action)
	if resource != "*" || model.Protocol != wire.EC2 {
		message += " on resource: " + resource
	}
	if effect == policy.ExplicitDeny {
		message += fmt.Sprintf(" with an explicit deny in %s %s", article, kind)
	} else {
		message += fmt.Sprintf(" because no %s allows the %s action", kind, action)
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
