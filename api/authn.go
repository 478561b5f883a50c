package api

import (
	"errors"
	"net/http"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// authenticate proves who calls. From here on the request's context has a
// Caller.
func (c *call) authenticate() error {
	if c.unsigned != nil {
		return c.unsigned
	}
	secret, caller, ok := c.config.Keys(c.signature.AccessKey)
	if !ok {
		return sigv4.ErrUnknownKey()
	}
	if want := c.service.model.SigningName; c.signature.Service != want {
		return sigv4.ErrService(want)
	}
	_, known := vpc.FindRegion(c.signature.Region)
	if !known || c.region != "" && c.signature.Region != c.region {
		return sigv4.ErrRegion(c.signature.Region)
	}
	if err := c.keys.Verify(&c.signature, c.request, c.body, secret, c.config.Now()); err != nil {
		return err
	}
	caller.Region, caller.AccessKey = c.signature.Region, c.signature.AccessKey
	c.caller = caller
	c.request = c.request.WithContext(auth.WithCaller(c.request.Context(), caller))
	return nil
}

// signatureError gives a refused signature its code in a protocol.
func signatureError(p wire.Protocol, e *sigv4.Error) *wire.Error {
	switch p {
	case wire.EC2:
		return signatureErrorEC2(e)
	case wire.Query:
		return signatureErrorQuery(e)
	}
	out := &wire.Error{Message: e.Text, Status: http.StatusForbidden, Cause: e}
	if p == wire.JSON {
		out.Status = http.StatusBadRequest
	}
	switch e.Kind {
	case sigv4.Missing:
		out.Code = "MissingAuthenticationTokenException"
	case sigv4.Incomplete:
		out.Code = "IncompleteSignatureException"
	case sigv4.UnknownKey:
		out.Code = "UnrecognizedClientException"
	default:
		out.Code = "InvalidSignatureException"
	}
	return out
}

func signatureErrorQuery(e *sigv4.Error) *wire.Error {
	out := &wire.Error{Message: e.Text, Status: http.StatusForbidden, Cause: e}
	switch e.Kind {
	case sigv4.Missing:
		out.Code, out.Message = "MissingAuthenticationToken", "Request is missing Authentication Token"
	case sigv4.Incomplete:
		out.Code, out.Status = "IncompleteSignature", http.StatusBadRequest
	case sigv4.UnknownKey:
		out.Code = "InvalidClientTokenId"
	default:
		out.Code = "SignatureDoesNotMatch"
	}
	return out
}

func signatureErrorEC2(e *sigv4.Error) *wire.Error {
	out := &wire.Error{Cause: e}
	switch e.Kind {
	case sigv4.Missing:
		out.Code, out.Message = "MissingParameter", "The request must contain the parameter AWSAccessKeyId"
	case sigv4.Incomplete:
		out.Code, out.Message = "IncompleteSignature", e.Text
	case sigv4.Expired:
		out.Code, out.Message = "RequestExpired", "Request has expired."
	default:
		out.Code, out.Status = "AuthFailure", http.StatusUnauthorized
		out.Message = "AWS was not able to validate the provided access credentials"
	}
	return out
}

// asSignatureError reports whether err is a refused signature.
func asSignatureError(err error) (*sigv4.Error, bool) {
	e := (*sigv4.Error)(nil)
	return e, errors.As(err, &e)
}
