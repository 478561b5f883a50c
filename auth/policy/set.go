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
	resource *Named // in the place of policies
}

func (l *layer) len() int {
	if l.resource != nil {
		return 1
	}
	return len(l.policies)
}

func (l *layer) at(i int) *Named {
	if l.resource != nil {
		return l.resource
	}
	return &l.policies[i]
}

// cursor is a place in the order of a Set's layers.
type cursor struct {
	typ   Type
	level int // how many of the type have been
}

// next returns the layer at c and moves on, until there is none.
func (s *Set) next(c *cursor) (l layer, ok bool) {
	for ; c.typ < types; *c = (cursor{typ: c.typ + 1}) {
		switch c.typ {
		case SCP:
			l, ok = levelOf(s.SCPs, c.level)
		case RCP:
			l, ok = levelOf(s.RCPs, c.level)
		case Resource, Trust:
			l, ok = layer{resource: s.Resource}, s.Resource != nil && c.typ == s.resourceType()
		case Endpoint:
			l, ok = layer{policies: s.Endpoint}, s.Endpoint != nil
		case Boundary:
			l, ok = layer{policies: s.Boundary}, s.Boundary != nil
		case Session:
			l, ok = layer{policies: s.Session}, s.Session != nil
		case Identity:
			l, ok = layer{policies: s.Identity}, true
		}
		more := c.typ == SCP || c.typ == RCP || c.level == 0
		if ok && more {
			l.typ = c.typ
			c.level++
			return l, true
		}
	}
	return layer{}, false
}

// levelOf returns level i of an organization, counted from 0. Where control
// policies apply and there is no level, one that allows nothing stands for
// them.
func levelOf(levels [][]Named, i int) (layer, bool) {
	switch {
	case i < len(levels):
		return layer{level: i + 1, policies: levels[i]}, true
	case i == 0 && levels != nil:
		return layer{level: 1}, true
	}
	return layer{}, false
}

func (s *Set) resourceType() Type {
	if s.Trust {
		return Trust
	}
	return Resource
}
