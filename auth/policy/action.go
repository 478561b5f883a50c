package policy

import (
	"bytes"
	"slices"
	"strings"
)

// actionSet is an Action or NotAction element. Everything is in lower case.
type actionSet struct {
	not      bool
	all      bool     // *
	names    [][]byte // without wildcards, sorted
	prefixes [][]byte // of patterns with one * at their end
	patterns []pattern
	text     string
}

func parseActions(not bool, v value) (actionSet, *Error) {
	names, ok := v.strings()
	if !ok {
		return actionSet{}, malformed("", textSyntax)
	}
	set := actionSet{not: not, text: strings.Join(names, ", ")}
	for _, name := range names {
		if err := checkAction(name); err != nil {
			return actionSet{}, err
		}
		set.add(strings.ToLower(name))
	}
	slices.SortFunc(set.names, bytes.Compare)
	return set, nil
}

// checkAction wants vendor:name, or *.
func checkAction(s string) *Error {
	vendor, action, colon := strings.Cut(s, ":")
	switch {
	case s == "*":
		return nil
	case !colon:
		return malformed("", textVendor)
	case strings.Contains(action, ":"):
		return malformed("", "Actions/Condition can contain only one colon.")
	case vendor != "*" && strings.Trim(strings.ToLower(vendor), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || vendor == "":
		return malformed("", "Vendor %s is not valid", vendor)
	}
	return nil
}

func (a *actionSet) add(name string) {
	prefix, star := strings.CutSuffix(name, "*")
	switch wild := strings.ContainsAny(prefix, "*?"); {
	case name == "*":
		a.all = true
	case wild:
		a.patterns = append(a.patterns, compile(name, dialect{wildcards: true}))
	case star:
		a.prefixes = append(a.prefixes, []byte(prefix))
	default:
		a.names = append(a.names, []byte(name))
	}
}

// match compares an action in lower case.
func (a *actionSet) match(action []byte) bool { return a.contains(action) != a.not }

func (a *actionSet) contains(action []byte) bool {
	if a.all {
		return true
	}
	for _, prefix := range a.prefixes {
		if bytes.HasPrefix(action, prefix) {
			return true
		}
	}
	if a.named(action) {
		return true
	}
	for i := range a.patterns {
		if glob(a.patterns[i].tokens, nil, action) {
			return true
		}
	}
	return false
}

// named looks for action among the names. (slices.BinarySearchFunc would take
// action to the heap.)
func (a *actionSet) named(action []byte) bool {
	low, high := 0, len(a.names)
	for low < high {
		switch mid := (low + high) / 2; bytes.Compare(a.names[mid], action) {
		case 0:
			return true
		case -1:
			low = mid + 1
		default:
			high = mid
		}
	}
	return false
}

// appendLower appends s with its ASCII letters in lower case.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
