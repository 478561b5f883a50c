package elbv2

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// attribute is a setting of a resource that has a name, a value in words and a
// default.
type attribute struct {
	key      string
	standard string // the value of a resource that has none of its own
	check    check
}

// check says what is wrong with a value, "" for nothing.
type check func(value string) string

// attributes are those of one kind of resource, in the order of the answer.
type attributes struct {
	noun string // load balancer …
	list []attribute
}

// setting is a key and its value in a request or an answer.
type setting struct{ key, value string }

// all are the settings of a resource that stores these values.
func (a attributes) all(stored map[string]string) []setting {
	var all []setting
	for _, at := range a.list {
		value, ok := stored[at.key]
		if !ok {
			value = at.standard
		}
		all = append(all, setting{at.key, value})
	}
	return all
}

// change returns a copy of the stored values with those of a request over them.
func (a attributes) change(stored map[string]string, set []setting) (map[string]string, error) {
	changed := map[string]string{}
	maps.Copy(changed, stored)
	seen := map[string]bool{}
	for _, s := range set {
		i := slices.IndexFunc(a.list, func(at attribute) bool { return at.key == s.key })
		if i < 0 {
			return nil, errValidation("%s attribute key '%s' is not recognized", capital(a.noun), s.key)
		}
		if seen[s.key] {
			return nil, errValidation("%s attribute key '%s' is specified more than once", capital(a.noun), s.key)
		}
		seen[s.key] = true
		if wrong := a.list[i].check(s.value); wrong != "" {
			return nil, errValidation("%s attribute '%s' cannot be '%s': %s", capital(a.noun), s.key, s.value, wrong)
		}
		changed[s.key] = s.value
	}
	return changed, nil
}

// oneOf allows some values.
func oneOf(values ...string) check {
	return func(value string) string {
		if slices.Contains(values, value) {
			return ""
		}
		return "it must be one of '" + strings.Join(values, "', '") + "'"
	}
}

// boolean allows true and false.
var boolean = oneOf("true", "false")

// number allows a decimal number between two others.
func number(low, high int) check {
	return func(value string) string {
		n, err := strconv.Atoi(value)
		if err == nil && strconv.Itoa(n) == value && low <= n && n <= high {
			return ""
		}
		return "it must be a number between " + strconv.Itoa(low) + " and " + strconv.Itoa(high)
	}
}

// only allows the one value that is true here, and says why for others.
func only(value, why string) check {
	return func(v string) string {
		if v == value {
			return ""
		}
		return why
	}
}
