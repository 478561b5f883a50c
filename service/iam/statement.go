package iam

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// statement is a statement of a valid document as it is written, for what
// looks at documents without a request.
type statement struct {
	Effect            string
	Principal         principals
	Action, NotAction oneOrMore[string]
	Condition         map[string]map[string]json.RawMessage // operator, key

	text       string
	start, end int // offsets in the document
}

// principals is a Principal element; that of everyone, "*", names none.
type principals struct{ AWS oneOrMore[string] }

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(b []byte) error {
	var named struct{ AWS oneOrMore[string] }
	if json.Unmarshal(b, &named) == nil {
		p.AWS = named.AWS
	}
	return nil
}

// oneOrMore is a list, or its only element.
type oneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	*o = make([]T, 1)
	return json.Unmarshal(b, &(*o)[0])
}

// statements reads the statements of a valid document, in order; none of one
// that is not valid.
func statements(document string) []statement {
	d := json.NewDecoder(strings.NewReader(document))
	if _, err := d.Token(); err != nil { // the opening brace
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		if name == "Statement" {
			return readStatements(d, document)
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return nil
		}
	}
	return nil
}

// readStatements reads the value of Statement: one, or a list.
func readStatements(d *json.Decoder, document string) []statement {
	if document[next(document, d.InputOffset())] != '[' {
		s, ok := readStatement(d, document)
		if !ok {
			return nil
		}
		return []statement{s}
	}
	var all []statement
	d.Token() // the opening bracket
	for d.More() {
		s, ok := readStatement(d, document)
		if !ok {
			return nil
		}
		all = append(all, s)
	}
	return all
}

func readStatement(d *json.Decoder, document string) (statement, bool) {
	s := statement{start: next(document, d.InputOffset())}
	if d.Decode(&s) != nil {
		return s, false
	}
	s.end = int(d.InputOffset())
	s.text = document[s.start:s.end]
	return s, true
}

// next is the offset of the value that begins at or after another offset.
func next(document string, offset int64) int {
	rest := document[offset:]
	return min(len(document)-1, int(offset)+len(rest)-len(strings.TrimLeft(rest, " \t\r\n,:")))
}

// position is a place in a document: line and column, from 1.
func position(document string, offset int) *iam.Position {
	before := document[:offset]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return &iam.Position{Line: wire.Ptr(int32(line)), Column: wire.Ptr(int32(column))}
}

// variable is a policy variable; one with a default value needs no key.
var variable = regexp.MustCompile(`\$\{([^},*?$]+)\}`)

// contextKeys are the condition keys that a document asks for, as it writes
// them.
func contextKeys(document string) []string {
	var keys []string
	for _, s := range statements(document) {
		for _, tests := range s.Condition {
			for key := range tests {
				keys = append(keys, key)
			}
		}
		for _, m := range variable.FindAllStringSubmatch(s.text, -1) {
			keys = append(keys, strings.TrimSpace(m[1]))
		}
	}
	return distinct(keys)
}

// distinct are the values in order, those that differ only in case once.
func distinct(values []string) []string {
	slices.Sort(values)
	out := []string{}
	for _, v := range values {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

// grants reports whether a statement allows anything of a service (ec2).
func (s statement) grants(service string) bool {
	names := func(action string) bool {
		vendor, _, _ := strings.Cut(strings.ToLower(action), ":")
		return vendor == "*" || vendor == service
	}
	whole := func(action string) bool {
		return action == "*" || strings.EqualFold(action, service+":*")
	}
	switch {
	case s.Effect != "Allow":
		return false
	case len(s.NotAction) > 0:
		return !slices.ContainsFunc(s.NotAction, whole)
	}
	return slices.ContainsFunc(s.Action, names)
}
