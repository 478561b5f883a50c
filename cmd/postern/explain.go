package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/postern/postern/api"
	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// explainCommand says why something is as it is.
type explainCommand struct {
	Call explainCallCommand `cmd:"" help:"Show how the policies decide a call, statement by statement."`
}

// explainCallCommand explains the decision about a recorded call, or about one
// that nobody has made.
type explainCallCommand struct {
	DataDirFlag
	RequestID string            `name:"request-id" placeholder:"ID" help:"A call that was made: decided again, by the policies of now."`
	Action    string            `placeholder:"eks:DescribeCluster" help:"What is asked for."`
	Resource  string            `default:"*" placeholder:"ARN" help:"On what."`
	Principal string            `placeholder:"ARN" help:"By whom: a root user, a user, a role or a session of it."`
	Via       string            `placeholder:"VPCE" help:"Through this endpoint."`
	Source    string            `placeholder:"ADDR" help:"From this address."`
	Context   map[string]string `placeholder:"KEY=VALUE" help:"Condition keys, instead of those that follow from the rest."`
	JSON      bool              `name:"json" help:"Print JSON."`
}

// explainRequest asks for an explainReply.
type explainRequest struct {
	Action    string            `json:"action"`
	Resource  string            `json:"resource"`
	Principal string            `json:"principal"`
	Via       string            `json:"via,omitempty"`
	Source    string            `json:"source,omitempty"`
	Context   map[string]string `json:"context,omitempty"`
}

// explainReply is a decision. Its JSON form is for programs: members are
// added, never changed.
type explainReply struct {
	Request  explainRequest    `json:"request"`
	Decision string            `json:"decision"` // allowed, implicitDeny or explicitDeny
	Type     string            `json:"type"`     // of the policy that has decided
	Message  string            `json:"message,omitempty"`
	Policies []explainedPolicy `json:"policies"`
}

// explainedPolicy is one type of policy that applies, as a tree.
type explainedPolicy struct {
	Type       string               `json:"type"`
	Level      int                  `json:"level,omitempty"`
	Name       string               `json:"name,omitempty"`
	Statements []explainedStatement `json:"statements"`
}

type explainedStatement struct {
	Number  int             `json:"number"`
	Sid     string          `json:"sid,omitempty"`
	Effect  string          `json:"effect"`
	Applies bool            `json:"applies"`
	Misses  []explainedMiss `json:"misses,omitempty"` // why it does not
}

// explainedMiss is an element that does not match, and what it was compared with.
type explainedMiss struct {
	Element string `json:"element"`
	Want    string `json:"want"`
	Got     string `json:"got"`
}

// Run prints the decision about each resource of the call.
func (e *explainCallCommand) Run() error {
	asked, err := e.requests()
	if err != nil {
		return err
	}
	for _, r := range asked {
		reply, err := askControl(e.DataDir, controlRequest{Explain: &r})
		if err != nil {
			return err
		}
		if reply.Explain == nil {
			return errors.New("the daemon does not explain it")
		}
		if e.JSON {
			err = json.NewEncoder(os.Stdout).Encode(reply.Explain)
		} else {
			_, err = os.Stdout.WriteString(reply.Explain.tree())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// requests are what the command line asks about: for a recorded call one for
// each of its resources.
func (e *explainCallCommand) requests() ([]explainRequest, error) {
	if e.RequestID == "" {
		if e.Action == "" || e.Principal == "" {
			return nil, errors.New("explain call needs --request-id, or --action and --principal")
		}
		return []explainRequest{{e.Action, e.Resource, e.Principal, e.Via, e.Source, e.Context}}, nil
	}
	var all []explainRequest
	err := readAudit(e.DataDir, auditRequest{Since: time.Unix(0, 0), RequestID: e.RequestID}, func(c audit.Record) error {
		if c.Copy {
			return nil
		}
		r := explainRequest{Action: c.Action, Principal: c.Principal, Source: c.Address, Context: e.Context}
		if c.Endpoint != nil {
			r.Via = c.Endpoint.ID
		}
		for _, r.Resource = range c.Resources {
			all = append(all, r)
		}
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no policy was asked about a call %s", e.RequestID)
	}
	return all, err
}

// explainer answers explainRequests.
type explainer struct {
	chain    *api.Server
	records  *store.Store
	identity identities
}

func (e explainer) do(_ context.Context, r explainRequest) (explainReply, error) {
	caller, ok := e.identity.iam.Caller(r.Principal)
	if !ok {
		return explainReply{}, fmt.Errorf("nobody has the ARN %s", r.Principal)
	}
	q := api.Question{Caller: caller, Source: r.Source, Action: r.Action, Resource: r.Resource, Keys: policy.Keys{}}
	for key, value := range r.Context {
		q.Keys[strings.ToLower(key)] = []string{value}
	}
	if r.Via != "" {
		if q.Arrival, ok = e.arrival(r); !ok {
			return explainReply{}, fmt.Errorf("there is no endpoint %s", r.Via)
		}
	}
	is, err := e.chain.Explain(q)
	if err != nil {
		return explainReply{}, err
	}
	return explainReply{r, is.Verdict.Decision.String(), is.Verdict.Type.String(), is.Message, explained(is)}, nil
}

// arrival is how a call through an endpoint comes in.
func (e explainer) arrival(r explainRequest) (vpc.Arrival, bool) {
	for row := range e.records.Endpoints.List(e.records.Snapshot(), "", "") {
		if row.ID == r.Via {
			return vpc.Arrival{
				Endpoint: row.ID, VPC: row.VPC, Service: row.Service, Account: row.Account, Region: row.Region, Source: addressPort(r.Source),
			}, true
		}
	}
	return vpc.Arrival{}, false
}

// explained gathers the reasons by their policies.
func explained(is api.Explanation) []explainedPolicy {
	all := []explainedPolicy{}
	for _, r := range is.Verdict.Reasons {
		last := len(all) - 1
		if last < 0 || all[last].Type != r.Type.String() || all[last].Level != r.Level || all[last].Name != r.Policy || r.Statement == 1 {
			all = append(all, explainedPolicy{Type: r.Type.String(), Level: r.Level, Name: r.Policy})
			last++
		}
		s := explainedStatement{Number: r.Statement, Sid: r.Sid, Effect: r.Effect.String(), Applies: r.Applied()}
		for _, m := range r.Misses {
			s.Misses = append(s.Misses, explainedMiss(m))
		}
		all[last].Statements = append(all[last].Statements, s)
	}
	return all
}
