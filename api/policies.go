package api

import (
	"fmt"
	"strings"
	"sync"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Identities knows what belongs to callers. What it returns is not changed.
type Identities interface {
	// Policies are those of a caller's identity, its permissions boundary and
	// its session policies. It is false where the identity does not exist any
	// more: then nothing is allowed. The root user of an account needs none.
	Policies(auth.Caller) (policy.Set, bool)
	// Tags are the caller's own and those of its session.
	Tags(auth.Caller) vpc.Tags
}

// Organization knows in which organization accounts are. What it returns is
// not changed.
type Organization interface {
	// SCPs and RCPs are the control policies that apply to an account, level
	// by level; nil: none do, as of the management account.
	SCPs(account string) [][]policy.Named
	RCPs(account string) [][]policy.Named
	// Place is the organization's id and the account's path in it,
	// o-…/r-…/ou-…/; both empty where it is in none.
	Place(account string) (id, path string)
}

// policies are those that whatever the caller does must pass: of its identity,
// of its organization, and of the endpoint that the request came through.
func (c *call) policies() (policy.Set, error) {
	set := c.identityPolicies()
	if c.config.Organization != nil && c.caller.Account != "" && !isServiceRole(c.caller) {
		set.SCPs = c.config.Organization.SCPs(c.caller.Account)
	}
	if !c.arrival.Private() {
		return set, nil
	}
	text, exists := c.config.EndpointPolicy(c.arrival)
	switch {
	case !exists: // nothing is allowed through an endpoint that is gone
		set.Endpoint = []policy.Named{}
		return set, nil
	case text == "": // full access
		return set, nil
	}
	document, err := c.documents.parse(text)
	if err != nil {
		return policy.Set{}, fmt.Errorf("parse policy of %s: %w", c.arrival.Endpoint, err)
	}
	set.Endpoint = []policy.Named{{Document: document}}
	return set, nil
}

// identityPolicies are what the caller brings. A federated user of the root
// user may do whatever its session policies allow.
func (c *call) identityPolicies() policy.Set {
	if c.config.Identities == nil || c.caller.Account == "" {
		return policy.Set{}
	}
	if c.caller.Kind == auth.Root && c.caller.Session == nil {
		return policy.Set{}
	}
	set, _ := c.config.Identities.Policies(c.caller)
	if c.caller.Kind == auth.Federated && strings.HasSuffix(c.caller.Identity, ":root") {
		set.Identity = fullAccess
	}
	return set
}

var fullAccess = []policy.Named{{Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}}

// isServiceRole reports whether a caller has a service-linked role, which SCPs
// do not concern.
func isServiceRole(c auth.Caller) bool {
	return c.Kind == auth.Role && strings.Contains(c.Identity, ":role/aws-service-role/")
}

// controlled are the services here whose resources RCPs concern.
var controlled = map[string]bool{"sts": true}

// rcps are the resource control policies over an access.
func (c *call) rcps(access wire.Access) [][]policy.Named {
	vendor, _, _ := strings.Cut(access.Action, ":")
	if c.config.Organization == nil || !controlled[vendor] || c.method.OwnAuthorization {
		return nil
	}
	return c.config.Organization.RCPs(c.owner(access.Resource))
}

// owner is the account of a resource: the caller's where its ARN names none.
func (c *call) owner(arn string) string {
	if named, ok := vpc.ParseARN(arn); ok && len(named.Account) == 12 {
		return named.Account
	}
	return c.caller.Account
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
