package policy

import (
	"slices"
	"strings"
)

// arnParts is the number of parts of an ARN:
// arn:partition:service:region:account:resource.
const arnParts = 6

// arnPattern matches ARNs part by part: a wildcard never reaches over one of
// the first five colons. A pattern with fewer parts is completed with *, as
// IAM does, so that * alone matches everything, even what is not an ARN.
type arnPattern struct {
	pattern pattern
	parts   [][]rune // split in advance where the pattern has no variables
}

func compileARN(s string, d dialect) (arnPattern, *Error) {
	p, err := compile(s, d)
	if err != nil {
		return arnPattern{}, err
	}
	a := arnPattern{pattern: p}
	if len(p.variables) == 0 {
		a.parts = splitARN(p.runes)
	}
	return a, nil
}

// everything reports whether the pattern is *.
func (a arnPattern) everything() bool {
	return len(a.pattern.runes) == 1 && a.pattern.runes[0] == anyText
}

func (a arnPattern) match(s string, context Context) bool {
	if a.everything() {
		return true
	}
	parts := a.parts
	if parts == nil {
		runes, ok := a.pattern.expand(context)
		if !ok {
			return false
		}
		parts = splitARN(runes)
	}
	got := strings.SplitN(s, ":", arnParts)
	if len(got) != arnParts || got[0] != "arn" {
		return false
	}
	for i, part := range parts {
		if !match(part, got[i]) {
			return false
		}
	}
	return true
}

// splitARN cuts a pattern at its first five colons and completes it.
func splitARN(p []rune) [][]rune {
	parts := make([][]rune, 0, arnParts)
	for len(parts) < arnParts-1 {
		i := slices.Index(p, ':')
		if i < 0 {
			break
		}
		parts = append(parts, p[:i])
		p = p[i+1:]
	}
	parts = append(parts, p)
	for len(parts) < arnParts {
		parts = append(parts, []rune{anyText})
	}
	return parts
}
