package sts

import (
	"fmt"
	"time"

	"github.com/postern/postern/wire"
)

// The errors of the STS API, one function a case.

func errDenied(message string) *wire.Error {
	return &wire.Error{Code: "AccessDenied", Message: message, Status: 403}
}

func errInvalid(format string, args ...any) *wire.Error {
	return &wire.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Status: 400}
}

// errConstraint is how the service words a value that breaks a rule of the model.
func errConstraint(value, member, rule string) *wire.Error {
	return errInvalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func errARN() *wire.Error { return errInvalid("Request ARN is invalid") }

func errRootAssumes() *wire.Error { return errDenied("Roles may not be assumed by root accounts.") }

func errWithSession(operation string) *wire.Error {
	return errDenied("Cannot call " + operation + " with session credentials")
}

// errMFA refuses a code of a device that the caller does not have: nobody has one.
func errMFA() *wire.Error {
	return errDenied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
}

func errMFAHalf() *wire.Error {
	return errDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
}

func errDurationChained() *wire.Error {
	return errInvalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
}

func errDurationRole() *wire.Error {
	return errInvalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

func errPolicy(message string) *wire.Error {
	return &wire.Error{Code: "MalformedPolicyDocument", Message: message, Status: 400}
}

func errPacked(percent int, policies bool) *wire.Error {
	message := fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", percent)
	if policies {
		message = fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
	}
	return &wire.Error{Code: "PackedPolicyTooLarge", Message: message, Status: 400}
}

func errIdentityToken(message string) *wire.Error {
	return &wire.Error{Code: "InvalidIdentityToken", Message: message, Status: 400}
}

func errNoJWT() *wire.Error {
	return errIdentityToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

func errMissingClaim(name string) *wire.Error {
	return errIdentityToken("Missing a required claim: " + name)
}

func errTokenExpired(now, expires time.Time) *wire.Error {
	return &wire.Error{Code: "ExpiredTokenException", Status: 400, Message: fmt.Sprintf(
		"Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), expires.Unix())}
}

func errNoProvider(issuer string) *wire.Error {
	return errIdentityToken("No OpenIDConnect provider found in your account for " + issuer)
}

func errNoKey() *wire.Error {
	return errIdentityToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
}

func errProvider(cause error) *wire.Error {
	return &wire.Error{Code: "IDPCommunicationError", Status: 400, Cause: cause,
		Message: "The identity provider could not be reached to verify the incoming identity token."}
}
