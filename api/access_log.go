package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/wire"
)

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
	if !c.config.Log.Enabled(c.request.Context(), level) {
		return
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
