package policy

import "strings"

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

// outcome is what one type of policy says.
type outcome struct {
	grant   grant
	allowed Verdict // where grant is not noGrant
	missing int     // the first level that does not allow
}

// evaluation is one request on its way through a Set.
type evaluation struct {
	req     *Request
	context Context
	action  string // lower case
	bounded bool   // a user or role with a permissions boundary
}

// Decide decides a request by all policies that apply, as AWS documents it
// ("Policy evaluation logic").
func Decide(req Request, set Set) Verdict {
	e := newEvaluation(&req, &set)
	return e.decide(&set)
}

func newEvaluation(req *Request, set *Set) evaluation {
	e := evaluation{req: req, context: req.Context, action: strings.ToLower(req.Action)}
	if e.context == nil {
		e.context = Keys(nil)
	}
	e.bounded = set.Boundary != nil && req.Principal.Account != "" && !req.Principal.root()
	return e
}

func (e *evaluation) decide(set *Set) Verdict {
	var outcomes [types]outcome
	var denied Verdict
	set.layers(func(l layer) bool {
		var o outcome
		o, denied = e.layer(l)
		if all := &outcomes[l.typ]; l.level <= 1 {
			*all = o
		} else if all.grant != noGrant {
			*all = o
		}
		if o.grant == noGrant && outcomes[l.typ].missing == 0 {
			outcomes[l.typ].missing = l.level
		}
		return denied.Decision == ExplicitDeny
	})
	if denied.Decision == ExplicitDeny {
		return denied
	}
	return e.combine(set, &outcomes)
}

// combine makes one decision of what each type says, where none denies
// explicitly.
func (e *evaluation) combine(set *Set, o *[types]outcome) Verdict {
	who := &e.req.Principal
	none := func(t Type) Verdict { return Verdict{Type: t, Level: o[t].missing} }
	switch {
	case set.SCPs != nil && o[SCP].grant == noGrant:
		return none(SCP)
	case set.RCPs != nil && o[RCP].grant == noGrant:
		return none(RCP)
	case set.Endpoint != nil && o[Endpoint].grant == noGrant:
		return none(Endpoint)
	}
	byResource := set.resourceType()
	switch granted := o[byResource].grant; {
	case who.Account == "": // a service, a federated identity, nobody
		if granted == noGrant {
			return none(byResource)
		}
		return o[byResource].allowed
	case granted == noGrant && (set.Trust || e.req.crossAccount()):
		return none(byResource)
	case granted == toPrincipal && !e.req.crossAccount():
		return o[byResource].allowed
	}
	switch {
	case set.Boundary != nil && o[Boundary].grant == noGrant:
		return none(Boundary)
	case set.Session != nil && o[Session].grant == noGrant:
		return none(Session)
	case set.Session == nil && who.federated(): // has what its session policies say
		return none(Session)
	case o[byResource].grant == toIssuer && !e.req.crossAccount():
		return o[byResource].allowed
	case who.root():
		return Verdict{Decision: Allowed, Type: Identity}
	case o[Identity].grant == noGrant:
		return none(Identity)
	}
	return o[Identity].allowed
}

// layer evaluates the policies of one list. The first statement that denies
// ends it.
func (e *evaluation) layer(l layer) (o outcome, denied Verdict) {
	for i := range l.policies {
		document := l.policies[i].Document
		for j := range document.Statements {
			s := &document.Statements[j]
			if s.Effect == Allow && o.grant == toPrincipal {
				continue // can add nothing
			}
			g := e.match(s, l.typ)
			if g == noGrant || s.Effect == Allow && g <= o.grant {
				continue
			}
			v := Verdict{Decision: Allowed, Type: l.typ, Level: l.level, Policy: l.policies[i].Name, Statement: j + 1, Sid: s.Sid}
			if s.Effect == Deny {
				v.Decision = ExplicitDeny
				return o, v
			}
			o.grant, o.allowed = g, v
		}
	}
	return o, Verdict{}
}

// match reports whether a statement applies, and to whom it is said.
func (e *evaluation) match(s *Statement, t Type) grant {
	if !e.matchAction(s) || !e.matchResource(s, t) {
		return noGrant
	}
	g := e.matchPrincipal(s, t)
	if g == noGrant {
		return noGrant
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e.context) {
			return noGrant
		}
	}
	return g
}

func (e *evaluation) matchAction(s *Statement) bool { return s.actions.match(e.action) }

// matchResource: where a policy hangs on a resource, its statements may leave
// out which.
func (e *evaluation) matchResource(s *Statement, t Type) bool {
	if s.resources == nil {
		return t == Resource || t == Trust || t == RCP
	}
	return s.resources.match(e.req.Resource, e.context)
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
