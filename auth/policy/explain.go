package policy

import (
	"fmt"
	"strings"
)

// Explain decides as Decide does, and says of every statement of every policy
// whether it applied, and if not, why.
func Explain(req Request, set Set) Verdict {
	e := newEvaluation(&req, &set, nil)
	context := contextOf(req)
	v := e.decide(&set, context)
	var c cursor
	for l, ok := set.next(&c); ok; l, ok = set.next(&c) {
		for n := range l.len() {
			p := l.at(n)
			for i := range p.Document.Statements {
				s := &p.Document.Statements[i]
				v.Reasons = append(v.Reasons, Reason{
					Type: l.typ, Level: l.level, Policy: p.Name, Statement: i + 1, Sid: s.Sid, Effect: s.Effect,
					Misses: e.misses(s, l.typ, context),
				})
			}
		}
	}
	return v
}

// Reason says whether one statement applied.
type Reason struct {
	Type      Type
	Level     int    // of SCPs and RCPs, from 1
	Policy    string // name
	Statement int    // number in the policy, from 1
	Sid       string
	Effect    Effect
	Misses    []Miss // why it did not apply; none: it applied
}

// Applied reports whether the statement counted.
func (r Reason) Applied() bool { return len(r.Misses) == 0 }

func (r Reason) String() string {
	var b strings.Builder
	b.WriteString(typeWords[r.Type].long)
	if r.Level > 0 {
		fmt.Fprintf(&b, " of level %d", r.Level)
	}
	if r.Policy != "" {
		b.WriteString(" " + r.Policy)
	}
	fmt.Fprintf(&b, ", statement %d", r.Statement)
	if r.Sid != "" {
		fmt.Fprintf(&b, " (%s)", r.Sid)
	}
	b.WriteString(": " + r.Why())
	return b.String()
}

// Why is the sentence about the statement without its name.
func (r Reason) Why() string {
	switch {
	case r.Applied() && r.Effect == Deny:
		return "denies"
	case r.Applied():
		return "allows"
	}
	var misses []string
	for _, m := range r.Misses {
		misses = append(misses, m.String())
	}
	return "does not apply: " + strings.Join(misses, "; ")
}

// Miss is an element of a statement that did not match.
type Miss struct {
	Element string // Principal, NotAction, Condition, …
	Want    string // what the statement says
	Got     string // what the request has
}

func (m Miss) String() string { return fmt.Sprintf("%s %s, not %s", m.Element, m.Want, m.Got) }

// misses returns the elements of s that the request does not match.
func (e *evaluation) misses(s *Statement, t Type, context Context) []Miss {
	var all []Miss
	if e.matchPrincipal(s, t) == noGrant {
		want, not := "is missing", false
		if p := s.principals; p != nil {
			want, not = p.text, p.not
		}
		all = append(all, Miss{element("Principal", not), want, e.req.Principal.String()})
	}
	if !s.actions.match(e.action) {
		all = append(all, Miss{element("Action", s.actions.not), s.actions.text, e.req.Action})
	}
	if !e.matchResource(s, t, context) {
		want, not := "is missing", false
		if r := s.resources; r != nil {
			want, not = strings.Join(r.values, ", "), r.not
		}
		all = append(all, Miss{element("Resource", not), want, e.req.Resource})
	}
	for i := range s.conditions {
		if c := &s.conditions[i]; !c.holds(context) {
			all = append(all, Miss{"Condition", c.String(), orAbsent(context.Values(c.key))})
		}
	}
	return all
}

func element(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

func orAbsent(values []string) string {
	if len(values) == 0 {
		return "absent"
	}
	return strings.Join(values, ", ")
}
