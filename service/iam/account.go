package iam

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateAccountAlias gives the account its one alias, instead of the one that
// it has. No other account may have it.
func (s *Service) CreateAccountAlias(ctx context.Context, in *iam.CreateAccountAliasInput) (*iam.CreateAccountAliasOutput, error) {
	a := store.AccountAlias{GlobalOwner: ownerFrom(ctx), Alias: wire.Value(in.AccountAlias)}
	err := s.update(ctx, func(tx *store.Tx) error {
		for other := range s.store.AccountAliases.By(tx, "alias", a.Alias) {
			if other.Partition == a.Partition {
				return errExists("The account alias %s already exists.", a.Alias)
			}
		}
		s.store.AccountAliases.Put(tx, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccountAliasOutput{}, nil
}

// DeleteAccountAlias takes the alias of the account away.
func (s *Service) DeleteAccountAlias(ctx context.Context, in *iam.DeleteAccountAliasInput) (*iam.DeleteAccountAliasOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		k := s.store.AccountAliases.Key(store.AccountAlias{GlobalOwner: ownerFrom(ctx)})
		if a, ok := s.store.AccountAliases.Get(tx, k); !ok || a.Alias != wire.Value(in.AccountAlias) {
			return errNoSuchEntity("The account alias %s cannot be found.", wire.Value(in.AccountAlias))
		}
		s.store.AccountAliases.Delete(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccountAliasOutput{}, nil
}

// ListAccountAliases lists the alias of the account.
func (s *Service) ListAccountAliases(ctx context.Context, _ *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
	o := ownerFrom(ctx)
	out := &iam.ListAccountAliasesOutput{AccountAliases: []string{}}
	for a := range s.store.AccountAliases.List(s.store.Snapshot(), o.Account, o.Partition) {
		out.AccountAliases = append(out.AccountAliases, a.Alias)
	}
	return out, nil
}

// GetAccountSummary counts what the account has, and says how much it may have.
func (s *Service) GetAccountSummary(ctx context.Context, _ *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
	r, o, l := s.store.Snapshot(), ownerFrom(ctx), s.limits
	versions := 0
	for p := range s.store.ManagedPolicies.List(r, o.Account, o.Partition) {
		versions += len(p.Versions)
	}
	summary := map[string]int32{}
	for key, n := range map[string]int{
		iam.SummaryKeyTypeUsers:               count(s.store.Users.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypeGroups:              count(s.store.Groups.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypeRoles:               count(s.store.Roles.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypeInstanceProfiles:    count(s.store.InstanceProfiles.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypePolicies:            count(s.store.ManagedPolicies.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypeProviders:           count(s.store.OIDCProviders.List(r, o.Account, o.Partition)),
		iam.SummaryKeyTypePolicyVersionsInUse: versions,

		iam.SummaryKeyTypeUsersQuota:                   l.Users,
		iam.SummaryKeyTypeGroupsQuota:                  l.Groups,
		iam.SummaryKeyTypeRolesQuota:                   l.Roles,
		iam.SummaryKeyTypeInstanceProfilesQuota:        l.InstanceProfiles,
		iam.SummaryKeyTypePoliciesQuota:                l.Policies,
		iam.SummaryKeyTypePolicyVersionsInUseQuota:     l.Policies * l.VersionsPer,
		iam.SummaryKeyTypeVersionsPerPolicyQuota:       l.VersionsPer,
		iam.SummaryKeyTypeGroupsPerUserQuota:           l.GroupsPerUser,
		iam.SummaryKeyTypeAccessKeysPerUserQuota:       l.KeysPerUser,
		iam.SummaryKeyTypeAttachedPoliciesPerUserQuota: l.AttachedPerUser,

		iam.SummaryKeyTypeAttachedPoliciesPerGroupQuota: l.AttachedPerGroup,
		iam.SummaryKeyTypeAttachedPoliciesPerRoleQuota:  l.AttachedPerRole,
		iam.SummaryKeyTypePolicySizeQuota:               l.PolicySize,
		iam.SummaryKeyTypeUserPolicySizeQuota:           l.UserPolicySize,
		iam.SummaryKeyTypeGroupPolicySizeQuota:          l.GroupPolicySize,
		iam.SummaryKeyTypeRolePolicySizeQuota:           l.RolePolicySize,
		iam.SummaryKeyTypeAssumeRolePolicySizeQuota:     l.TrustSize,

		iam.SummaryKeyTypeAccountAccessKeysPresent:          1, // the root user's
		iam.SummaryKeyTypeGlobalEndpointTokenVersion:        1,
		iam.SummaryKeyTypeAccountMFAEnabled:                 0, // there are no
		iam.SummaryKeyTypeMFADevices:                        0, // devices, passwords
		iam.SummaryKeyTypeMFADevicesInUse:                   0, // and certificates
		iam.SummaryKeyTypeAccountPasswordPresent:            0,
		iam.SummaryKeyTypeServerCertificates:                0,
		iam.SummaryKeyTypeServerCertificatesQuota:           0,
		iam.SummaryKeyTypeSigningCertificatesPerUserQuota:   0,
		iam.SummaryKeyTypeAccountSigningCertificatesPresent: 0,
	} {
		summary[key] = int32(n)
	}
	return &iam.GetAccountSummaryOutput{SummaryMap: summary}, nil
}
