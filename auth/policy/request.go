package policy

import "strings"

// Request is what is asked for.
type Request struct {
	Action   string // eks:DescribeCluster; compared without case
	Resource string // an ARN, or * where the action has no resource

	// ResourceAccount owns the resource: 12 digits. Empty means the account
	// that the resource's ARN names, and where it names none, the principal's.
	ResourceAccount string

	Principal Principal
	Context   Context // nil: no keys
}

// Context is what a request says beside action, resource and principal. Its
// keys are asked for one by one, and only those that a policy mentions.
type Context interface {
	// Values returns the values of a key, which it is given in lower case.
	// None means that the request does not have the key. The caller keeps the
	// list as it is.
	Values(key string) []string
}

// Keys is a Context in a map. Its keys are in lower case.
type Keys map[string][]string

// MakeKeys returns the Keys of a map whose keys are in any case. Values of
// keys that differ only in case are joined.
func MakeKeys(m map[string][]string) Keys {
	k := make(Keys, len(m))
	for name, values := range m {
		name = strings.ToLower(name)
		k[name] = append(k[name], values...)
	}
	return k
}

// Values implements Context.
func (k Keys) Values(key string) []string { return k[key] }

// crossAccount reports whether the principal's account is not that of the
// resource.
func (r *Request) crossAccount() bool {
	owner := r.ResourceAccount
	if owner == "" {
		owner = accountOf(r.Resource)
	}
	return owner != "" && owner != r.Principal.Account
}

// accountOf is the account part of an ARN, empty where that is not an id of
// 12 digits.
func accountOf(arn string) string {
	for range 4 {
		_, rest, ok := strings.Cut(arn, ":")
		if !ok {
			return ""
		}
		arn = rest
	}
	account, _, _ := strings.Cut(arn, ":")
	if !isAccount(account) {
		return ""
	}
	return account
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
