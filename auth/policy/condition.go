package policy

import "strings"

// condition is one key of one operator: all conditions of a statement must
// hold.
type condition struct {
	operator operator
	set      quantifier
	ifExists bool
	key      string // lower case
	tests    []test // one a value: any may match

	name, keyText string   // as written
	values        []string // as written
	invalid       bool     // a value is not of the operator's type
}

// quantifier is the prefix of an operator for keys with several values.
type quantifier byte

const (
	single quantifier = iota
	forAll
	forAny
)

// test compares one value of the request with one value of the policy.
type test func(got string, context Context) bool

func parseConditions(v value, variables bool) ([]condition, *Error) {
	if v.kind != object {
		return nil, malformed("", textSyntax)
	}
	var all []condition
	for _, op := range v.members {
		if op.value.kind != object {
			return nil, malformed("", textSyntax)
		}
		for _, m := range op.value.members {
			c, err := parseCondition(op.name, m, variables)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func parseCondition(name string, m member, variables bool) (condition, *Error) {
	c := condition{key: strings.ToLower(m.name), name: name, keyText: m.name}
	base := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(base, "forallvalues:"); ok {
		base, c.set = rest, forAll
	} else if rest, ok := strings.CutPrefix(base, "foranyvalue:"); ok {
		base, c.set = rest, forAny
	}
	base, c.ifExists = strings.CutSuffix(base, "ifexists")
	var ok bool
	if c.operator, ok = findOperator(base); !ok || c.operator.presence && (c.ifExists || c.set != single) {
		return c, malformed("", "Invalid Condition type : %s.", name)
	}
	if c.values, ok = m.value.scalars(); !ok {
		return c, malformed("", textSyntax)
	}
	for _, s := range c.values {
		if t := c.operator.compile(s, variables); t != nil {
			c.tests = append(c.tests, t)
		} else {
			c.invalid = true // no request can have such a value
		}
	}
	return c, nil
}

// String is the condition as written.
func (c *condition) String() string {
	return c.name + " " + c.keyText + " " + strings.Join(c.values, ", ")
}

// holds decides the condition. A key that is absent fails an operator that
// asks for a value and passes one that excludes values. Where a key has
// several values and the operator has no quantifier, one that matches is
// enough, and one that is excluded is too many.
func (c *condition) holds(context Context) bool {
	got := context.Values(c.key)
	if c.set != single && blank(got) {
		got = nil // for a set operator, an empty string is an empty set
	}
	switch {
	case c.operator.presence:
		return c.anyTest(presence(len(got) > 0), context)
	case len(got) == 0 && c.ifExists:
		return true
	case len(got) == 0 && c.set == single:
		return c.operator.negated
	case c.set == forAll || c.set == single && c.operator.negated:
		for _, s := range got {
			if !c.accepts(s, context) {
				return false
			}
		}
		return true
	}
	for _, s := range got {
		if c.accepts(s, context) {
			return true
		}
	}
	return false
}

// accepts decides one of the request's values.
func (c *condition) accepts(got string, context Context) bool {
	return c.anyTest(got, context) != c.operator.negated
}

func (c *condition) anyTest(got string, context Context) bool {
	for _, t := range c.tests {
		if t(got, context) {
			return true
		}
	}
	return false
}

// blank reports whether all values are empty.
func blank(values []string) bool {
	for _, s := range values {
		if s != "" {
			return false
		}
	}
	return true
}

// presence is what the Null operator compares: "true" where the key is absent.
func presence(present bool) string {
	if present {
		return "false"
	}
	return "true"
}
