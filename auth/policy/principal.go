package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Principal is who makes a request. The zero Principal is anonymous: only
// "*" matches it.
type Principal struct {
	ARN           string // arn:aws:iam::A:root, …:user/N, arn:aws:sts::A:assumed-role/R/S
	Account       string // 12 digits
	Role          string // the role's ARN where ARN is a session of it
	UserID        string // unique id, AIDA…
	Service       string // eks.amazonaws.com, where an AWS service calls
	Federated     string // identity provider
	CanonicalUser string
}

// principals is a Principal or NotPrincipal element.
type principals struct {
	not      bool
	everyone bool
	entries  []principalEntry
	text     string
}

// principalEntry is one value under one of the four kinds of principals.
type principalEntry struct {
	kind  string // AWS, Service, Federated, CanonicalUser
	value string // of AWS: *, an ARN, a unique id, or an account id (account is set)
}

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	accountARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):root$`)
	entityARN  = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::([0-9]{12}):[a-z-]+/[^*?\s]+$`)
	uniqueID   = regexp.MustCompile(`^A[A-Z0-9]{15,127}$`)
)

func parsePrincipals(where string, not bool, v value) (*principals, *Error) {
	p := &principals{not: not}
	if v.kind == text {
		if v.text != "*" {
			return nil, malformed(where, "Invalid principal in policy: %q.", v.text)
		}
		p.everyone, p.text = true, "*"
		return p, nil
	}
	if v.kind != object || len(v.members) == 0 {
		return nil, malformed(where, textSyntax)
	}
	var words []string
	for _, m := range v.members {
		values, ok := m.value.strings()
		if !ok {
			return nil, malformed(where, textSyntax)
		}
		for _, s := range values {
			entry, ok := parsePrincipal(m.name, s)
			if !ok {
				return nil, malformed(where, "Invalid principal in policy: %q:%q.", m.name, s)
			}
			p.entries = append(p.entries, entry)
			words = append(words, m.name+" "+s)
		}
	}
	p.text = strings.Join(words, ", ")
	return p, nil
}

// parsePrincipal checks one value. Wildcards inside an ARN are not part of
// the language: IAM refuses them.
func parsePrincipal(kind, s string) (principalEntry, bool) {
	switch kind {
	case "AWS":
		if m := accountARN.FindStringSubmatch(s); m != nil {
			return principalEntry{kind, m[1]}, true
		}
		valid := s == "*" || accountID.MatchString(s) || entityARN.MatchString(s) || uniqueID.MatchString(s)
		return principalEntry{kind, s}, valid
	case "Service", "Federated", "CanonicalUser":
		return principalEntry{kind, s}, s != ""
	}
	return principalEntry{}, false
}

func (p *principals) match(who Principal) bool {
	found := p.everyone || slices.ContainsFunc(p.entries, func(e principalEntry) bool { return e.match(who) })
	return found != p.not
}

func (e principalEntry) match(who Principal) bool {
	if e.value == "*" && e.kind == "AWS" {
		return true
	}
	switch e.kind {
	case "AWS":
		return slices.Contains([]string{who.Account, who.ARN, who.Role, who.UserID}, e.value)
	case "Service":
		return e.value == who.Service
	case "Federated":
		return e.value == who.Federated
	}
	return e.value == who.CanonicalUser
}
