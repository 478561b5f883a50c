package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Document is a compiled policy document.
type Document struct {
	Version    string // 2012-10-17 or 2008-10-17
	ID         string
	Statements []Statement
}

// Statement is one compiled statement.
type Statement struct {
	Sid    string
	Effect Effect

	principals *principals // nil in an identity policy: whoever it is attached to
	actions    actionSet
	resources  *resourceSet // nil in a role's trust policy: the role
	conditions []condition
}

// Effect is what a statement says of the requests that it matches.
type Effect byte

const (
	Allow Effect = iota + 1
	Deny
)

func (e Effect) String() string {
	if e == Deny {
		return "Deny"
	}
	return "Allow"
}

type actionSet struct {
	not      bool
	patterns []pattern // lower case
	text     string
}

type resourceSet struct {
	not      bool
	patterns []arnPattern
	text     string
}

// Parse compiles a document of any kind. The error is an *Error.
func Parse(doc string) (*Document, error) {
	root, err := parseJSON(doc)
	if err != nil {
		return nil, err
	}
	d, wrong := parseDocument(root)
	if wrong != nil {
		return nil, wrong
	}
	return d, nil
}

// MustParse is Parse for documents of the program's own, which panics where one is
// malformed.
func MustParse(doc string) *Document {
	d, err := Parse(doc)
	if err != nil {
		panic(fmt.Sprintf("policy: %v in %s", err, doc))
	}
	return d
}

// ParseEndpoint compiles the policy of a VPC endpoint: each statement names
// its principals and resources.
func ParseEndpoint(doc string) (*Document, error) {
	d, err := Parse(doc)
	if err != nil {
		return nil, err
	}
	for i, s := range d.Statements {
		if s.principals == nil {
			return nil, malformed(statementName(i), "Missing required field Principal")
		}
		if s.resources == nil {
			return nil, malformed(statementName(i), textResources)
		}
	}
	return d, nil
}

func statementName(i int) string { return "Statement " + strconv.Itoa(i+1) }

func parseDocument(root value) (*Document, *Error) {
	if root.kind != object {
		return nil, malformed("", textSyntax)
	}
	d := &Document{Version: "2008-10-17"}
	var statements []value
	for _, m := range root.members {
		switch {
		case m.name == "Version" && m.value.kind == text:
			d.Version = m.value.text
		case m.name == "Id" && m.value.kind == text:
			d.ID = m.value.text
		case m.name == "Statement" && m.value.kind == list:
			statements = m.value.items
		case m.name == "Statement" && m.value.kind == object:
			statements = []value{m.value}
		case m.name == "Version" || m.name == "Id" || m.name == "Statement":
			return nil, malformed(m.name, textSyntax)
		default:
			return nil, malformed("", "Unknown field %s", m.name)
		}
	}
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, malformed("Version", "The policy document's version must be 2012-10-17 or 2008-10-17, not %q.", d.Version)
	}
	if len(statements) == 0 {
		return nil, malformed("", "Missing required field Statement")
	}
	return d, d.parseStatements(statements)
}

func (d *Document) parseStatements(statements []value) *Error {
	sids := map[string]bool{}
	for i, v := range statements {
		s, err := parseStatement(v, d.Version == "2012-10-17")
		if err != nil {
			err.Where = strings.TrimSuffix(statementName(i)+", "+err.Where, ", ")
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return malformed(statementName(i), textSids)
		}
		sids[s.Sid] = true
		d.Statements = append(d.Statements, s)
	}
	return nil
}

func parseStatement(v value, variables bool) (Statement, *Error) {
	var s Statement
	if v.kind != object {
		return s, malformed("", textSyntax)
	}
	var seen []string
	for _, m := range v.members {
		seen = append(seen, m.name)
		if err := s.parseElement(m, variables); err != nil {
			if err.Where == "" {
				err.Where = m.name
			}
			return s, err
		}
	}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if slices.Contains(seen, name) && slices.Contains(seen, "Not"+name) {
			return s, malformed("", "%s and Not%s exclude each other.", name, name)
		}
	}
	switch {
	case s.Effect == 0:
		return s, malformed("", "Missing required field Effect")
	case len(s.actions.patterns) == 0:
		return s, malformed("", textActions)
	}
	return s, nil
}

func (s *Statement) parseElement(m member, variables bool) *Error {
	name, not := m.name, false
	if rest, ok := strings.CutPrefix(name, "Not"); ok {
		name, not = rest, true
	}
	var err *Error
	switch {
	case m.name == "Sid" && m.value.kind == text:
		s.Sid = m.value.text
	case m.name == "Effect" && m.value.kind == text:
		s.Effect, err = parseEffect(m.value.text)
	case name == "Principal":
		s.principals, err = parsePrincipals(m.name, not, m.value)
	case name == "Action":
		s.actions, err = parseActions(not, m.value)
	case name == "Resource":
		s.resources, err = parseResources(not, m.value, variables)
	case m.name == "Condition":
		s.conditions, err = parseConditions(m.value, variables)
	case m.name == "Sid" || m.name == "Effect":
		err = malformed("", textSyntax)
	default:
		err = malformed("", "Unknown field %s", m.name)
	}
	return err
}

func parseEffect(s string) (Effect, *Error) {
	switch s {
	case "Allow":
		return Allow, nil
	case "Deny":
		return Deny, nil
	}
	return 0, malformed("", "Invalid effect: %s", s)
}

func parseActions(not bool, v value) (actionSet, *Error) {
	names, ok := v.strings()
	if !ok {
		return actionSet{}, malformed("", textSyntax)
	}
	set := actionSet{not: not, text: strings.Join(names, ", ")}
	for _, name := range names {
		vendor, action, ok := strings.Cut(name, ":")
		if name != "*" && (!ok || vendor == "" || action == "" || strings.ContainsAny(name, " \t\r\n")) {
			return actionSet{}, malformed("", textVendor)
		}
		p, err := compile(strings.ToLower(name), dialect{wildcards: true})
		if err != nil {
			return actionSet{}, err
		}
		set.patterns = append(set.patterns, p)
	}
	return set, nil
}

func parseResources(not bool, v value, variables bool) (*resourceSet, *Error) {
	names, ok := v.strings()
	if !ok {
		return nil, malformed("", textSyntax)
	}
	set := &resourceSet{not: not, text: strings.Join(names, ", ")}
	for _, name := range names {
		if name != "*" && !strings.HasPrefix(name, "arn:") && !(variables && strings.HasPrefix(name, "${")) {
			return nil, malformed("", "Resource %s must be in ARN format or \"*\".", name)
		}
		p, err := compileARN(name, dialect{wildcards: true, variables: variables})
		if err != nil {
			return nil, err
		}
		set.patterns = append(set.patterns, p)
	}
	return set, nil
}

func (a *actionSet) match(action string) bool {
	for _, p := range a.patterns {
		if match(p.runes, action) {
			return !a.not
		}
	}
	return a.not
}

func (r *resourceSet) match(resource string, context Context) bool {
	for _, p := range r.patterns {
		if p.match(resource, context) {
			return !r.not
		}
	}
	return r.not
}
