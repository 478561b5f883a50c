package iam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// simulation is what the two simulators have in common: who asks, under which
// policies, for what.
type simulation struct {
	set       policy.Set
	texts     map[string]string // documents by the names that answers have
	keys      []string          // that the documents ask for
	context   policy.Keys
	principal policy.Principal
	owner     string // account of the resources; empty: their own

	actions, resources []string
	named              bool // the request names resources
}

// request is what the inputs of the two simulators share.
type request struct {
	actions, resources []string
	policies           []string // PolicyInputList
	boundaries         []string // PermissionsBoundaryPolicyInputList
	resourcePolicy     *string
	caller, owner      *string
	entries            []iam.ContextEntry
}

// SimulateCustomPolicy says what documents that nobody has would allow.
func (s *Service) SimulateCustomPolicy(ctx context.Context, in *iam.SimulateCustomPolicyInput) (*iam.SimulateCustomPolicyOutput, error) {
	sim, err := s.newSimulation(ownerFrom(ctx), "", request{
		in.ActionNames, in.ResourceArns, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList,
		in.ResourcePolicy, in.CallerArn, in.ResourceOwner, in.ContextEntries,
	})
	if err != nil {
		return nil, err
	}
	return &iam.SimulateCustomPolicyOutput{EvaluationResults: sim.run()}, nil
}

// SimulatePrincipalPolicy says what the policies of an identity allow, together
// with further documents.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	r := s.store.Snapshot()
	src, err := s.source(r, ownerFrom(ctx), wire.Value(in.PolicySourceArn))
	if err != nil {
		return nil, err
	}
	sim, err := s.newSimulation(src.GlobalOwner, *in.PolicySourceArn, request{
		in.ActionNames, in.ResourceArns, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList,
		in.ResourcePolicy, in.CallerArn, in.ResourceOwner, in.ContextEntries,
	})
	if err != nil {
		return nil, err
	}
	for _, d := range src.documents {
		sim.set.Identity = append(sim.set.Identity, s.take(sim, d.id(), d.text)...)
	}
	if src.Boundary != "" && sim.set.Boundary == nil {
		sim.set.Boundary = []policy.Named{}
		if p, ok := s.findPolicy(r, src.GlobalOwner, src.Boundary); ok {
			sim.set.Boundary = append(sim.set.Boundary, s.take(sim, p.Name, inForce(p).Document)...)
		}
	}
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: sim.run()}, nil
}

// id is how an answer names a policy.
func (d attachedDocument) id() string {
	if d.arn != "" {
		return d.name
	}
	return d.kind + "_" + d.identity + "_" + d.name
}

// newSimulation checks what a request says. source is the ARN of the identity
// that stands for the caller where the request names none.
func (s *Service) newSimulation(o store.GlobalOwner, source string, in request) (*simulation, error) {
	if err := checkSimulation(in); err != nil {
		return nil, err
	}
	sim := &simulation{
		texts: map[string]string{}, context: policy.Keys{}, actions: in.actions, resources: in.resources, named: len(in.resources) > 0,
		principal: policy.Principal{ARN: wire.Value(in.caller), Account: o.Account},
		owner:     accountOf(wire.Value(in.owner)),
	}
	if sim.principal.ARN == "" {
		sim.principal.ARN = source
	} else if account := accountOf(sim.principal.ARN); account != "" {
		sim.principal.Account = account
	}
	if !sim.named {
		sim.resources = []string{"*"}
	}
	for _, e := range in.entries {
		key := strings.ToLower(wire.Value(e.ContextKeyName))
		sim.context[key] = append(sim.context[key], e.ContextKeyValues...)
	}
	for i, text := range in.policies {
		sim.set.Identity = append(sim.set.Identity, s.take(sim, fmt.Sprintf("PolicyInputList.%d", i+1), text)...)
	}
	for i, text := range in.boundaries {
		sim.set.Boundary = append(sim.set.Boundary, s.take(sim, fmt.Sprintf("PermissionsBoundaryPolicyInputList.%d", i+1), text)...)
	}
	if in.resourcePolicy != nil {
		sim.set.Resource = &s.take(sim, "ResourcePolicy", *in.resourcePolicy)[0]
	}
	return sim, nil
}

func checkSimulation(in request) error {
	documents := slices.Concat(in.policies, in.boundaries)
	if in.resourcePolicy != nil {
		documents = append(documents, *in.resourcePolicy)
		if in.caller == nil {
			return errInput("CallerArn is required when a resource policy is provided.")
		}
	}
	for _, action := range in.actions {
		if service, name, ok := strings.Cut(action, ":"); !ok || service == "" || name == "" || strings.Contains(action, "*") {
			return errInput("Invalid Action: %s", action)
		}
	}
	return checkInputs(documents)
}

// checkInputs checks documents that a request brings.
func checkInputs(documents []string) error {
	for _, text := range documents {
		_, err := policy.Parse(text)
		if bad := (*policy.Error)(nil); errors.As(err, &bad) {
			return errInput("Invalid policy document: %s", bad.Text)
		}
	}
	return nil
}

// take compiles a document of the simulation; one that cannot be is nothing.
func (s *Service) take(sim *simulation, name, text string) []policy.Named {
	d := s.documents.get(text)
	if d == nil {
		return nil
	}
	sim.texts[name] = text
	sim.keys = append(sim.keys, contextKeys(text)...)
	return []policy.Named{{Name: name, Document: d}}
}

// accountOf is the account of an ARN, or an account itself.
func accountOf(s string) string {
	if arn, ok := vpc.ParseARN(s); ok {
		return arn.Account
	}
	return s
}

// run decides every action on every resource.
func (sim *simulation) run() []iam.EvaluationResult {
	results := []iam.EvaluationResult{}
	for _, action := range sim.actions {
		for _, resource := range sim.resources {
			results = append(results, sim.result(action, resource))
		}
	}
	return results
}
