package sigv4

import "fmt"

// Kind says what is wrong with a signature. Each protocol has its own code
// for it.
type Kind int

const (
	Missing      Kind = iota + 1 // the request is not signed
	Incomplete                   // a part is absent or malformed, or the algorithm is another
	UnknownKey                   // nobody has this access key, or the session token is invalid
	TokenExpired                 // the session is over
	Mismatch                     // the signature, the scope or the signed headers are wrong
	Expired                      // signed too long ago, or not valid yet
)

// Error is why a request is not authenticated.
type Error struct {
	Kind Kind
	Text string // AWS's text where it is known
}

func (e *Error) Error() string { return e.Text }

func refuse(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// ErrUnknownKey refuses an access key that does not exist.
func ErrUnknownKey() *Error {
	return refuse(UnknownKey, "The security token included in the request is invalid.")
}

// ErrExpiredToken refuses the credentials of a session that is over.
func ErrExpiredToken() *Error {
	return refuse(TokenExpired, "The security token included in the request is expired")
}

// ErrService refuses a credential scope of another service.
func ErrService(want string) *Error {
	return refuse(Mismatch, "Credential should be scoped to correct service: '%s'. ", want)
}

// ErrRegion refuses a credential scope of another Region.
func ErrRegion(got string) *Error {
	return refuse(Mismatch, "Credential should be scoped to a valid region, not '%s'. ", got)
}

const textMismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
