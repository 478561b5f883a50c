package policy

import (
	"fmt"
	"slices"
	"strings"
)

// wildcardContext is how many characters AWS wants beside a wildcard.
const wildcardContext = 6

// identifierKeys are the global keys whose values are identifiers that AWS has
// made, in lower case. There is nothing in them to compare but the whole.
var identifierKeys = []string{
	"aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid", "aws:sourceaccount", "aws:sourceorgid",
	"aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid",
}

// Warnings says what AWS advises against in an endpoint policy, and refuses
// where it writes such policies in newer ways ("Control access to VPC
// endpoints using endpoint policies"). Such a policy works all the same.
func Warnings(d *Document) (all []string) {
	warn := func(i int, format string, args ...any) {
		all = append(all, statementName(i)+": "+fmt.Sprintf(format, args...))
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		for j := range s.conditions {
			c := &s.conditions[j]
			if slices.Contains(identifierKeys, c.key) && !c.exact() {
				warn(i, "%s compares an identifier otherwise than as a whole.", c)
			}
			for _, v := range c.values {
				if c.operator.family == stringFamily && c.wildcards() && !wildcardsHaveContext(v) {
					warn(i, "%s has a wildcard without %d characters before or after it.", c, wildcardContext)
				}
				if c.operator.family == arnFamily && mixedAccount(v) {
					warn(i, "%s has an account that is neither an id nor a wildcard.", c)
				}
			}
		}
		if s.resources == nil {
			continue
		}
		for _, v := range s.resources.values {
			if mixedAccount(v) {
				warn(i, "Resource %s has an account that is neither an id nor a wildcard.", v)
			}
		}
	}
	return all
}

// wildcards reports whether * and ? mean something to the operator.
func (c *condition) wildcards() bool { return strings.Contains(strings.ToLower(c.name), "like") }

// exact reports whether the condition compares whole texts.
func (c *condition) exact() bool {
	if c.operator.family == numericFamily {
		return false
	}
	wild := func(v string) bool { return strings.ContainsAny(v, "*?") }
	return !c.wildcards() || !slices.ContainsFunc(c.values, wild)
}

// wildcardsHaveContext reports whether beside each wildcard stand enough other
// characters. * alone is no comparison.
func wildcardsHaveContext(v string) bool {
	runs := strings.FieldsFunc(strings.NewReplacer("*", "\x00*\x00", "?", "\x00?\x00").Replace(v), func(r rune) bool { return r == 0 })
	if v == "*" {
		return true
	}
	for i, run := range runs {
		if run != "*" && run != "?" {
			continue
		}
		before := i > 0 && len(runs[i-1]) >= wildcardContext
		after := i+1 < len(runs) && len(runs[i+1]) >= wildcardContext
		if !before && !after {
			return false
		}
	}
	return true
}

// mixedAccount reports whether the account in an ARN has a wildcard among
// other characters.
func mixedAccount(arn string) bool {
	parts := strings.SplitN(arn, ":", arnParts)
	return len(parts) == arnParts && strings.ContainsAny(parts[4], "*?") && strings.Trim(parts[4], "*?") != ""
}
