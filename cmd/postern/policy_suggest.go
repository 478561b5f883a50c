package main

import (
	"cmp"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/vpc"
)

// policySuggestCommand makes a policy of what was called.
type policySuggestCommand struct {
	DataDirFlag
	Endpoint string         `required:"" placeholder:"VPCE" help:"The endpoint."`
	Since    time.Duration  `default:"24h" help:"How far to look back."`
	Per      audit.Grouping `enum:"principal,account" default:"principal" help:"Whom the policy names: each principal, or accounts as a whole."`
}

// Run prints the policy. Where that of all principals is longer than a policy
// may be, it names accounts.
func (p *policySuggestCommand) Run() error {
	var s audit.Suggestion
	r := auditRequest{Since: time.Now().Add(-p.Since), Endpoint: p.Endpoint}
	err := readAudit(p.DataDir, r, func(c audit.Record) error {
		s.Add(c)
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range s.Denied() {
		fmt.Fprintln(os.Stderr, denialLine(d))
	}
	document, err := p.document(&s)
	if err != nil {
		return err
	}
	_, err = fmt.Print(document)
	return err
}

func (p *policySuggestCommand) document(s *audit.Suggestion) (string, error) {
	most := vpc.DefaultLimits().PolicySize
	document, err := s.Policy(p.Per)
	switch {
	case err != nil:
		return "", err
	case document == "":
		return "", fmt.Errorf("no call through %s was allowed in the last %s", p.Endpoint, p.Since)
	case utf8.RuneCountInString(document) <= most:
		return document, nil
	case p.Per == audit.PerAccount:
		return "", fmt.Errorf("the policy is longer than the %d characters that an endpoint's may have", most)
	}
	fmt.Fprintf(os.Stderr, "the policy of all principals is longer than the %d characters that an endpoint's may have: this one names accounts\n", most)
	p.Per = audit.PerAccount
	return p.document(s)
}

// denialLine says what was denied.
func denialLine(d audit.Denial) string {
	by := "the service itself"
	switch {
	case d.Explicit:
		by = "an explicit deny in a policy of type " + d.Policy
	case d.Policy != "":
		by = "no policy of type " + d.Policy + " that allows it"
	}
	return fmt.Sprintf("denied %d times: %s on %s to %s (%s)", d.Count, d.Action, d.Resource, cmp.Or(d.Principal, "nobody"), by)
}
