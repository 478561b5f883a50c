package policy

import "fmt"

// Error says why a document is malformed.
type Error struct {
	Where string // place in the document, such as `Statement 2, Condition`; empty for the whole
	Text  string // AWS's text where it is known
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Text
	}
	return e.Where + ": " + e.Text
}

// Texts of IAM, EC2 and STS.
const (
	textNotJSON   = "The specified policy document is not a valid JSON policy document."
	textSyntax    = "Syntax errors in policy."
	textVendor    = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	textLegacy    = "The policy failed legacy parsing"
	textActions   = "Policy statement must contain actions."
	textResources = "Policy statement must contain resources."
	textARN       = "Resource %s must be in ARN format or \"*\"."
	textSids      = "Statement IDs (SID) in a single policy must be unique."
)

func malformed(where, format string, args ...any) *Error {
	return &Error{Where: where, Text: fmt.Sprintf(format, args...)}
}
