package main

import (
	"encoding/json"
	"testing"

	"github.com/postern/postern/audit"
)

func TestAuditRequest(t *testing.T) {
	const owner, caller = "111122223333", "444455556666"
	private := audit.Record{RequestID: "1", Account: caller, Endpoint: &audit.Endpoint{ID: "vpce-0a", Account: owner},
		Decision: audit.Decision{Verdict: audit.Deny, Policy: "endpoint"}}
	public := audit.Record{RequestID: "2", Account: owner, Decision: audit.Decision{Verdict: audit.Allow}}
	nobody := audit.Record{RequestID: "3"}
	for _, row := range []struct {
		r    auditRequest
		want string
	}{
		{auditRequest{}, "123"},
		{auditRequest{Endpoint: "vpce-0a"}, "1"},
		{auditRequest{Endpoint: "vpce-0b"}, ""},
		{auditRequest{Denied: true}, "1"},
		{auditRequest{RequestID: "2"}, "2"},
		{auditRequest{Account: owner}, "12"},
		{auditRequest{Account: caller}, "1"},
		{auditRequest{Account: caller, RequestID: "2"}, ""},
	} {
		b, err := json.Marshal(row.r) // as over the control socket
		if err != nil {
			t.Fatal(err)
		}
		var r auditRequest
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range []audit.Record{private, public, nobody} {
			if r.query().Match(&c) {
				got += c.RequestID
			}
		}
		if got != row.want {
			t.Errorf("%+v wants %q, not %q", row.r, got, row.want)
		}
	}
}

func TestDenialLine(t *testing.T) {
	for want, d := range map[string]audit.Denial{
		"denied 2 times: eks:ListClusters on * to nobody (the service itself)":          {Action: "eks:ListClusters", Resource: "*", Count: 2},
		"denied 1 times: a:B on c to d (an explicit deny in a policy of type endpoint)": {Principal: "d", Action: "a:B", Resource: "c", Policy: "endpoint", Explicit: true, Count: 1},
		"denied 1 times: a:B on c to d (no policy of type identity that allows it)":     {Principal: "d", Action: "a:B", Resource: "c", Policy: "identity", Count: 1},
	} {
		if got := denialLine(d); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
