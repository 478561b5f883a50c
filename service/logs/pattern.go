package logs

import (
	"strings"
	"unicode"
)

// pattern is a filter pattern for plain text: terms that a message must hold,
// must not hold, or of which it must hold one.
type pattern struct {
	required []string
	excluded []string
	optional []string
}

// matches reports whether a message fits. Terms are found anywhere in it, in
// the same case. As AWS documents it, the optional terms count only where
// there are no others.
func (p pattern) matches(message string) bool {
	for _, term := range p.required {
		if !strings.Contains(message, term) {
			return false
		}
	}
	for _, term := range p.excluded {
		if strings.Contains(message, term) {
			return false
		}
	}
	if len(p.required) > 0 || len(p.excluded) > 0 || len(p.optional) == 0 {
		return true
	}
	for _, term := range p.optional {
		if strings.Contains(message, term) {
			return true
		}
	}
	return false
}

// parsePattern reads terms between spaces: word, "any text", each with an
// optional ? or - before it. An empty pattern matches everything. Patterns
// for JSON, for fields between spaces and for regular expressions are
// refused.
func parsePattern(text string) (pattern, error) {
	var p pattern
	rest := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(rest, "{"):
		return p, errInvalid("Invalid filter pattern: JSON filter patterns are not supported.")
	case strings.HasPrefix(rest, "["):
		return p, errInvalid("Invalid filter pattern: space-delimited filter patterns are not supported.")
	case strings.HasPrefix(rest, "%"):
		return p, errInvalid("Invalid filter pattern: regular expressions are not supported.")
	}
	for rest != "" {
		list := &p.required
		switch rest[0] {
		case '?':
			list, rest = &p.optional, rest[1:]
		case '-':
			list, rest = &p.excluded, rest[1:]
		}
		term, after, err := cutTerm(rest)
		if err != nil {
			return pattern{}, err
		}
		*list = append(*list, term)
		rest = strings.TrimLeftFunc(after, unicode.IsSpace)
	}
	return p, nil
}

// cutTerm takes a term off the front of text.
func cutTerm(text string) (term, rest string, err error) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		return cutQuoted(quoted)
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	term = text[:end]
	odd := func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	if term == "" || strings.ContainsFunc(term, odd) {
		return "", "", errInvalid("Invalid filter pattern: Invalid character(s) in term '" + term + "'")
	}
	return term, text[end:], nil
}

// cutQuoted takes the text up to the closing quote. A backslash takes the
// meaning from a quote or a backslash after it.
func cutQuoted(text string) (term, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		case c != '"':
			b.WriteByte(c)
		case b.Len() == 0:
			return "", "", errInvalid(`Invalid filter pattern: Invalid character(s) in term '""'`)
		case i+1 < len(text) && !unicode.IsSpace(rune(text[i+1])):
			return "", "", errInvalid("Invalid filter pattern")
		default:
			return b.String(), text[i+1:], nil
		}
	}
	return "", "", errInvalid("Invalid filter pattern")
}
