package policy

// Decision is whether a request may go on.
type Decision byte

const (
	ImplicitDeny Decision = iota // not allowed by all who must allow
	Allowed
	ExplicitDeny // a statement denies it, which beats every Allow
)

func (d Decision) String() string {
	return [...]string{"implicitDeny", "allowed", "explicitDeny"}[d]
}

// MarshalText implements encoding.TextMarshaler.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Verdict is a decision and what has made it: a statement that allows or
// denies, or the type of policy of which none allows.
type Verdict struct {
	Decision Decision
	Type     Type
	Level    int    // of SCPs and RCPs, from 1
	Policy   string // name of the deciding policy
	// Statement is the deciding one's number in its policy, from 1. It is 0
	// where none has decided: an implicit deny, or the root of an account.
	Statement int
	Sid       string

	Reasons []Reason // of Explain: one for each statement of each policy
}

// grant is how far the Allow of a policy that names principals reaches.
type grant byte

const (
	noGrant     grant = iota
	toAccount         // the account may hand it on to its identities
	toIssuer          // a session's role or user: the session's limits still count
	toPrincipal       // the principal itself, or everyone: nothing else must allow
)

// outcome is what one list of policies says.
type outcome struct {
	grant     grant
	policy    *Named // that which decides, where there is one
	statement int    // index in policy
	denies    bool
	level     int // of SCPs and RCPs: the first that does not allow
}

// evaluation is one request on its way through a Set.
type evaluation struct {
	req     *Request
	action  []byte // lower case
	bounded bool   // a user or role with a permissions boundary
}

// Decide decides a request by all policies that apply, as AWS documents it
// ("Policy evaluation logic").
func Decide(req Request, set Set) Verdict {
	var name [96]byte // longer than any action
	e := newEvaluation(&req, &set, name[:0])
	return e.decide(&set, contextOf(req))
}

func newEvaluation(req *Request, set *Set, name []byte) evaluation {
	return evaluation{
		req:     req,
		action:  appendLower(name, req.Action),
		bounded: set.Boundary != nil && req.Principal.Account != "" && !req.Principal.root(),
	}
}

// contextOf is not part of an evaluation: what is behind an interface lives on
// the heap, and would take the rest there.
func contextOf(req Request) Context {
	if req.Context == nil {
		return Keys(nil)
	}
	return req.Context
}

func (e *evaluation) decide(set *Set, context Context) Verdict {
	var outcomes [types]outcome
	var c cursor
	for l, ok := set.next(&c); ok; l, ok = set.next(&c) {
		o := e.layer(&l, context)
		if o.denies {
			return o.verdict(ExplicitDeny, l.typ, l.level)
		}
		if first := &outcomes[l.typ]; first.level == 0 { // no level above it has failed
			if o.grant == noGrant {
				o.level = l.level
			}
			*first = o
		}
	}
	return e.combine(set, &outcomes)
}

func (o *outcome) verdict(d Decision, t Type, level int) Verdict {
	return Verdict{
		Decision: d, Type: t, Level: level,
		Policy: o.policy.Name, Statement: o.statement + 1, Sid: o.policy.Document.Statements[o.statement].Sid,
	}
}

// combine makes one decision of what each type says, where none denies
// explicitly.
func (e *evaluation) combine(set *Set, o *[types]outcome) Verdict {
	who := &e.req.Principal
	fails := func(t Type, applies bool) bool { return applies && o[t].grant == noGrant }
	none := func(t Type) Verdict { return Verdict{Type: t, Level: o[t].level} }
	allowed := func(t Type) Verdict { return o[t].verdict(Allowed, t, 0) }

	byResource, abroad := set.resourceType(), e.req.crossAccount()
	granted := o[byResource].grant
	switch {
	case fails(SCP, set.SCPs != nil):
		return none(SCP)
	case fails(RCP, set.RCPs != nil):
		return none(RCP)
	case fails(Endpoint, set.Endpoint != nil):
		return none(Endpoint)
	case fails(byResource, set.Trust || abroad || who.Account == ""):
		return none(byResource)
	case who.Account == "" || granted == toPrincipal && !abroad:
		return allowed(byResource)
	case fails(Boundary, set.Boundary != nil):
		return none(Boundary)
	case fails(Session, set.Session != nil || who.federated()): // a federated user has what its session policies say
		return none(Session)
	case granted == toIssuer && !abroad:
		return allowed(byResource)
	case who.root():
		return Verdict{Decision: Allowed, Type: Identity}
	case fails(Identity, true):
		return none(Identity)
	}
	return allowed(Identity)
}

// layer evaluates the policies of one list. The first statement that denies
// ends it.
func (e *evaluation) layer(l *layer, context Context) (o outcome) {
	for i := range l.len() {
		p := l.at(i)
		statements := p.Document.Statements
		for j := range statements {
			s := &statements[j]
			if s.Effect == Allow && o.grant == toPrincipal {
				continue // can add nothing
			}
			switch g := e.match(s, l.typ, context); {
			case g == noGrant:
			case s.Effect == Deny:
				return outcome{policy: p, statement: j, denies: true}
			case g > o.grant:
				o = outcome{grant: g, policy: p, statement: j}
			}
		}
	}
	return o
}

// match reports whether a statement applies, and to whom it is said.
func (e *evaluation) match(s *Statement, t Type, context Context) grant {
	if !s.actions.match(e.action) || !e.matchResource(s, t, context) {
		return noGrant
	}
	g := e.matchPrincipal(s, t)
	if g == noGrant {
		return noGrant
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(context) {
			return noGrant
		}
	}
	return g
}

// matchResource: where a policy hangs on a resource, its statements may leave
// out which.
func (e *evaluation) matchResource(s *Statement, t Type, context Context) bool {
	if s.resources == nil {
		return t == Resource || t == Trust || t == RCP
	}
	return s.resources.match(e.req.Resource, context)
}

// matchPrincipal: what hangs on an identity speaks of nobody else, what hangs
// on a resource must say of whom it speaks.
func (e *evaluation) matchPrincipal(s *Statement, t Type) grant {
	switch {
	case s.principals != nil:
		return s.principals.match(&e.req.Principal, s.Effect, e.bounded)
	case t == Resource || t == Trust || t == Endpoint:
		return noGrant
	}
	return toPrincipal
}
