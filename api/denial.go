package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
)

// denied is AWS's text of a denial, naming the type of policy that decided.
func (c *call) denied(req policy.Request, verdict policy.Verdict) *wire.Error {
	model := c.service.model
	switch model.Protocol {
	case wire.EC2:
		return c.deniedEC2(req, verdict)
	case wire.Query:
		return &wire.Error{Code: "AccessDenied", Message: c.denial(req, verdict), Status: http.StatusForbidden}
	}
	const code = "AccessDeniedException"
	out := &wire.Error{Code: code, Message: c.denial(req, verdict), Status: http.StatusForbidden}
	if shape, modelled := model.Errors[code]; modelled {
		out.Status = shape.Status
	} else if model.Protocol == wire.JSON {
		out.Status = http.StatusBadRequest
	}
	return out
}

func (c *call) denial(req policy.Request, verdict policy.Verdict) string {
	return verdict.Denial(c.caller.ARN, req.Action, req.Resource)
}

// deniedEC2 says more to whoever may decode it (sts:DecodeAuthorizationMessage).
func (c *call) deniedEC2(req policy.Request, verdict policy.Verdict) *wire.Error {
	text := "You are not authorized to perform this operation. "
	if req.Resource == "*" {
		text += fmt.Sprintf("User: %s is not authorized to perform: %s%s", c.caller.ARN, req.Action, verdict.Cause(req.Action))
	} else {
		text += c.denial(req, verdict)
	}
	text += c.explain(req, verdict)
	return &wire.Error{Code: "UnauthorizedOperation", Message: text, Status: http.StatusForbidden}
}

// explain seals why a request was refused, with the global keys that it had.
func (c *call) explain(req policy.Request, verdict policy.Verdict) string {
	if c.config.Messages == nil {
		return ""
	}
	keys := policy.Keys{}
	for _, key := range globalKeys {
		if values := req.Context.Values(strings.ToLower(key.Name)); len(values) > 0 {
			keys[key.Name] = values
		}
	}
	encoded, err := message.Seal(c.config.Messages, req, keys, verdict)
	if err != nil { // the texts of a request are always written as JSON
		panic(err)
	}
	return ". Encoded authorization failure message: " + encoded
}
