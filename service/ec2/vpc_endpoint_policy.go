package ec2

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/postern/postern/auth/policy"
)

// fullAccess is what an endpoint without a policy of its own answers, byte
// for byte.
const fullAccess = `{
  "Statement": [
    {
      "Action": "*", 
      "Effect": "Allow", 
      "Principal": "*", 
      "Resource": "*"
    }
  ]
}`

// checkPolicy wants the document of an endpoint policy; empty stands for full
// access.
func (s *Service) checkPolicy(document string) error {
	if document == "" {
		return nil
	}
	if utf8.RuneCountInString(document) > s.limits.PolicySize {
		return errPolicySize(s.limits.PolicySize)
	}
	err := policy.Validate(policy.Endpoint, document)
	switch {
	case err == nil:
		return nil
	case !json.Valid([]byte(document)):
		return errPolicyJSON(err)
	}
	return errPolicySyntax(err)
}

// checkPolicy refuses a policy where endpoints to the service have none: only
// one that allows everything may be given.
func (t endpointTarget) checkPolicy(document string) error {
	if t.policies() || document == "" || allowsAll(document) {
		return nil
	}
	return errPolicyUnsupported(t.name())
}

// allowsAll reports whether a policy says, in whatever form, what fullAccess
// says.
func allowsAll(document string) bool {
	var d struct{ Statement any }
	if json.Unmarshal([]byte(document), &d) != nil {
		return false
	}
	if list, ok := d.Statement.([]any); ok && len(list) == 1 {
		d.Statement = list[0]
	}
	statement, ok := d.Statement.(map[string]any)
	if !ok || statement["Effect"] != "Allow" {
		return false
	}
	principal := statement["Principal"]
	if by, ok := principal.(map[string]any); ok && len(by) == 1 {
		principal = by["AWS"]
	}
	for name := range statement {
		switch name {
		case "Sid", "Effect", "Principal", "Action", "Resource":
		default: // a condition
			return false
		}
	}
	return isAny(principal) && isAny(statement["Action"]) && isAny(statement["Resource"])
}

// isAny reports whether an element of a policy is * or a list of just that.
func isAny(v any) bool {
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	return v == "*"
}
