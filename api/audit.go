package api

import (
	"cmp"
	"time"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/vpc"
)

// Audit keeps records of calls.
type Audit interface {
	// Record takes over a call that has been answered. Its shapes do not
	// change any more. It must not block for long: the connection's next
	// request waits.
	Record(audit.Call)
}

// record hands the call to the audit. What names no operation of a service is
// no call.
func (c *call) record(err error) {
	if c.config.Audit == nil || c.service == nil {
		return
	}
	if c.operation == nil { // refused before it was looked for
		c.operation, _ = c.service.model.Match(c.request, c.body)
	}
	if c.operation == nil {
		return
	}
	one := audit.Call{
		ID: c.id, Time: time.Now(), Service: c.service.model, Operation: c.operation,
		Caller: c.caller, AccessKey: c.signature.AccessKey, Region: c.recordRegion(), Arrival: c.arrival,
		Source: c.source(), UserAgent: c.request.UserAgent(),
		Outcome: c.outcome, In: c.in, Out: c.out,
	}
	if t := c.request.TLS; t != nil {
		one.TLS = audit.TLS{Version: t.Version, Suite: t.CipherSuite, Host: c.request.Host}
	}
	if err != nil {
		one.Error, one.Out = wireError(c.service.model.Protocol, err), nil
	}
	c.config.Audit.Record(one)
}

// recordRegion is the Region that a call was meant for: a refused signature
// may name any.
func (c *call) recordRegion() string {
	if c.caller.Region != "" {
		return c.caller.Region
	}
	if _, known := vpc.FindRegion(c.signature.Region); known && c.region == "" {
		return c.signature.Region
	}
	return cmp.Or(c.region, c.config.Region)
}
