package policy

import (
	"strings"
	"unicode/utf8"
)

// Runes of a pattern that are not literal characters. Values below anyRune
// are variables: variable i is firstVariable - i.
const (
	anyText       rune = -1 // *: any characters, or none
	anyRune       rune = -2 // ?: exactly one character
	firstVariable rune = -3 // ${key}
)

// pattern is a text with wildcards and policy variables.
type pattern struct {
	runes     []rune
	variables []variable
}

// variable is ${key} or ${key, 'fallback'}.
type variable struct {
	key         string // lower case
	fallback    string
	hasFallback bool
}

// dialect says what is special in a pattern.
type dialect struct {
	wildcards bool
	variables bool // the document's version is 2012-10-17
}

func compile(s string, d dialect) (pattern, *Error) {
	var p pattern
	for len(s) > 0 {
		if d.variables && strings.HasPrefix(s, "${") {
			body, rest, closed := strings.Cut(s[2:], "}")
			if !closed {
				return pattern{}, malformed("", "A policy variable is not closed: %q.", s)
			}
			if err := p.variable(body); err != nil {
				return pattern{}, err
			}
			s = rest
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case d.wildcards && r == '*':
			r = anyText
		case d.wildcards && r == '?':
			r = anyRune
		}
		p.runes = append(p.runes, r)
	}
	return p, nil
}

// variable appends what stands between ${ and }: a key with an optional
// fallback in single quotes, or one of the characters * ? $ taken literally.
func (p *pattern) variable(body string) *Error {
	if body == "*" || body == "?" || body == "$" {
		p.runes = append(p.runes, rune(body[0]))
		return nil
	}
	key, fallback, has := strings.Cut(body, ",")
	v := variable{key: strings.ToLower(strings.TrimSpace(key)), hasFallback: has}
	if has {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return malformed("", "The default value of a policy variable must be in single quotes: ${%s}.", body)
		}
		v.fallback = fallback[1 : len(fallback)-1]
	}
	if !strings.Contains(v.key, ":") || strings.ContainsAny(v.key, " ${'") {
		return malformed("", "Invalid policy variable: ${%s}.", body)
	}
	p.runes = append(p.runes, firstVariable-rune(len(p.variables)))
	p.variables = append(p.variables, v)
	return nil
}

// expand replaces the variables by the request's values, whose characters are
// literal. It is false where a key is absent or has several values and there
// is no fallback: such a pattern matches nothing.
func (p pattern) expand(context Context) ([]rune, bool) {
	if len(p.variables) == 0 {
		return p.runes, true
	}
	var out []rune
	for _, r := range p.runes {
		if r > firstVariable {
			out = append(out, r)
			continue
		}
		v := p.variables[firstVariable-r]
		switch got := context.Values(v.key); {
		case len(got) == 1:
			out = append(out, []rune(got[0])...)
		case v.hasFallback:
			out = append(out, []rune(v.fallback)...)
		default:
			return nil, false
		}
	}
	return out, true
}

func (p pattern) match(s string, context Context) bool {
	runes, ok := p.expand(context)
	return ok && match(runes, s)
}

// match compares a pattern without variables. It goes back only to the last
// *, so that its time is at most len(p) × len(s).
func match(p []rune, s string) bool {
	i, star, mark := 0, -1, 0
	for j := 0; j < len(s); {
		r, n := utf8.DecodeRuneInString(s[j:])
		switch {
		case i < len(p) && p[i] == anyText:
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyRune || p[i] == r):
			i++
			j += n
		case star >= 0: // let the last * take one character more
			_, n = utf8.DecodeRuneInString(s[mark:])
			mark += n
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyText {
		i++
	}
	return i == len(p)
}
