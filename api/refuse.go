package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/postern/postern/auth/sigv4"
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

// statusGone is logged where the client hung up before there was an answer.
const statusGone = 499

// log writes the request's only line in the log. An error that is our fault
// raises its level and shows its cause, which the client did not see.
func (c *call) log(status int, err error) {
	level := slog.LevelInfo
	gone := c.request.Context().Err() != nil && errors.Is(err, context.Canceled)
	switch {
	case gone:
		status = statusGone
	case status >= 500:
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("req", c.id)}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("acct", c.caller.Account)
	if c.operation != nil {
		add("op", c.action())
	}
	add("vpc", c.arrival.VPC)
	add("vpce", c.arrival.Endpoint)
	add("eni", c.arrival.ENI)
	add("src", c.source())
	attrs = append(attrs, slog.Int("status", status), slog.Duration("dur", time.Since(c.start)))
	if err != nil {
		add("err", explain(err))
	}
	c.config.Log.LogAttrs(c.request.Context(), level, "request", attrs...)
}

// explain is an error's text with the cause that a wire.Error hides. The text
// of a refused signature is the cause.
func explain(err error) string {
	e := (*wire.Error)(nil)
	if !errors.As(err, &e) || e.Cause == nil {
		return err.Error()
	}
	if _, ok := e.Cause.(*sigv4.Error); ok {
		return e.Error()
	}
	return e.Error() + ": " + e.Cause.Error()
}
