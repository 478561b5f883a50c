package sts

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// ConditionKeys are those of the service's own that a request says. What else
// a session brings, its operation adds when it decides.
func (s *Service) ConditionKeys() []wire.ConditionKey {
	return []wire.ConditionKey{
		wire.InputKey("sts:ExternalId", "the request of AssumeRole", func(in *sts.AssumeRoleInput) []string { return wire.Text(in.ExternalId) }),
		{Name: "sts:RoleSessionName", From: "the name of the session that is asked for", Values: sessionName},
		wire.InputKey("sts:SourceIdentity", "the request of AssumeRole; a chained session's own goes before", func(in *sts.AssumeRoleInput) []string { return wire.Text(in.SourceIdentity) }),
		wire.InputKey("sts:TransitiveTagKeys", "the request of AssumeRole, and what a chained session inherits", func(in *sts.AssumeRoleInput) []string { return in.TransitiveTagKeys }),
		{Name: "sts:DurationSeconds", From: "the request of AssumeRole and AssumeRoleWithWebIdentity", Values: durationSeconds},
	}
}

func sessionName(_ context.Context, in any, _, _ string) []string {
	switch in := in.(type) {
	case *sts.AssumeRoleInput:
		return wire.Text(in.RoleSessionName)
	case *sts.AssumeRoleWithWebIdentityInput:
		return wire.Text(in.RoleSessionName)
	}
	return nil
}

func durationSeconds(_ context.Context, in any, _, _ string) []string {
	switch in := in.(type) {
	case *sts.AssumeRoleInput:
		return wire.Text(in.DurationSeconds)
	case *sts.AssumeRoleWithWebIdentityInput:
		return wire.Text(in.DurationSeconds)
	}
	return nil
}
