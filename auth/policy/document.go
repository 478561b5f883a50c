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

// Parse compiles a document of any kind, and takes what a policy of one kind
// may not say (see Validate). A value that is not of its operator's type
// matches nothing. The error is an *Error.
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
	case s.actions.text == "":
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
