package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// broken lists the rules that a value itself breaks.
func (c *checker) broken(v reflect.Value, shape string, rule *Constraint) []violation {
	var found []violation
	size, what, ok := measure(v)
	if ok && rule.Min != nil && size < *rule.Min {
		kind := other
		if what == "value" {
			kind = tooSmall
		}
		found = append(found, violation{kind: kind, rule: bound(what, "greater", *rule.Min), bound: *rule.Min})
	}
	if ok && rule.Max != nil && size > *rule.Max {
		found = append(found, violation{kind: other, rule: bound(what, "less", *rule.Max)})
	}
	if v.Kind() != reflect.String {
		return found
	}
	if p := c.patterns[shape]; p != nil && !p.MatchString(v.String()) {
		found = append(found, violation{kind: other, rule: matches(rule.Pattern)})
	}
	if len(rule.Enum) > 0 && !slices.Contains(rule.Enum, v.String()) {
		found = append(found, violation{kind: other, rule: oneOf(rule.Enum), code: rule.Code})
	}
	return found
}

// codePoint is a character by its number in a pattern. Java reads four digits;
// models that write more mean what they write.
var codePoint = regexp.MustCompile(`\\u([0-9A-Fa-f]{4,6})`)

// lookaheads are the patterns with a lookahead, and what they say without it
// beside the limits of the length.
var lookaheads = strings.NewReplacer(
	`([a-z0-9]|-(?!-)){1,61}[a-z0-9]`, `(-?[a-z0-9])+`, // account aliases of IAM
)

// compilePattern compiles a model's regular expression, which is one of Java's.
func compilePattern(java string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + codePoint.ReplaceAllString(lookaheads.Replace(java), `\x{$1}`) + `)$`)
}

// measure is what Min and Max are about.
func measure(v reflect.Value) (size int64, what string, ok bool) {
	switch {
	case v.CanInt():
		return v.Int(), "value", true
	case v.Kind() == reflect.String:
		return int64(utf8.RuneCountInString(v.String())), "length", true
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		return int64(v.Len()), "length", true
	}
	return 0, "", false
}

// texts are all rules of a constraint in words.
func (c *Constraint) texts(kind reflect.Kind) []string {
	what := "length"
	if kind == reflect.Int32 || kind == reflect.Int64 {
		what = "value"
	}
	var texts []string
	if c.Max != nil {
		texts = append(texts, bound(what, "less", *c.Max))
	}
	if c.Min != nil {
		texts = append(texts, bound(what, "greater", *c.Min))
	}
	if c.Pattern != "" {
		texts = append(texts, matches(c.Pattern))
	}
	if len(c.Enum) > 0 {
		texts = append(texts, oneOf(c.Enum))
	}
	return texts
}

func bound(what, order string, n int64) string {
	return fmt.Sprintf("Member must have %s %s than or equal to %d", what, order, n)
}

func matches(pattern string) string {
	return "Member must satisfy regular expression pattern: " + pattern
}

func oneOf(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// quote is a value as it stands in the text of a validation error: lists and
// maps as Java writes them, structures in them left out.
func quote(v reflect.Value) string {
	var parts []string
	switch v.Kind() {
	case reflect.Slice:
		for i := range min(v.Len(), maxQuoted) {
			parts = append(parts, element(v.Index(i)))
		}
		return "'" + shorten("["+strings.Join(parts, ", ")+"]") + "'"
	case reflect.Map:
		for _, key := range sortedKeys(v)[:min(v.Len(), maxQuoted)] {
			parts = append(parts, key.String()+"="+element(v.MapIndex(key)))
		}
		return "'" + shorten("{"+strings.Join(parts, ", ")+"}") + "'"
	}
	return "'" + shorten(formatScalar(v)) + "'"
}

// maxQuoted bounds how many elements of a value an answer repeats.
const maxQuoted = 50

func element(v reflect.Value) string {
	if v.Kind() == reflect.Struct || v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return "..."
	}
	return formatScalar(v)
}
