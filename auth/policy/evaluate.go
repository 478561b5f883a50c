package policy

import (
	"fmt"
	"strings"
)

// Effect is what documents say about a request.
type Effect int

const (
	ImplicitDeny Effect = iota // no statement applies
	Allow
	ExplicitDeny // a statement that denies applies; it beats every Allow
)

func (e Effect) String() string {
	return [...]string{"implicit deny", "allow", "explicit deny"}[e]
}

// Request is what is asked for.
type Request struct {
	Action    string // eks:DescribeCluster; compared without case
	Resource  string // an ARN, or * where the action has no resource
	Principal Principal
	Context   map[string][]string // by context key; case of the keys is ignored
}

// Decision is what a set of documents of one kind says. It has one Reason for
// every statement of every document.
type Decision struct {
	Effect  Effect
	Reasons []Reason
}

// Reason says whether one statement applied.
type Reason struct {
	Document  int // index among the documents
	Statement int // index in the document
	Sid       string
	Effect    Effect // the statement's own: Allow or ExplicitDeny
	Misses    []Miss // why it did not apply; none: it applied
}

// Applied reports whether the statement counted.
func (r Reason) Applied() bool { return len(r.Misses) == 0 }

func (r Reason) String() string {
	name := fmt.Sprintf("statement %d", r.Statement+1)
	if r.Sid != "" {
		name += fmt.Sprintf(" (%s)", r.Sid)
	}
	if r.Applied() {
		return fmt.Sprintf("%s: %s", name, r.Effect)
	}
	var misses []string
	for _, m := range r.Misses {
		misses = append(misses, m.String())
	}
	return name + " does not apply: " + strings.Join(misses, "; ")
}

// Miss is an element of a statement that did not match.
type Miss struct {
	Element string // Principal, NotAction, Condition, …
	Want    string // what the statement says
	Got     string // what the request has
}

func (m Miss) String() string { return fmt.Sprintf("%s %s, not %s", m.Element, m.Want, m.Got) }

// Evaluate decides a request by all documents of one kind.
func Evaluate(req Request, docs ...*Document) Decision {
	k := make(keys, len(req.Context))
	for name, values := range req.Context {
		name = strings.ToLower(name)
		k[name] = append(k[name], values...)
	}
	var d Decision
	for i, doc := range docs {
		for j := range doc.Statements {
			s := &doc.Statements[j]
			r := Reason{Document: i, Statement: j, Sid: s.Sid, Effect: s.Effect, Misses: s.misses(req, k)}
			if r.Applied() {
				d.Effect = max(d.Effect, s.Effect)
			}
			d.Reasons = append(d.Reasons, r)
		}
	}
	return d
}

// misses returns the elements of s that req does not match.
func (s *Statement) misses(req Request, k keys) []Miss {
	var all []Miss
	if p := s.principals; p != nil && !p.match(req.Principal) {
		all = append(all, Miss{element("Principal", p.not), p.text, orAnonymous(req.Principal)})
	}
	if !s.actions.match(req.Action) {
		all = append(all, Miss{element("Action", s.actions.not), s.actions.text, req.Action})
	}
	if r := s.resources; r != nil && !r.match(req.Resource, k) {
		all = append(all, Miss{element("Resource", r.not), r.text, req.Resource})
	}
	for _, c := range s.conditions {
		if !c.holds(k) {
			all = append(all, Miss{"Condition", c.text, orAbsent(k[c.key])})
		}
	}
	return all
}

func (a actionSet) match(action string) bool {
	action = strings.ToLower(action)
	for _, p := range a.patterns {
		if match(p.runes, action) {
			return !a.not
		}
	}
	return a.not
}

func (r *resourceSet) match(resource string, k keys) bool {
	for _, p := range r.patterns {
		if p.match(resource, k) {
			return !r.not
		}
	}
	return r.not
}

func element(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

func orAnonymous(p Principal) string {
	for _, s := range []string{p.ARN, p.Service, p.Federated, p.CanonicalUser} {
		if s != "" {
			return s
		}
	}
	return "anonymous"
}

func orAbsent(values []string) string {
	if len(values) == 0 {
		return "absent"
	}
	return strings.Join(values, ", ")
}
