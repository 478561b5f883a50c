package api

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// authenticate proves who calls. From here on the request's context has a
// Caller.
func (c *call) authenticate() error {
	if c.unsigned != nil {
		return c.authenticateNobody()
	}
	secret, caller, err := c.credentials()
	if err != nil {
		return err
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
	if c.config.Used != nil {
		c.config.Used(caller, c.service.model.Name)
	}
	return nil
}

// credentials are those of the access key: of a session where there is a
// token, long-term ones otherwise.
func (c *call) credentials() (secret string, caller auth.Caller, err error) {
	key, token := c.signature.AccessKey, c.signature.Token
	if token == "" {
		secret, caller, ok := c.config.Keys(key)
		if !ok {
			return "", auth.Caller{}, sigv4.ErrUnknownKey()
		}
		return secret, caller, nil
	}
	secret, caller, err = c.config.Sessions.Open(key, token, c.config.Now())
	switch {
	case errors.Is(err, session.ErrExpired):
		return "", auth.Caller{}, sigv4.ErrExpiredToken()
	case err != nil:
		return "", auth.Caller{}, sigv4.ErrUnknownKey()
	}
	return secret, caller, nil
}

// authenticateNobody lets an unsigned request through where its operation
// brings a proof of its own. Its caller has a Region only.
func (c *call) authenticateNobody() error {
	if e, ok := asSignatureError(c.unsigned); !ok || e.Kind != sigv4.Missing {
		return c.unsigned
	}
	op, err := c.service.model.Match(c.request, c.body)
	if err != nil || !c.service.methods[op].Unsigned {
		return c.unsigned
	}
	c.caller = auth.Caller{Region: cmp.Or(c.region, c.config.Region)}
	c.request = c.request.WithContext(auth.WithCaller(c.request.Context(), c.caller))
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
	case sigv4.TokenExpired:
		out.Code = "ExpiredTokenException"
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
	case sigv4.TokenExpired:
		out.Code = "ExpiredToken"
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
	case sigv4.Expired, sigv4.TokenExpired:
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
