package iam

import (
	"strings"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// What answers of the simulators call the kinds of policies.
const (
	identityPolicy = "IAM Policy"
	resourcePolicy = "Resource Policy"
)

// result is the answer for one action on one resource.
func (sim *simulation) result(action, resource string) iam.EvaluationResult {
	req := policy.Request{
		Action: action, Resource: resource, ResourceAccount: sim.owner, Principal: sim.principal, Context: sim.context,
	}
	verdict := policy.Explain(req, sim.set)
	out := iam.EvaluationResult{
		EvalActionName:       &action,
		EvalResourceName:     &resource,
		EvalDecision:         wire.Ptr(verdict.Decision.String()),
		MatchedStatements:    sim.matched(verdict),
		MissingContextValues: sim.missing(),
	}
	if sim.set.Boundary != nil {
		out.PermissionsBoundaryDecisionDetail = &iam.PermissionsBoundaryDecisionDetail{
			AllowedByPermissionsBoundary: wire.Ptr(allows(verdict, policy.Boundary)),
		}
	}
	if sim.set.Resource != nil && sim.crossAccount(resource) {
		out.EvalDecisionDetails = map[string]string{
			identityPolicy: said(verdict, policy.Identity),
			resourcePolicy: said(verdict, policy.Resource),
		}
	}
	if sim.named {
		out.ResourceSpecificResults = []iam.ResourceSpecificResult{{
			EvalResourceName: &resource, EvalResourceDecision: out.EvalDecision, EvalDecisionDetails: out.EvalDecisionDetails,
			MatchedStatements: out.MatchedStatements, MissingContextValues: out.MissingContextValues,
			PermissionsBoundaryDecisionDetail: out.PermissionsBoundaryDecisionDetail,
		}}
	}
	return out
}

func (sim *simulation) crossAccount(resource string) bool {
	owner := sim.owner
	if owner == "" && strings.HasPrefix(resource, "arn:") {
		owner = accountOf(resource)
	}
	return owner != "" && owner != sim.principal.Account
}

// matched are the statements that have made the decision: those that deny
// where one denies, those that allow where it is allowed.
func (sim *simulation) matched(v policy.Verdict) []iam.Statement {
	shapes := []iam.Statement{}
	for _, r := range v.Reasons {
		deciding := v.Decision == policy.ExplicitDeny && r.Effect == policy.Deny || v.Decision == policy.Allowed && r.Effect == policy.Allow
		if !r.Applied() || !deciding || r.Type == policy.Boundary && v.Decision == policy.Allowed {
			continue
		}
		kind := identityPolicy
		if r.Type == policy.Resource {
			kind = resourcePolicy
		}
		text := sim.texts[r.Policy]
		shape := iam.Statement{SourcePolicyId: &r.Policy, SourcePolicyType: &kind}
		if all := statements(text); r.Statement <= len(all) {
			shape.StartPosition = position(text, all[r.Statement-1].start)
			shape.EndPosition = position(text, all[r.Statement-1].end)
		}
		shapes = append(shapes, shape)
	}
	return shapes
}

// missing are the condition keys that the documents ask for and the request
// does not give.
func (sim *simulation) missing() []string {
	missing := []string{}
	for _, key := range distinct(sim.keys) {
		if len(sim.context[strings.ToLower(key)]) == 0 {
			missing = append(missing, key)
		}
	}
	return missing
}

// said is what the policies of one type say of a request.
func said(v policy.Verdict, t policy.Type) string {
	decision := policy.ImplicitDeny
	for _, r := range v.Reasons {
		switch {
		case r.Type != t || !r.Applied():
		case r.Effect == policy.Deny:
			return policy.ExplicitDeny.String()
		default:
			decision = policy.Allowed
		}
	}
	return decision.String()
}

func allows(v policy.Verdict, t policy.Type) bool { return said(v, t) == policy.Allowed.String() }
