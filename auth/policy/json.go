package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a document. Every kind of policy has a lower quota of its own;
// these keep the parser's work small whatever it is given.
const (
	maxSize  = 128 << 10 // bytes
	maxDepth = 12        // objects and lists inside one another; a policy needs 6
)

// value is one JSON value. Of the fields only those of its kind are set.
type value struct {
	kind    kind
	text    string   // of a string, number or boolean
	members []member // of an object, in order, names unique
	items   []value  // of a list
}

type member struct {
	name  string
	value value
}

type kind byte

const (
	null kind = iota
	text
	number
	boolean
	list
	object
)

// parseJSON reads exactly one JSON value. It is stricter than encoding/json:
// invalid UTF-8 and an object with the same name twice are errors, because
// two readers could understand such a document differently.
func parseJSON(doc string) (value, error) {
	if len(doc) > maxSize {
		return value{}, malformed("", "The policy document is longer than %d bytes.", maxSize)
	}
	if !utf8.ValidString(doc) || !json.Valid([]byte(doc)) {
		return value{}, malformed("", textNotJSON)
	}
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	return parseValue(d, 0)
}

func parseValue(d *json.Decoder, depth int) (value, error) {
	token, err := d.Token()
	if err != nil {
		return value{}, malformed("", textNotJSON)
	}
	switch t := token.(type) {
	case string:
		return value{kind: text, text: t}, nil
	case json.Number:
		return value{kind: number, text: t.String()}, nil
	case bool:
		return value{kind: boolean, text: fmt.Sprint(t)}, nil
	case json.Delim:
		if depth == maxDepth {
			return value{}, malformed("", "The policy document is nested deeper than %d.", maxDepth)
		}
		if t == '[' {
			return parseList(d, depth+1)
		}
		return parseObject(d, depth+1)
	}
	return value{kind: null}, nil
}

func parseList(d *json.Decoder, depth int) (value, error) {
	v := value{kind: list}
	for d.More() {
		item, err := parseValue(d, depth)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := d.Token() // the closing bracket
	return v, err
}

func parseObject(d *json.Decoder, depth int) (value, error) {
	v := value{kind: object}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return value{}, malformed("", textNotJSON)
		}
		name, _ := token.(string)
		if seen[name] {
			return value{}, malformed("", "Duplicate key %q.", name)
		}
		seen[name] = true
		item, err := parseValue(d, depth)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{name, item})
	}
	_, err := d.Token() // the closing brace
	return v, err
}

// strings returns the texts of a string or of a list of at least one string.
func (v value) strings() ([]string, bool) {
	switch {
	case v.kind == text:
		return []string{v.text}, true
	case v.kind != list || len(v.items) == 0:
		return nil, false
	}
	var all []string
	for _, item := range v.items {
		if item.kind != text {
			return nil, false
		}
		all = append(all, item.text)
	}
	return all, true
}

// scalars is strings for conditions, whose values may also be numbers and
// booleans, and whose lists may be empty (no value matches).
func (v value) scalars() ([]string, bool) {
	items := v.items
	if v.kind != list {
		items = []value{v}
	}
	var all []string
	for _, item := range items {
		if item.kind != text && item.kind != number && item.kind != boolean {
			return nil, false
		}
		all = append(all, item.text)
	}
	return all, true
}
