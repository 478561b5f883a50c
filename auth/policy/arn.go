package policy

import "strings"

// arnParts is the number of parts of an ARN:
// arn:partition:service:region:account:resource.
const arnParts = 6

// resourcePattern is one value of a Resource element. Its wildcards stay
// within a part of the ARN, but for a * at the end of a part, which reaches
// over the colons that follow ("IAM JSON policy elements: Resource"). An ARN
// that ends early is completed with *.
type resourcePattern struct {
	head []pattern // parts to be compared one by one
	tail pattern   // the rest of the ARN
}

func compileResource(s string, d dialect) resourcePattern {
	whole := compile(s, d)
	parts := splitARN(whole.tokens)
	if len(parts) < arnParts && strings.HasPrefix(s, "arn:") {
		whole = compile(s+strings.Repeat(":*", arnParts-len(parts)), d)
		parts = splitARN(whole.tokens)
	}
	last := 0 // the first part whose end is *, or the resource itself
	bound := false
	for last < len(parts)-1 && !endsInStar(parts[last].tokens) {
		bound = bound || hasWildcard(parts[last].tokens)
		last++
	}
	if !bound || len(parts) < arnParts { // the colons of both stand one over the other
		return resourcePattern{tail: whole}
	}
	return resourcePattern{head: parts[:last], tail: joinARN(parts[last:])}
}

func endsInStar(tokens []token) bool {
	return len(tokens) > 0 && tokens[len(tokens)-1].kind == anyText
}

func hasWildcard(tokens []token) bool {
	for _, t := range tokens {
		if t.kind == anyText || t.kind == anyRune {
			return true
		}
	}
	return false
}

func (r *resourcePattern) match(arn string, context Context) bool {
	for i := range r.head {
		part, rest, ok := strings.Cut(arn, ":")
		if !ok || !r.head[i].match(part, context) {
			return false
		}
		arn = rest
	}
	return r.tail.match(arn, context)
}

// arnPattern is one value of an ARN condition. Each of the six parts is
// compared for itself; * alone is everything.
type arnPattern struct {
	whole pattern
	parts []pattern // nil where a variable may hold colons
}

func compileARN(s string, d dialect) arnPattern {
	a := arnPattern{whole: compile(s, d)}
	parts := splitARN(a.whole.tokens)
	for _, p := range parts[:len(parts)-1] {
		if p.variables > 0 {
			return a
		}
	}
	if len(parts) == arnParts || a.whole.variables == 0 {
		a.parts = parts
	}
	return a
}

func (a *arnPattern) match(arn string, context Context) bool {
	if a.whole.everything() {
		return true
	}
	parts := a.parts
	if parts == nil {
		expanded, ok := a.whole.expand(context)
		if !ok {
			return false
		}
		parts = splitARN(expanded.tokens)
	}
	if len(parts) != arnParts {
		return false
	}
	for i := range parts {
		part, rest, more := strings.Cut(arn, ":")
		switch {
		case i == arnParts-1:
			part = arn
		case !more:
			return false
		}
		if !parts[i].match(part, context) {
			return false
		}
		arn = rest
	}
	return true
}

// splitARN cuts a pattern at its first five colons.
func splitARN(tokens []token) []pattern {
	parts := make([]pattern, 1, arnParts)
	for _, t := range tokens {
		if t.kind == literal {
			for len(parts) < arnParts {
				part, rest, more := strings.Cut(t.text, ":")
				if !more {
					break
				}
				parts[len(parts)-1].literal(part)
				parts = append(parts, pattern{})
				t.text = rest
			}
			parts[len(parts)-1].literal(t.text)
			continue
		}
		p := &parts[len(parts)-1]
		p.tokens = append(p.tokens, t)
		if t.kind == variable {
			p.variables++
		}
	}
	return parts
}

// joinARN is the way back.
func joinARN(parts []pattern) pattern {
	var whole pattern
	for i, p := range parts {
		if i > 0 {
			whole.literal(":")
		}
		for _, t := range p.tokens {
			if t.kind == literal {
				whole.literal(t.text)
			} else {
				whole.tokens = append(whole.tokens, t)
			}
		}
		whole.variables += p.variables
	}
	return whole
}
