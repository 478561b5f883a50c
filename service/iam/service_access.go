package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// ListPoliciesGrantingServiceAccess lists, for each service that a request
// names, the policies of an identity that allow something of it.
func (s *Service) ListPoliciesGrantingServiceAccess(ctx context.Context, in *iam.ListPoliciesGrantingServiceAccessInput) (*iam.ListPoliciesGrantingServiceAccessOutput, error) {
	src, err := s.source(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.Arn))
	if err != nil {
		return nil, err
	}
	out := &iam.ListPoliciesGrantingServiceAccessOutput{
		IsTruncated: wire.Ptr(false), PoliciesGrantingServiceAccess: []iam.ListPoliciesGrantingServiceAccessEntry{},
	}
	for _, service := range in.ServiceNamespaces {
		entry := iam.ListPoliciesGrantingServiceAccessEntry{ServiceNamespace: &service, Policies: []iam.PolicyGrantingServiceAccess{}}
		for _, d := range src.documents {
			if slices.ContainsFunc(statements(d.text), func(st statement) bool { return st.grants(service) }) {
				entry.Policies = append(entry.Policies, grantingShape(d))
			}
		}
		out.PoliciesGrantingServiceAccess = append(out.PoliciesGrantingServiceAccess, entry)
	}
	return out, nil
}

// grantingShape names the identity of an inline policy, and the ARN of a
// managed one.
func grantingShape(d attachedDocument) iam.PolicyGrantingServiceAccess {
	if d.arn != "" {
		return iam.PolicyGrantingServiceAccess{PolicyArn: &d.arn, PolicyName: &d.name, PolicyType: wire.Ptr(iam.PolicyTypeManaged)}
	}
	return iam.PolicyGrantingServiceAccess{
		EntityName: &d.identity, EntityType: wire.Ptr(strings.ToUpper(d.kind)), PolicyName: &d.name, PolicyType: wire.Ptr(iam.PolicyTypeInline),
	}
}
