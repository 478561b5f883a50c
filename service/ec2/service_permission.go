package ec2

import (
	"context"
	"iter"
	"regexp"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeVpcEndpointServicePermissions answers with the principals that see
// one of the caller's endpoint services.
func (s *Service) DescribeVpcEndpointServicePermissions(ctx context.Context, in *ec2.DescribeVpcEndpointServicePermissionsInput) (*ec2.DescribeVpcEndpointServicePermissionsOutput, error) {
	if err := checkPageSize(in.MaxResults); err != nil {
		return nil, err
	}
	match, err := compileFilters(principalFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	c, err := s.serviceConfiguration(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.ServiceId))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointServicePermissionsOutput{}
	for _, p := range c.Permissions {
		v := &ec2.AllowedPrincipal{
			Principal:           &p.Principal,
			PrincipalType:       &p.Kind,
			ServiceId:           &c.ID,
			ServicePermissionId: &p.ID,
			Tags:                tagList(p.Tags),
		}
		if match(v) {
			out.AllowedPrincipals = append(out.AllowedPrincipals, *v)
		}
	}
	return out, nil
}

var principalFilters = filters[*ec2.AllowedPrincipal]{
	"principal":      func(v *ec2.AllowedPrincipal) []string { return one(v.Principal) },
	"principal-type": func(v *ec2.AllowedPrincipal) []string { return one(v.PrincipalType) },
}

// ModifyVpcEndpointServicePermissions lets principals make endpoints to a
// service, and others no longer; the endpoints that are there stay. The answer
// names those that were not allowed before.
func (s *Service) ModifyVpcEndpointServicePermissions(ctx context.Context, in *ec2.ModifyVpcEndpointServicePermissionsInput) (*ec2.ModifyVpcEndpointServicePermissionsOutput, error) {
	for _, principal := range slices.Concat(in.AddAllowedPrincipals, in.RemoveAllowedPrincipals) {
		if principalKind(principal) == "" {
			return nil, errPrincipal(principal)
		}
	}
	caller := auth.CallerFrom(ctx)
	out := &ec2.ModifyVpcEndpointServicePermissionsOutput{ReturnValue: wire.Ptr(true)}
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		c, err := s.serviceConfiguration(tx, caller, wire.Value(in.ServiceId))
		if err != nil {
			return err
		}
		c.Permissions = slices.DeleteFunc(slices.Clone(c.Permissions), func(p vpc.ServicePermission) bool {
			return slices.Contains(in.RemoveAllowedPrincipals, p.Principal)
		})
		out.AddedPrincipals = allow(&c, in.AddAllowedPrincipals)
		s.store.ServiceConfigurations.Put(tx, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// allow adds a permission for each principal that c has none for.
func allow(c *vpc.ServiceConfiguration, principals []string) []ec2.AddedPrincipal {
	var added []ec2.AddedPrincipal
	for _, principal := range distinct(principals) {
		if slices.ContainsFunc(c.Permissions, func(p vpc.ServicePermission) bool { return p.Principal == principal }) {
			continue
		}
		p := vpc.ServicePermission{ID: vpc.NewID("vpce-svc-perm"), Principal: principal, Kind: principalKind(principal)}
		c.Permissions = append(c.Permissions, p)
		added = append(added, ec2.AddedPrincipal{
			Principal:           &p.Principal,
			PrincipalType:       &p.Kind,
			ServiceId:           &c.ID,
			ServicePermissionId: &p.ID,
		})
	}
	return added
}

// The principals that a service may be opened to. Those of IAM have no path.
var (
	rootPrincipal    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:root$`)
	userPrincipal    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:user/[\w+=,.@-]{1,64}$`)
	rolePrincipal    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@-]{1,64}$`)
	servicePrincipal = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)
)

// principalKind is the API's PrincipalType of a principal; empty for what is
// none.
func principalKind(principal string) string {
	switch {
	case principal == "*":
		return ec2.PrincipalTypeAll
	case rootPrincipal.MatchString(principal):
		return ec2.PrincipalTypeAccount
	case userPrincipal.MatchString(principal):
		return ec2.PrincipalTypeUser
	case rolePrincipal.MatchString(principal):
		return ec2.PrincipalTypeRole
	case servicePrincipal.MatchString(principal):
		return ec2.PrincipalTypeService
	}
	return ""
}

// changePermissionTags replaces the tags of a permission, which has no row of
// its own.
func changePermissionTags(s *Service, tx *store.Tx, k store.Key, fn func(vpc.Tags) (vpc.Tags, error)) (string, error) {
	for c := range s.store.ServiceConfigurations.List(tx, k.Account, k.Region) {
		i := slices.IndexFunc(c.Permissions, func(p vpc.ServicePermission) bool { return p.ID == k.ID })
		if i < 0 {
			continue
		}
		tags, err := fn(c.Permissions[i].Tags)
		if err != nil {
			return "", err
		}
		c.Permissions = slices.Clone(c.Permissions)
		c.Permissions[i].Tags = tags
		s.store.ServiceConfigurations.Put(tx, c)
		return "", nil
	}
	return "", errResourceID(k.ID)
}

func listPermissionTags(s *Service, r store.Reader, c auth.Caller) iter.Seq2[string, vpc.Tags] {
	return func(yield func(string, vpc.Tags) bool) {
		for service := range s.store.ServiceConfigurations.List(r, c.Account, c.Region) {
			for _, p := range service.Permissions {
				if !yield(p.ID, p.Tags) {
					return
				}
			}
		}
	}
}
