package policy

import "strings"

// Denial is AWS's sentence about a request that is not allowed, of which user
// is the caller's ARN ("Troubleshoot access denied error messages").
func (v Verdict) Denial(user, action, resource string) string {
	return "User: " + user + " is not authorized to perform: " + action + " on resource: " + resource + v.Cause(action)
}

// Cause is the end of Denial, from the space after the resource.
func (v Verdict) Cause(action string) string {
	if v.Decision != ExplicitDeny {
		return " because " + v.Failure(action)
	}
	w := typeWords[v.Type]
	cause := " with an explicit deny in " + w.article + " " + w.long
	if strings.HasPrefix(v.Policy, "arn:") {
		cause += ": " + v.Policy
	}
	return cause
}

// Failure says of an implicit deny which policies do not allow the action.
func (v Verdict) Failure(action string) string {
	return "no " + typeWords[v.Type].long + " allows the " + action + " action"
}
