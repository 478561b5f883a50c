package api

import (
	"errors"
	"net/http"

	"github.com/postern/postern/wire"
)

// plainError refuses a request before any service, and so any protocol, is
// known.
type plainError struct {
	status int
	text   string
}

func (e *plainError) Error() string { return e.text }

// refuse writes an error in the words of the request's protocol.
func (c *call) refuse(w http.ResponseWriter, err error) {
	if plain := (*plainError)(nil); errors.As(err, &plain) {
		w.Header().Set("X-Amzn-RequestId", c.id)
		http.Error(w, plain.text, plain.status)
		return
	}
	model := &wire.Service{Protocol: wire.RESTJSON} // as AWS's front ends answer
	if c.service != nil {
		model = c.service.model
	}
	model.EncodeError(w, c.id, wireError(model.Protocol, err))
}

// wireError turns any error into what a client sees.
func wireError(p wire.Protocol, err error) *wire.Error {
	if e := (*wire.Error)(nil); errors.As(err, &e) {
		return e
	}
	if e, ok := asSignatureError(err); ok {
		return signatureError(p, e)
	}
	out := &wire.Error{Code: "InternalFailure", Message: "An internal error has occurred", Status: http.StatusInternalServerError, Cause: err}
	switch p {
	case wire.EC2:
		out.Code = "InternalError"
	case wire.RESTJSON:
		out.Code = "ServerException"
	}
	return out
}
