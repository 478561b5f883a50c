package policy

import (
	"regexp"
	"strings"
)

// Principal is who makes a request. The zero Principal is anonymous: only
// "*" matches it.
type Principal struct {
	ARN     string // arn:aws:iam::A:root, …:user/N, arn:aws:sts::A:assumed-role/R/S
	Account string // 12 digits; empty where no identity of an account asks
	// Issuer is the ARN of the role, with its path, or of the user whose
	// session ARN is. Empty where ARN is not a session. Alone it is any session.
	Issuer        string
	UserID        string // unique id: AIDA…, AROA…:SESSION
	Service       string // eks.amazonaws.com, where an AWS service calls
	Federated     string // identity provider
	CanonicalUser string
}

// String names the principal.
func (p Principal) String() string {
	for _, s := range []string{p.ARN, p.Issuer, p.Service, p.Federated, p.CanonicalUser} {
		if s != "" {
			return s
		}
	}
	return "anonymous"
}

// root reports whether p is the root of its account.
func (p *Principal) root() bool { return p.Issuer == "" && strings.HasSuffix(p.ARN, ":root") }

// federated reports whether p is a session of GetFederationToken.
func (p *Principal) federated() bool { return strings.Contains(p.ARN, ":federated-user/") }

// principals is a Principal or NotPrincipal element.
type principals struct {
	not      bool
	everyone bool
	entries  []principalEntry
	text     string
}

// principalEntry is one value under one of the four kinds of principals.
type principalEntry struct {
	kind    principalKind
	value   string // an account's id, an ARN, a unique id, or a name
	account string // of an ARN
}

type principalKind byte

const (
	anAccount    principalKind = iota // AWS: the account's id or the ARN of its root
	anIdentity                        // AWS: an ARN or a unique id
	aService                          // Service
	aProvider                         // Federated
	aCanonicalID                      // CanonicalUser
)

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
			return nil, malformed(where, "Invalid principal in policy: %q", v.text)
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
			words = append(words, m.name+" "+s)
			if m.name == "AWS" && s == "*" {
				p.everyone = true
				continue
			}
			entry, ok := parsePrincipal(m.name, s)
			if !ok {
				return nil, malformed(where, "Invalid principal in policy: %q:%q", m.name, s)
			}
			p.entries = append(p.entries, entry)
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
		if accountID.MatchString(s) {
			return principalEntry{anAccount, s, s}, true
		}
		if m := accountARN.FindStringSubmatch(s); m != nil {
			return principalEntry{anAccount, m[1], m[1]}, true
		}
		return principalEntry{anIdentity, s, accountOf(s)}, entityARN.MatchString(s) || uniqueID.MatchString(s)
	case "Service":
		return principalEntry{kind: aService, value: s}, s != ""
	case "Federated":
		return principalEntry{kind: aProvider, value: s}, s != ""
	case "CanonicalUser":
		return principalEntry{kind: aCanonicalID, value: s}, s != ""
	}
	return principalEntry{}, false
}

// match says how directly the element speaks of who. Of a user or role with a
// permissions boundary (bounded), NotPrincipal in a Deny says nothing: the
// documentation wants it denied whatever is listed.
func (p *principals) match(who *Principal, effect Effect, bounded bool) grant {
	switch {
	case !p.not:
		return p.names(who)
	case effect == Allow && p.names(who) == noGrant:
		return toPrincipal
	case effect == Deny && (bounded || !p.spares(who)):
		return toPrincipal
	}
	return noGrant
}

// names returns the most direct way in which the list names who.
func (p *principals) names(who *Principal) grant {
	if p.everyone {
		return toPrincipal
	}
	best := noGrant
	for i := range p.entries {
		best = max(best, p.entries[i].names(who))
	}
	return best
}

// spares reports whether a Deny with this NotPrincipal leaves who alone. AWS
// asks for an identity's account, and a session's role, to be listed beside
// it; they spare nobody else then.
func (p *principals) spares(who *Principal) bool {
	g := p.names(who)
	return g == toPrincipal || g != noGrant && !p.narrower(who, g)
}

// narrower reports whether the list has an entry of which that which names
// who with g is only the companion.
func (p *principals) narrower(who *Principal, g grant) bool {
	_, role, _ := strings.Cut(who.Issuer, ":role/")
	role = "assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/"
	for _, e := range p.entries {
		if e.kind != anIdentity || e.account != who.Account {
			continue
		}
		if g == toAccount || strings.Contains(e.value, role) {
			return true
		}
	}
	return false
}

func (e *principalEntry) names(who *Principal) grant {
	var direct string
	switch e.kind {
	case anAccount:
		if e.value == who.Account {
			return toAccount
		}
		return noGrant
	case anIdentity:
		if e.value == who.ARN || e.value == who.UserID {
			return toPrincipal
		}
		role, _, session := strings.Cut(who.UserID, ":")
		if e.value == who.Issuer || session && e.value == role {
			return toIssuer
		}
		return noGrant
	case aService:
		direct = who.Service
	case aProvider:
		direct = who.Federated
	case aCanonicalID:
		direct = who.CanonicalUser
	}
	if e.value == direct {
		return toPrincipal
	}
	return noGrant
}
