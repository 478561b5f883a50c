package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
)

// Methods are the operations that the service implements. All name the ARNs
// that AWS authorizes them on, with the paths of what exists.
func (s *Service) Methods() []wire.Method {
	return tagging(slices.Concat(s.userMethods(), s.groupMethods(), s.roleMethods(), s.instanceProfileMethods(),
		s.policyMethods(), s.providerMethods(), s.accountMethods()))
}

// one is the ARN of a member that must be there.
func one(arn *string) []string { return []string{wire.Value(arn)} }

// created is what is to be made, or what a list is below.
func created(ctx context.Context, kind string, path, name *string) []string {
	return []string{ownerFrom(ctx).ARN(kind + orRoot(path) + wire.Value(name))}
}

// resource is the caller's identity of that name.
func resource[T any](ctx context.Context, s *Service, k kind[T], name *string) []string {
	v, err := k.get(s.store.Snapshot(), ownerFrom(ctx), wire.Value(name))
	if err != nil {
		return created(ctx, k.noun, nil, name)
	}
	return []string{arn(k.identity(&v).Entity, k.noun)}
}

// userARN is the caller's user of that name, or without a name the caller.
func (s *Service) userARN(ctx context.Context, name *string) []string {
	if name == nil {
		return []string{auth.CallerFrom(ctx).Identity}
	}
	return resource(ctx, s, s.users, name)
}

// keyUser is the user behind an access key of the caller's account.
func (s *Service) keyUser(ctx context.Context, id *string) []string {
	r := s.store.Snapshot()
	if k, ok := s.store.AccessKeys.Get(r, ownerFrom(ctx).Key(wire.Value(id))); ok {
		if u, ok := s.users.byID(r, k.User); ok {
			return []string{arn(u.Entity, "user")}
		}
	}
	return nil
}

func (s *Service) profileARN(ctx context.Context, name *string) []string {
	p, err := s.instanceProfile(ctx, s.store.Snapshot(), name)
	if err != nil {
		return created(ctx, "instance-profile", nil, name)
	}
	return []string{arn(p.Entity, "instance-profile")}
}

// serviceRole is the role that a service has or would have.
func (s *Service) serviceRole(ctx context.Context, service *string) []string {
	r, err := s.newServiceRole(ownerFrom(ctx), wire.Value(service))
	if err != nil {
		return []string{ownerFrom(ctx).ARN("role" + servicePath + wire.Value(service) + "/*")}
	}
	return []string{arn(r.Entity, "role")}
}

// deletedRole is the role that a deletion task is about.
func deletedRole(ctx context.Context, task *string) []string {
	path := strings.TrimPrefix(wire.Value(task), "task/")
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		path = path[:i]
	}
	return []string{ownerFrom(ctx).ARN("role/" + path)}
}

func newProvider(ctx context.Context, url *string) []string {
	return []string{*providerARN(store.OIDCProvider{GlobalOwner: ownerFrom(ctx), URL: strings.TrimPrefix(wire.Value(url), "https://")})}
}
