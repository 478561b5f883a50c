package iam

import (
	"context"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// ListEntitiesForPolicy lists the users, groups and roles that have a managed
// policy, attached or as their permissions boundary.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	if _, err := s.policy(ctx, r, "ListEntitiesForPolicy", in.PolicyArn); err != nil {
		return nil, err
	}
	out := &iam.ListEntitiesForPolicyOutput{PolicyGroups: []iam.PolicyGroup{}, PolicyUsers: []iam.PolicyUser{}, PolicyRoles: []iam.PolicyRole{}}
	of := o.Of(*in.PolicyArn)
	for _, index := range usageIndexes(in.PolicyUsageFilter) {
		if wants(in, iam.EntityTypeUser) {
			for u := range s.store.Users.By(r, index, of) {
				if below(in, u.Entity) {
					out.PolicyUsers = append(out.PolicyUsers, iam.PolicyUser{UserId: &u.ID, UserName: &u.Name})
				}
			}
		}
		if wants(in, iam.EntityTypeRole) {
			for role := range s.store.Roles.By(r, index, of) {
				if below(in, role.Entity) {
					out.PolicyRoles = append(out.PolicyRoles, iam.PolicyRole{RoleId: &role.ID, RoleName: &role.Name})
				}
			}
		}
		if wants(in, iam.EntityTypeGroup) && index == "policy" {
			for g := range s.store.Groups.By(r, index, of) {
				if below(in, g.Entity) {
					out.PolicyGroups = append(out.PolicyGroups, iam.PolicyGroup{GroupId: &g.ID, GroupName: &g.Name})
				}
			}
		}
	}
	return out, nil
}

// usageIndexes are the indexes of the store that find the uses of a policy.
func usageIndexes(filter *string) []string {
	switch wire.Value(filter) {
	case iam.PolicyUsageTypePermissionsBoundary:
		return []string{"boundary"}
	case iam.PolicyUsageTypePermissionsPolicy:
		return []string{"policy"}
	}
	return []string{"policy", "boundary"}
}

func wants(in *iam.ListEntitiesForPolicyInput, kind string) bool {
	return in.EntityFilter == nil || *in.EntityFilter == kind
}

func below(in *iam.ListEntitiesForPolicyInput, e store.Entity) bool {
	return strings.HasPrefix(e.Path, orRoot(in.PathPrefix))
}
