package policy

// Type is what a policy is attached to, which says what it can do.
type Type byte

// The order is that in which a denial names one type where several deny.
const (
	SCP      Type = iota // service control policy: of the principal's organization
	RCP                  // resource control policy: of the resource's organization
	Endpoint             // of the VPC endpoint that the request came through
	Resource             // of the resource
	Trust                // of the role that is to be assumed
	Boundary             // permissions boundary of the user or role
	Session              // given when the session was made
	Identity             // of the user, its groups, or the role
	types
)

var typeWords = [types]struct{ short, long, article string }{
	SCP:      {"scp", "service control policy", "a"},
	RCP:      {"rcp", "resource control policy", "a"},
	Endpoint: {"endpoint", "VPC endpoint policy", "a"},
	Resource: {"resource", "resource-based policy", "a"},
	Trust:    {"trust", "role trust policy", "the"},
	Boundary: {"boundary", "permissions boundary", "a"},
	Session:  {"session", "session policy", "a"},
	Identity: {"identity", "identity-based policy", "an"},
}

func (t Type) String() string { return typeWords[t].short }

// MarshalText implements encoding.TextMarshaler.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Named is a policy with what an answer calls it: the ARN of a managed policy,
// the name of an inline one, or nothing.
type Named struct {
	Name     string
	Document *Document
}

// Set holds all policies that a request must pass. Policies of one type add
// up, but for the levels of an organization, of which each must allow. Where
// nil means that a type does not apply, an empty list applies and allows
// nothing.
type Set struct {
	// Identity are the policies of the principal. The root of an account has
	// none and may do everything.
	Identity []Named
	// Resource is the policy of the resource, nil where it has none; Trust
	// says that it is the trust policy of the role to assume, without which
	// nobody may.
	Resource *Named
	Trust    bool
	Endpoint []Named // nil: the request did not come through an endpoint, or its policy is full access
	Boundary []Named // nil: no permissions boundary
	Session  []Named // nil: no session policy
	// SCPs and RCPs are lists by level, from the organization's root to the
	// account. SCPs do not apply to service-linked roles and the management
	// account: nil.
	SCPs [][]Named
	RCPs [][]Named
}

// layer is one list of policies that are evaluated together.
type layer struct {
	typ      Type
	level    int // of SCPs and RCPs, from 1
	policies []Named
}

// layers calls f for each list in the order of their types, until it says
// stop. SCPs and RCPs that apply without any level are one empty level.
func (s *Set) layers(f func(layer) (stop bool)) {
	levels := func(t Type, all [][]Named) bool {
		if all != nil && len(all) == 0 {
			return f(layer{typ: t, level: 1})
		}
		for i, policies := range all {
			if f(layer{t, i + 1, policies}) {
				return true
			}
		}
		return false
	}
	if levels(SCP, s.SCPs) || levels(RCP, s.RCPs) {
		return
	}
	if s.Endpoint != nil && f(layer{typ: Endpoint, policies: s.Endpoint}) {
		return
	}
	if s.Resource != nil && f(layer{typ: s.resourceType(), policies: []Named{*s.Resource}}) {
		return
	}
	if s.Boundary != nil && f(layer{typ: Boundary, policies: s.Boundary}) {
		return
	}
	if s.Session != nil && f(layer{typ: Session, policies: s.Session}) {
		return
	}
	f(layer{typ: Identity, policies: s.Identity})
}

func (s *Set) resourceType() Type {
	if s.Trust {
		return Trust
	}
	return Resource
}
