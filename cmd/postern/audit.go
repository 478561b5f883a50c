package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/postern/postern/audit"
)

// auditCommand prints who has called what.
type auditCommand struct {
	DataDirFlag
	Since     time.Duration `default:"24h" help:"How far to look back."`
	Endpoint  string        `placeholder:"VPCE" help:"Only calls through this endpoint."`
	Denied    bool          `help:"Only calls that a policy has denied."`
	RequestID string        `name:"request-id" placeholder:"ID" help:"Only the call with this request id."`
	Account   string        `help:"Only events that this account receives."`
	Records   bool          `help:"Print the records behind the events: the action, the resources and the principal that policies were asked about, and what they said."`
}

// auditRequest asks for a page of records, the oldest first.
type auditRequest struct {
	Since     time.Time `json:"since"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Denied    bool      `json:"denied,omitempty"`
	RequestID string    `json:"requestID,omitempty"`
	Account   string    `json:"account,omitempty"`
	After     string    `json:"after,omitempty"`
}

func (r auditRequest) query() audit.Query {
	return audit.Query{From: r.Since, After: r.After, Match: r.wants}
}

func (r auditRequest) wants(c *audit.Record) bool {
	switch {
	case r.Endpoint != "" && (c.Endpoint == nil || c.Endpoint.ID != r.Endpoint),
		r.Denied && c.Decision.Verdict != audit.Deny,
		r.RequestID != "" && c.RequestID != r.RequestID,
		r.Account != "" && c.Account != r.Account && (c.Endpoint == nil || c.Endpoint.Account != r.Account):
		return false
	}
	return true
}

// Run prints the events.
func (a *auditCommand) Run() error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	r := auditRequest{
		Since: time.Now().Add(-a.Since), Endpoint: a.Endpoint, Denied: a.Denied, RequestID: a.RequestID, Account: a.Account}
	return readAudit(a.DataDir, r, func(c audit.Record) error {
		if a.Records {
			return out.Encode(c)
		}
		for _, e := range c.Events() {
			if a.Account != "" && e.RecipientAccountID != a.Account {
				continue
			}
			if err := out.Encode(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// readAudit gives each all records that r asks for, page by page.
func readAudit(d dataDir, r auditRequest, each func(audit.Record) error) error {
	for {
		reply, err := askControl(d, controlRequest{Audit: &r})
		if err != nil {
			return err
		}
		if reply.Audit == nil {
			return errors.New("the daemon has no records of calls")
		}
		for _, c := range reply.Audit.Records {
			if err := each(c); err != nil {
				return err
			}
		}
		if r.After = reply.Audit.Next; r.After == "" {
			return nil
		}
	}
}
