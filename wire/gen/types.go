package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

func upper(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// structures writes the types: inputs and outputs under their operation's
// name, all others under their shape's.
func (w *writer) structures() {
	types := map[string]string{} // Go name -> shape
	for _, name := range w.s.Bound {
		op := w.m.Operations[name]
		types[name+"Input"], types[name+"Output"] = "", ""
		if op.Input != nil {
			types[name+"Input"] = op.Input.Shape
		}
		if op.Output != nil {
			types[name+"Output"] = op.Output.Shape
		}
	}
	for name := range w.r.nested {
		types[upper(name)] = name
	}
	for _, name := range sorted(types) {
		w.structure(name, types[name])
	}
}

func (w *writer) structure(name, shapeName string) {
	if shapeName == "" {
		w.line("\n// %s has no members.\ntype %s struct{}", name, name)
		return
	}
	s := w.m.Shapes[shapeName]
	w.line("\ntype %s struct {", name)
	for _, member := range sorted(s.Members) {
		w.line("%s %s %s", upper(member), w.goType(s.Members[member].Shape, true), w.tag(shapeName, member))
	}
	w.line("}")
}

// goType is the Go type of a value of the shape. Scalars and structures that
// may be absent are pointers; elements of lists and maps are values.
func (w *writer) goType(name string, optional bool) string {
	s := w.m.Shapes[name]
	scalars := map[string]string{
		"string": "string", "character": "string", "boolean": "bool", "integer": "int32", "long": "int64",
		"float": "float64", "double": "float64", "timestamp": "time.Time", "structure": upper(name),
	}
	switch s.Type {
	case "list":
		return "[]" + w.goType(s.Member.Shape, false)
	case "map":
		return "map[string]" + w.goType(s.Value.Shape, false)
	case "blob":
		return "[]byte"
	}
	if optional {
		return "*" + scalars[s.Type]
	}
	return scalars[s.Type]
}

// tag is the struct tag of a member: its name on the wire under the
// protocol's key (json, or xml with the element name of a list's items), and
// what else the codecs must know under "wire".
func (w *writer) tag(shapeName, member string) string {
	s := w.m.Shapes[shapeName]
	ref := s.Members[member]
	to := w.m.Shapes[ref.Shape]
	name := cmp.Or(ref.LocationName, member)
	var parts []string
	switch w.m.Metadata.Protocol {
	case "ec2", "query":
		if to.Type == "list" {
			name += ">" + cmp.Or(to.Member.LocationName, map[bool]string{true: "item", false: "member"}[w.m.Metadata.Protocol == "ec2"])
		}
		parts = append(parts, fmt.Sprintf("xml:%q", name))
	default:
		parts = append(parts, fmt.Sprintf("json:%q", name+",omitempty"))
	}
	var opts []string
	if ref.Location != "" {
		opts = append(opts, ref.Location)
	}
	if slices.Contains(s.Required, member) {
		opts = append(opts, "required")
	}
	if ref.IdempotencyToken {
		opts = append(opts, "token")
	}
	if emptyLists[shapeName+"."+member] {
		opts = append(opts, "empty")
	}
	if ref.QueryName != "" {
		opts = append(opts, "query="+ref.QueryName)
	}
	if w.r.inputs[ref.Shape] && w.r.constrained(ref.Shape) {
		opts = append(opts, "shape="+ref.Shape)
	}
	if len(opts) > 0 {
		parts = append(parts, fmt.Sprintf("wire:%q", strings.Join(opts, ",")))
	}
	return "`" + strings.Join(parts, " ") + "`"
}

// constraints writes the rules of the shapes below inputs.
func (w *writer) constraints() {
	var names []string
	for _, name := range sorted(w.r.inputs) {
		if w.r.constrained(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	w.line("Constraints: map[string]*wire.Constraint{")
	for _, name := range names {
		w.line("%q: {%s},", name, w.constraint(name))
	}
	w.line("},")
}

func (w *writer) constraint(name string) string {
	s := w.m.Shapes[name]
	var fields []string
	if len(s.Enum) > 0 {
		fields = append(fields, fmt.Sprintf("Enum: %#v%s", s.Enum, optional("Code", enumCodes[w.s.Package+"."+name])))
	}
	for _, bound := range []struct {
		field string
		value *float64
	}{{"Min", s.Min}, {"Max", s.Max}} {
		if bound.field == "Max" && w.pageSize(name) {
			continue // a larger page is answered as the largest
		}
		if bound.value != nil {
			fields = append(fields, fmt.Sprintf("%s: wire.Ptr[int64](%d)", bound.field, int64(*bound.value)))
		}
	}
	if s.Pattern != "" {
		fields = append(fields, fmt.Sprintf("Pattern: %q", s.Pattern))
	}
	for _, element := range []struct {
		field string
		ref   *ref
	}{{"Member", s.Member}, {"Key", s.Key}, {"Value", s.Value}} {
		if element.ref != nil && w.r.constrained(element.ref.Shape) {
			fields = append(fields, fmt.Sprintf("%s: %q", element.field, element.ref.Shape))
		}
	}
	return strings.Join(fields, ", ")
}

// pageSize says whether the shape is the size of an EC2 page.
func (w *writer) pageSize(name string) bool {
	return w.m.Metadata.Protocol == "ec2" && strings.HasSuffix(name, "MaxResults")
}

// enums writes a constant for every value of the enums in use.
func (w *writer) enums() {
	for _, name := range sorted(w.r.all) {
		s := w.m.Shapes[name]
		if len(s.Enum) == 0 {
			continue
		}
		w.line("\n// Values of %s.\nconst (", upper(name))
		seen := map[string]bool{}
		for _, value := range s.Enum {
			constant := upper(name) + camel(value)
			if lowerEnums[w.s.Package+"."+name] {
				value = strings.ToLower(value[:1]) + value[1:]
			}
			if !seen[constant] { // twice where values differ in nothing but their case
				w.line("%s = %q", constant, value)
			}
			seen[constant] = true
		}
		w.line(")")
	}
}

// camel turns an enum's value into the end of a Go name: ALL_DOMAINS and
// all-domains become AllDomains.
func camel(value string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		b.WriteString(upper(word))
	}
	return b.String()
}
