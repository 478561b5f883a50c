package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/api"
	"github.com/postern/postern/auth/policy"
)

func TestExplainTree(t *testing.T) {
	req := policy.Request{Action: "eks:ListClusters", Resource: "*", Principal: policy.Principal{ARN: "arn:aws:iam::111122223333:user/ann", Account: "111122223333"}}
	set := policy.Set{
		SCPs: [][]policy.Named{{{Name: "p-full", Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}}},
		Identity: []policy.Named{
			{Name: "one", Document: policy.MustParse(`{"Statement":[{"Sid":"A","Effect":"Allow","Action":"ec2:*","Resource":"*"},{"Effect":"Deny","Action":"eks:*","Resource":"*"}]}`)},
			{Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)},
		},
	}
	v := policy.Explain(req, set)
	r := explainReply{
		Request:  explainRequest{Action: req.Action, Resource: req.Resource, Principal: req.Principal.ARN},
		Decision: v.Decision.String(), Type: v.Type.String(), Message: "denied", Policies: explained(api.Explanation{Verdict: v, Set: set}),
	}
	want := `eks:ListClusters on * by arn:aws:iam::111122223333:user/ann: explicitDeny
├─ scp of level 1: p-full
│  └─ statement 1, Allow: applies
├─ identity: one
│  └─ statement 1 (A), Allow: does not apply
│     └─ Action: wants ec2:*, is eks:ListClusters
│  └─ statement 2, Deny: applies
├─ identity: policy
│  └─ statement 1, Allow: applies
└─ denied
`
	if diff := cmp.Diff(want, r.tree()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainNeedsACall(t *testing.T) {
	if _, err := (&explainCallCommand{Action: "eks:ListClusters"}).requests(); err == nil {
		t.Error("a call of nobody is explained")
	}
}
