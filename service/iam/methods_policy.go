package iam

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func (s *Service) policyMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(iam.OpCreatePolicy, s.CreatePolicy),
			func(ctx context.Context, in *iam.CreatePolicyInput) []string {
				return created(ctx, "policy", in.Path, in.PolicyName)
			}),
		wire.On(wire.Bind(iam.OpCreatePolicyVersion, s.CreatePolicyVersion),
			func(_ context.Context, in *iam.CreatePolicyVersionInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpDeletePolicy, s.DeletePolicy),
			func(_ context.Context, in *iam.DeletePolicyInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpDeletePolicyVersion, s.DeletePolicyVersion),
			func(_ context.Context, in *iam.DeletePolicyVersionInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpGetPolicy, s.GetPolicy),
			func(_ context.Context, in *iam.GetPolicyInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpGetPolicyVersion, s.GetPolicyVersion),
			func(_ context.Context, in *iam.GetPolicyVersionInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpListEntitiesForPolicy, s.ListEntitiesForPolicy),
			func(_ context.Context, in *iam.ListEntitiesForPolicyInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpListPolicies, s.ListPolicies),
			func(_ context.Context, in *iam.ListPoliciesInput) []string {
				return []string{"policy path " + orRoot(in.PathPrefix)}
			}),
		wire.On(wire.Bind(iam.OpListPolicyTags, s.ListPolicyTags),
			func(_ context.Context, in *iam.ListPolicyTagsInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpListPolicyVersions, s.ListPolicyVersions),
			func(_ context.Context, in *iam.ListPolicyVersionsInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpSetDefaultPolicyVersion, s.SetDefaultPolicyVersion),
			func(_ context.Context, in *iam.SetDefaultPolicyVersionInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpTagPolicy, s.TagPolicy),
			func(_ context.Context, in *iam.TagPolicyInput) []string { return one(in.PolicyArn) }),
		wire.On(wire.Bind(iam.OpUntagPolicy, s.UntagPolicy),
			func(_ context.Context, in *iam.UntagPolicyInput) []string { return one(in.PolicyArn) }),
	}
}

func (s *Service) providerMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(iam.OpAddClientIDToOpenIDConnectProvider, s.AddClientIDToOpenIDConnectProvider),
			func(_ context.Context, in *iam.AddClientIDToOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpCreateOpenIDConnectProvider, s.CreateOpenIDConnectProvider),
			func(ctx context.Context, in *iam.CreateOpenIDConnectProviderInput) []string {
				return newProvider(ctx, in.Url)
			}),
		wire.On(wire.Bind(iam.OpDeleteOpenIDConnectProvider, s.DeleteOpenIDConnectProvider),
			func(_ context.Context, in *iam.DeleteOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpGetOpenIDConnectProvider, s.GetOpenIDConnectProvider),
			func(_ context.Context, in *iam.GetOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpListOpenIDConnectProviderTags, s.ListOpenIDConnectProviderTags),
			func(_ context.Context, in *iam.ListOpenIDConnectProviderTagsInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.Bind(iam.OpListOpenIDConnectProviders, s.ListOpenIDConnectProviders),
		wire.On(wire.Bind(iam.OpRemoveClientIDFromOpenIDConnectProvider, s.RemoveClientIDFromOpenIDConnectProvider),
			func(_ context.Context, in *iam.RemoveClientIDFromOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpTagOpenIDConnectProvider, s.TagOpenIDConnectProvider),
			func(_ context.Context, in *iam.TagOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpUntagOpenIDConnectProvider, s.UntagOpenIDConnectProvider),
			func(_ context.Context, in *iam.UntagOpenIDConnectProviderInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
		wire.On(wire.Bind(iam.OpUpdateOpenIDConnectProviderThumbprint, s.UpdateOpenIDConnectProviderThumbprint),
			func(_ context.Context, in *iam.UpdateOpenIDConnectProviderThumbprintInput) []string {
				return one(in.OpenIDConnectProviderArn)
			}),
	}
}

func (s *Service) accountMethods() []wire.Method {
	return []wire.Method{
		wire.Bind(iam.OpCreateAccountAlias, s.CreateAccountAlias),
		wire.Bind(iam.OpDeleteAccountAlias, s.DeleteAccountAlias),
		wire.Bind(iam.OpListAccountAliases, s.ListAccountAliases),
		wire.Bind(iam.OpGetAccountSummary, s.GetAccountSummary),
		wire.Bind(iam.OpGetAccountAuthorizationDetails, s.GetAccountAuthorizationDetails),
		wire.Bind(iam.OpGetContextKeysForCustomPolicy, s.GetContextKeysForCustomPolicy),
		wire.On(wire.Bind(iam.OpGetContextKeysForPrincipalPolicy, s.GetContextKeysForPrincipalPolicy),
			func(_ context.Context, in *iam.GetContextKeysForPrincipalPolicyInput) []string {
				return one(in.PolicySourceArn)
			}),
		wire.On(wire.Bind(iam.OpListPoliciesGrantingServiceAccess, s.ListPoliciesGrantingServiceAccess),
			func(_ context.Context, in *iam.ListPoliciesGrantingServiceAccessInput) []string { return one(in.Arn) }),
		wire.Bind(iam.OpSimulateCustomPolicy, s.SimulateCustomPolicy),
		wire.On(wire.Bind(iam.OpSimulatePrincipalPolicy, s.SimulatePrincipalPolicy),
			func(_ context.Context, in *iam.SimulatePrincipalPolicyInput) []string { return one(in.PolicySourceArn) }),
	}
}
