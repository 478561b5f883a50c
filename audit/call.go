package audit

import (
	"slices"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Call is what the request chain knows of a call when it has been answered.
type Call struct {
	ID        string    // request id
	Time      time.Time // of the answer
	Service   *wire.Service
	Operation *wire.Operation
	Caller    auth.Caller // zero where nobody was authenticated
	AccessKey string      // that the request claims
	Region    string      // of the signature or of the endpoint's service
	Arrival   vpc.Arrival
	Source    string // the client's address
	UserAgent string
	TLS       TLS
	Outcome   Outcome
	Error     *wire.Error // as the client got it; nil after success

	// In and Out are pointers to the shapes of the operation, or nil. They
	// must not change any more.
	In, Out any
}

// TLS is how the client's connection is protected.
type TLS struct {
	Version uint16 // of package crypto/tls; 0: not at all
	Suite   uint16
	Host    string // Host header
}

// Outcome is what came of asking policies about a call.
type Outcome struct {
	Resources []string      // ARNs, or * for an operation without any; nil where policies were not asked
	Further   []wire.Access // what the call needs beside its own action
	Denied    Access        // that Verdict is about; zero where all are allowed
	Verdict   policy.Verdict
}

// Verdict is what policies have said.
type Verdict string

const (
	NotAsked Verdict = ""      // the call was refused before policies were asked
	Allow    Verdict = "allow" // by every kind of policy that applies
	Deny     Verdict = "deny"
)

// Decision is what policies have said of a call, and which of them has denied
// it.
type Decision struct {
	Verdict   Verdict `json:"verdict,omitempty"`
	Policy    string  `json:"policy,omitempty"`    // type that denied: endpoint, identity …; empty: the service itself
	Name      string  `json:"name,omitempty"`      // of the policy, where it has one
	Statement int     `json:"statement,omitempty"` // that denied, from 1
	Explicit  bool    `json:"explicit,omitempty"`  // by a statement that denies
	Action    string  `json:"action,omitempty"`    // that was denied: the call's, or one that it needs beside
	Resource  string  `json:"resource,omitempty"`  // on which
}

// action is the call's name in policies, eks:ListClusters.
func (c *Call) action() string { return c.Service.Name + ":" + c.Operation.Name }

// decision is a call's. An operation that decides by itself says so by its
// error only.
func (c *Call) decision() Decision {
	o := c.Outcome
	switch {
	case o.Resources == nil:
		return Decision{}
	case o.Denied != (Access{}):
		v := o.Verdict
		return Decision{Deny, v.Type.String(), v.Policy, v.Statement, v.Decision == policy.ExplicitDeny, o.Denied.Action, o.Denied.Resource}
	case c.Error != nil && slices.Contains(denials, c.Error.Code):
		return Decision{Verdict: Deny, Action: c.action(), Resource: o.Resources[0]}
	}
	return Decision{Verdict: Allow}
}

// denials are the codes of denials.
var denials = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

// byEndpoint says that the endpoint's policy has denied.
func (d Decision) byEndpoint() bool {
	return d.Verdict == Deny && d.Policy == policy.Endpoint.String()
}
