package policy

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards and policy variables.
type pattern struct {
	tokens    []token
	variables int // tokens that are variables
}

// token is one part of a pattern.
type token struct {
	kind     tokenKind
	text     string // of a literal; of a variable its key in lower case
	fallback string // of a variable with a default
	defaults bool   // the variable has one
}

type tokenKind byte

const (
	literal  tokenKind = iota
	anyText            // *: any characters, or none
	anyRune            // ?: exactly one character
	variable           // ${key} or ${key, 'fallback'}
)

// dialect says what is special in a pattern.
type dialect struct {
	wildcards bool
	variables bool // the document's version is 2012-10-17
}

func compile(s string, d dialect) pattern {
	var p pattern
	plain := 0 // from here to i stand characters without a meaning
	for i := 0; i < len(s); {
		t, n := d.special(s[i:])
		if n == 0 {
			i++
			continue
		}
		p.literal(s[plain:i])
		i += n
		plain = i
		switch {
		case t.kind == literal:
			p.literal(t.text)
			continue
		case t.kind == variable:
			p.variables++
		case t.kind == anyText && len(p.tokens) > 0 && p.tokens[len(p.tokens)-1].kind == anyText:
			continue // ** is *
		}
		p.tokens = append(p.tokens, t)
	}
	p.literal(s[plain:])
	return p
}

// literal appends text, to the last token if that is a literal.
func (p *pattern) literal(text string) {
	if text == "" {
		return
	}
	if n := len(p.tokens); n > 0 && p.tokens[n-1].kind == literal {
		p.tokens[n-1].text += text
		return
	}
	p.tokens = append(p.tokens, token{text: text})
}

// special reads a token other than a plain literal from the start of s and
// returns its length. A ${ that nothing closes is plain.
func (d dialect) special(s string) (token, int) {
	switch {
	case d.wildcards && s[0] == '*':
		return token{kind: anyText}, 1
	case d.wildcards && s[0] == '?':
		return token{kind: anyRune}, 1
	case d.variables && strings.HasPrefix(s, "${"):
		if end := strings.IndexByte(s, '}'); end > 0 {
			return parseVariable(s[2:end]), end + 1
		}
	}
	return token{}, 0
}

// parseVariable reads what stands between ${ and }: a key with an optional
// default in single quotes, or one of the characters * ? $ taken literally.
// Anything else is a key that no request has.
func parseVariable(body string) token {
	if body == "*" || body == "?" || body == "$" {
		return token{kind: literal, text: body}
	}
	t := token{kind: variable, text: strings.ToLower(strings.TrimSpace(body))}
	key, fallback, _ := strings.Cut(body, ",")
	fallback = strings.TrimSpace(fallback)
	if n := len(fallback); n >= 2 && fallback[0] == '\'' && fallback[n-1] == '\'' {
		t.text, t.fallback, t.defaults = strings.ToLower(strings.TrimSpace(key)), fallback[1:n-1], true
	}
	return t
}

// everything reports whether the pattern is *.
func (p *pattern) everything() bool { return len(p.tokens) == 1 && p.tokens[0].kind == anyText }

// match reports whether the pattern, with the request's values for its
// variables, is s. A variable whose key is absent or has several values, and
// that has no default, matches nothing.
func (p *pattern) match(s string, context Context) bool {
	if p.variables == 0 {
		return glob(p.tokens, nil, s)
	}
	var few [4]string
	values, ok := p.values(few[:0], context)
	return ok && glob(p.tokens, values, s)
}

// values appends what the variables stand for, in their order.
func (p *pattern) values(values []string, context Context) ([]string, bool) {
	for i := range p.tokens {
		t := &p.tokens[i]
		if t.kind != variable {
			continue
		}
		switch got := context.Values(t.text); {
		case len(got) == 1:
			values = append(values, got[0])
		case t.defaults:
			values = append(values, t.fallback)
		default:
			return nil, false
		}
	}
	return values, true
}

// expand replaces the variables by literals.
func (p *pattern) expand(context Context) (pattern, bool) {
	values, ok := p.values(nil, context)
	if !ok {
		return pattern{}, false
	}
	var out pattern
	for _, t := range p.tokens {
		switch t.kind {
		case literal:
			out.literal(t.text)
		case variable:
			out.literal(values[0])
			values = values[1:]
		default:
			out.tokens = append(out.tokens, t)
		}
	}
	return out, true
}

// String is the text of a pattern that has only literals.
func (p *pattern) String() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0].text
}

// glob compares tokens with s; values are those of the variables. After a *
// it goes back only to the last one, so that its time is at most
// len(tokens) × len(s).
func glob[S string | []byte](tokens []token, values []string, s S) bool {
	star, mark, spent := -1, 0, 0 // tokens, bytes and values that the last * has before it
	i, j, used := 0, 0, 0
	for {
		if i == len(tokens) {
			if j == len(s) {
				return true
			}
		} else {
			switch t := &tokens[i]; t.kind {
			case anyText:
				i++
				if i == len(tokens) {
					return true
				}
				star, mark, spent = i, j, used
				continue
			case anyRune:
				if j < len(s) {
					i, j = i+1, j+width(s[j:])
					continue
				}
			default:
				text := t.text
				if t.kind == variable {
					text = values[used]
				}
				if n := len(text); n <= len(s)-j && string(s[j:j+n]) == text {
					i, j = i+1, j+n
					if t.kind == variable {
						used++
					}
					continue
				}
			}
		}
		if star < 0 || mark == len(s) {
			return false
		}
		mark += width(s[mark:]) // the last * takes one character more
		i, j, used = star, mark, spent
	}
}

// width is the length of the first character of s.
func width[S string | []byte](s S) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	return n
}
