package policy

import (
	"slices"
	"strings"
	"unicode"
)

// Sizes that IAM allows, in characters as Size counts them. The inline
// policies of one user, group or role count together.
const (
	MaxUserPolicies  = 2048
	MaxGroupPolicies = 5120
	MaxRolePolicies  = 10240
	MaxManagedPolicy = 6144
	MaxTrustPolicy   = 2048
)

// Size is the length of a document as IAM counts it: without white space.
func Size(doc string) int {
	n := 0
	for _, r := range doc {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// Validate reports what makes a document unfit to be written as a policy of
// that type. The error is an *Error; that of Identity, Boundary, Session, SCP
// and Trust is word by word the message of IAM's or STS's
// MalformedPolicyDocument. What Validate accepts, Parse does.
func Validate(t Type, doc string) error {
	root, err := parseJSON(doc)
	switch {
	case t == Trust && err != nil:
		return malformed("", "This policy contains invalid Json")
	case t == Session && err != nil:
		return malformed("", "The policy is not in the valid JSON format.")
	}
	var wrong *Error
	switch {
	case t == Trust:
		wrong = validateTrust(root)
	case t == Resource || t == RCP || t == Endpoint:
		wrong = validateAttached(t, doc)
	case err != nil:
		wrong = malformed("", textSyntax)
	default:
		wrong = validateIdentity(root)
	}
	if wrong == nil {
		return nil // not a nil *Error in an error
	}
	return wrong
}

// validateAttached checks a policy that hangs on something else than an
// identity: each statement names its principals, and but for a resource's
// policy, the resources.
func validateAttached(t Type, doc string) *Error {
	d, err := Parse(doc)
	if err != nil {
		return err.(*Error)
	}
	for i, s := range d.Statements {
		if s.principals == nil {
			return malformed(statementName(i), "Missing required field Principal")
		}
		if s.resources == nil && t != Resource {
			return malformed(statementName(i), textResources)
		}
		for _, c := range s.conditions {
			if c.invalid {
				return malformed(statementName(i), "Invalid value: %s.", c.String())
			}
		}
	}
	return nil
}

// validateTrust checks the trust policy of a role.
func validateTrust(root value) *Error {
	statements, _ := root.statements()
	for _, s := range statements {
		if err := validateTrustStatement(s); err != nil {
			return err
		}
	}
	if _, err := parseDocument(root); err != nil {
		return malformed("", "%s", err.Text)
	}
	return validateSids(statements)
}

func validateTrustStatement(s value) *Error {
	for _, name := range []string{"Resource", "NotResource"} {
		if s.has(name) {
			return malformed("", "Has prohibited field %s", name)
		}
	}
	switch {
	case !s.has("Effect"):
		return malformed("", "Missing required field Effect")
	case !s.has("Principal") && !s.has("NotPrincipal"):
		return malformed("", "Missing required field Principal")
	case !s.has("Action") && !s.has("NotAction"):
		return malformed("", "Missing required field Action")
	}
	actions, _ := s.member("Action").strings()
	for _, a := range actions {
		if !strings.HasPrefix(strings.ToLower(a), "sts:") {
			return malformed("", "AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if err := validateTrusted(s.member(name)); err != nil {
			return err
		}
	}
	return nil
}

// validateTrusted checks whom a role trusts.
func validateTrusted(v value) *Error {
	switch {
	case v.kind == text && v.text == "*":
		return malformed("", `AssumeRolepolicy contained an invalid principal: "STAR":"*".`)
	case v.kind == object && len(v.members) == 0:
		return malformed("", "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!")
	}
	for _, m := range v.members {
		names, _ := m.value.strings()
		for _, s := range names {
			valid := true
			switch m.name {
			case "Service":
				valid = isHost(s)
			case "Federated":
				valid = isHost(s) || strings.Contains(s, ":oidc-provider/") || strings.Contains(s, ":saml-provider/")
			case "CanonicalUser":
				valid = false
			}
			if !valid {
				return malformed("", `Invalid principal in policy: "%s":"%s"`, strings.ToUpper(m.name), s)
			}
		}
	}
	return nil
}

// isHost reports whether s is like eks.amazonaws.com.
func isHost(s string) bool {
	return strings.Contains(s, ".") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// validateIdentity checks in the order in which IAM does, so that of several
// mistakes the same one is reported.
func validateIdentity(root value) *Error {
	statements, ok := root.statements()
	if !ok || !isPolicy(root) || !all(statements, isStatement) {
		return malformed("", textSyntax)
	}
	names := func(s value) bool { return s.has("Principal") || s.has("NotPrincipal") }
	switch {
	case root.member("Version").text != "2012-10-17":
		return malformed("", "Policy document must be version 2012-10-17 or greater.")
	case slices.ContainsFunc(statements, names):
		return malformed("", "Policy document should not specify a principal.")
	case !all(statements, isLegacy):
		return malformed("", textLegacy)
	}
	mistaken := validateResources(statements)
	if mistaken != nil && mistaken.Text == textLegacy {
		return mistaken
	}
	if err := validateSids(statements); err != nil {
		return err
	}
	if !all(statements, func(s value) bool { return s.lists("Action") }) {
		return malformed("", textActions)
	}
	if mistaken != nil {
		return mistaken
	}
	for _, s := range statements {
		for _, action := range s.either("Action") {
			if err := checkAction(action); err != nil {
				return err
			}
		}
	}
	if !all(statements, func(s value) bool { return s.lists("Resource") }) {
		return malformed("", textResources)
	}
	if _, err := parseDocument(root); err != nil {
		return malformed("", textSyntax)
	}
	return nil
}

// validateSids wants letters and digits in the names of statements, and no
// name twice.
func validateSids(statements []value) *Error {
	seen := map[string]bool{}
	for _, s := range statements {
		sid := s.member("Sid").text
		for _, r := range sid {
			if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return malformed("", "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
			}
		}
		if sid != "" && seen[sid] {
			return malformed("", textSids)
		}
		seen[sid] = true
	}
	return nil
}

func all(values []value, f func(value) bool) bool {
	return !slices.ContainsFunc(values, func(v value) bool { return !f(v) })
}
