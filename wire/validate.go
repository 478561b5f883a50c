package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxViolations bounds how many broken rules an answer lists.
const maxViolations = 10

// violation is one rule of the model that a request breaks.
type violation struct {
	path  string
	value string // quoted as the services quote it; "null" where missing
	kind  violationKind
	rule  string // Member must …
	code  string // of the error, where the rule has one of its own
	bound int64
}

type violationKind int

const (
	missing violationKind = iota
	tooSmall
	other
)

// validate checks an input against the rules of the model and answers in the
// words of the service: EC2 names the first parameter that is missing or
// wrong; the others list what they found as "2 validation errors detected".
func (s *Service) validate(op *Operation, in reflect.Value) error {
	c := checker{tables: s.codec(), service: s}
	c.structure(in, "")
	if len(c.found) == 0 {
		return nil
	}
	if s.Protocol == EC2 {
		slices.SortStableFunc(c.found, func(a, b violation) int { return int(a.kind) - int(b.kind) })
		return c.found[0].ec2(op)
	}
	texts := make([]string, 0, len(c.found))
	for _, v := range c.found {
		texts = append(texts, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", v.value, v.path, v.rule))
	}
	noun := "error"
	if len(texts) > 1 {
		noun = "errors"
	}
	return &Error{Code: op.Invalid, Message: fmt.Sprintf("%d validation %s detected: %s", len(texts), noun, strings.Join(texts, "; "))}
}

func (v violation) ec2(op *Operation) error {
	switch v.kind {
	case missing:
		return &Error{Code: "MissingParameter", Message: "The request must contain the parameter " + v.path}
	case tooSmall:
		return &Error{Code: op.Invalid, Message: fmt.Sprintf("Value ( %s ) for parameter %s is invalid. Expecting a value greater than or equal to %d.", v.bare(), v.path, v.bound)}
	}
	e := &Error{Code: op.Invalid, Message: "Value (" + v.bare() + ") for parameter " + lower(v.path) + " is invalid."}
	if v.code != "" {
		e.Code = v.code
	}
	return e
}

// bare is the value without its quotes.
func (v violation) bare() string {
	return strings.TrimSuffix(strings.TrimPrefix(v.value, "'"), "'")
}

// checker walks an input and collects the rules that it breaks.
type checker struct {
	*tables
	service *Service
	found   []violation
}

func (c *checker) add(v violation) {
	if len(c.found) < maxViolations {
		c.found = append(c.found, v)
	}
}

func (c *checker) structure(v reflect.Value, path string) {
	plan := c.plans[v.Type()]
	for i := range plan.fields {
		f := &plan.fields[i]
		member := v.Field(f.index)
		if member.IsNil() && !f.required {
			continue
		}
		name := f.name
		switch c.service.Protocol {
		case EC2:
			name = f.query
		case Query:
			name = lower(name)
		}
		c.member(member, f, join(path, name))
	}
}

// member checks a member that is there, or should be.
func (c *checker) member(v reflect.Value, f *field, path string) {
	if v.IsNil() {
		c.add(violation{path: path, value: "null", kind: missing, rule: "Member must not be null"})
		return
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if rule := c.service.Constraints[f.shape]; rule != nil {
		c.value(v, f.shape, rule, path)
	}
	c.below(v, f, path)
}

// below checks the structures inside a value.
func (c *checker) below(v reflect.Value, f *field, path string) {
	switch {
	case v.Type() == timeType || v.Type() == bytesType:
	case v.Kind() == reflect.Struct:
		c.structure(v, path)
	case v.Kind() == reflect.Slice:
		if elem := v.Type().Elem(); elem.Kind() == reflect.String {
			return
		}
		for i := range v.Len() {
			c.below(v.Index(i), f, c.itemPath(path, f, i+1))
		}
	case v.Kind() == reflect.Map:
		if v.Type().Elem().Kind() == reflect.String {
			return
		}
		for _, key := range sortedKeys(v) {
			c.below(v.MapIndex(key), f, path+"."+shorten(key.String())+".member")
		}
	}
}

func (c *checker) itemPath(path string, f *field, number int) string {
	n := strconv.Itoa(number)
	switch c.service.Protocol {
	case EC2:
		return path + "." + n
	default:
		return path + "." + n + ".member"
	}
}

// value checks one value, and the elements of a list or map of scalars.
func (c *checker) value(v reflect.Value, shape string, rule *Constraint, path string) {
	for _, broken := range c.broken(v, shape, rule) {
		broken.path, broken.value = path, quote(v)
		c.add(broken)
	}
	switch {
	case v.Kind() == reflect.Slice && rule.Member != "":
		for i := range v.Len() {
			if !c.element(v, v.Index(i), rule.Member, path, "Member must satisfy constraint: [%s]") {
				return
			}
		}
	case v.Kind() == reflect.Map:
		for _, key := range sortedKeys(v) {
			if !c.element(v, key, rule.Key, path, "Map keys must satisfy constraint: [%s]") ||
				!c.element(v, v.MapIndex(key), rule.Value, path, "Map value must satisfy constraint: [%s]") {
				return
			}
		}
	}
}

// element checks one element of whole, and reports all rules of the elements
// where one is broken.
func (c *checker) element(whole, v reflect.Value, shape, path, format string) bool {
	rule := c.service.Constraints[shape]
	if rule == nil {
		return true
	}
	broken := c.broken(v, shape, rule)
	if len(broken) == 0 {
		return true
	}
	value := quote(whole)
	if c.service.Protocol == EC2 {
		value = quote(v)
	}
	c.add(violation{path: path, value: value, kind: other, rule: fmt.Sprintf(format, strings.Join(rule.texts(v.Kind()), ", ")), code: rule.Code})
	return false
}

// lower is a parameter's name as EC2's errors write it.
func lower(name string) string {
	if name == "" {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}
