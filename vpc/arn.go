package vpc

import "strings"

// ARN is an Amazon Resource Name in its parts,
// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. Which of them may be empty, and
// how the last one is made, is the service's business.
type ARN struct {
	Partition string
	Service   string
	Owner
	Resource string // cluster/NAME, role/PATH/NAME, log-group:NAME
}

// ParseARN splits an ARN; false for what is none.
func ParseARN(s string) (ARN, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], Owner{Account: parts[4], Region: parts[3]}, parts[5]}, true
}

// Kind splits the resource at its first slash: role and PATH/NAME.
func (a ARN) Kind() (kind, name string) {
	kind, name, _ = strings.Cut(a.Resource, "/")
	return kind, name
}

// IsAccount reports whether s is the id of an account: 12 digits.
func IsAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }
