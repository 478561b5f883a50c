package iam

import (
	"fmt"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
)

// The errors of the API, one function a case, the text exactly AWS's where it
// is known.

func errNoSuchEntity(format string, args ...any) error {
	return &wire.Error{Code: "NoSuchEntity", Message: fmt.Sprintf(format, args...)}
}

// errNotFound: noun is user, group, role, or one of their policies.
func errNotFound(noun, name string) error {
	return errNoSuchEntity("The %s with name %s cannot be found.", noun, name)
}

func errInstanceProfileNotFound(name string) error {
	return errNoSuchEntity("Instance Profile %s cannot be found.", name)
}

func errPolicyNotFound(arn string) error { return errNoSuchEntity("Policy %s was not found.", arn) }

func errVersionNotFound(arn, version string) error {
	return errNoSuchEntity("Policy %s version %s does not exist or is not attachable.", arn, version)
}

func errNotAttachable(arn string) error {
	return errNoSuchEntity("Policy %s does not exist or is not attachable.", arn)
}

func errKeyNotFound(id string) error {
	return errNoSuchEntity("The Access Key with id %s cannot be found.", id)
}

func errProviderNotFound(arn string) error {
	return errNoSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
}

func errExists(format string, args ...any) error {
	return &wire.Error{Code: "EntityAlreadyExists", Message: fmt.Sprintf(format, args...)}
}

func errConflict(text string) error { return &wire.Error{Code: "DeleteConflict", Message: text} }

// errQuota: name is AWS's of the quota, AccessKeysPerUser.
func errQuota(name string, limit int) error {
	return errLimit("Cannot exceed quota for %s: %d", name, limit)
}

func errLimit(format string, args ...any) error {
	return &wire.Error{Code: "LimitExceeded", Message: fmt.Sprintf(format, args...)}
}

func errInput(format string, args ...any) error {
	return &wire.Error{Code: "InvalidInput", Message: fmt.Sprintf(format, args...)}
}

// errValidation is ValidationError.
func errValidation(format string, args ...any) error {
	return &wire.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

func errARN(arn string) error { return errInput("ARN %s is not valid.", arn) }

func errMalformed(text string) error {
	return &wire.Error{Code: "MalformedPolicyDocument", Message: text}
}

func errProtected(role string) error {
	return &wire.Error{Code: "UnmodifiableEntity",
		Message: "Cannot perform the operation on the protected role '" + role + "' - this role is only modifiable by AWS"}
}

func errServicePolicy() error {
	return &wire.Error{Code: "PolicyNotAttachable", Message: "Cannot attach a Service Role Policy to a Customer Role."}
}

// statusForbidden is HTTP's, which the model of IAM does not have.
const statusForbidden = 403

// errForeign refuses to change, or to show, a policy of somebody else.
func errForeign(c auth.Caller, operation, arn string) error {
	return &wire.Error{Code: "AccessDenied", Status: statusForbidden,
		Message: fmt.Sprintf("User: %s is not authorized to perform: iam:%s on resource: policy %s", c.ARN, operation, arn)}
}
