package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// securityGroupMethods are the operations on security groups and their rules.
func (s *Service) securityGroupMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpCreateSecurityGroup, s.CreateSecurityGroup),
			func(ctx context.Context, in *ec2.CreateSecurityGroupInput) []string {
				return append(arns(ctx, "vpc", wire.Value(in.VpcId)), arns(ctx, "security-group", "*")...)
			}),
		wire.On(wire.Bind(ec2.OpDeleteSecurityGroup, s.DeleteSecurityGroup),
			func(ctx context.Context, in *ec2.DeleteSecurityGroupInput) []string {
				return s.groupARNs(ctx, in.GroupId, in.GroupName)
			}),
		wire.On(wire.Bind(ec2.OpAuthorizeSecurityGroupIngress, s.AuthorizeSecurityGroupIngress),
			func(ctx context.Context, in *ec2.AuthorizeSecurityGroupIngressInput) []string {
				return s.groupARNs(ctx, in.GroupId, in.GroupName)
			}),
		wire.On(wire.Bind(ec2.OpAuthorizeSecurityGroupEgress, s.AuthorizeSecurityGroupEgress),
			func(ctx context.Context, in *ec2.AuthorizeSecurityGroupEgressInput) []string {
				return s.groupARNs(ctx, in.GroupId, nil)
			}),
		wire.On(wire.Bind(ec2.OpRevokeSecurityGroupIngress, s.RevokeSecurityGroupIngress),
			func(ctx context.Context, in *ec2.RevokeSecurityGroupIngressInput) []string {
				return s.groupARNs(ctx, in.GroupId, in.GroupName)
			}),
		wire.On(wire.Bind(ec2.OpRevokeSecurityGroupEgress, s.RevokeSecurityGroupEgress),
			func(ctx context.Context, in *ec2.RevokeSecurityGroupEgressInput) []string {
				return s.groupARNs(ctx, in.GroupId, nil)
			}),
		wire.On(wire.Bind(ec2.OpModifySecurityGroupRules, s.ModifySecurityGroupRules),
			func(ctx context.Context, in *ec2.ModifySecurityGroupRulesInput) []string {
				return s.groupARNs(ctx, in.GroupId, nil)
			}),
		wire.On(wire.Bind(ec2.OpUpdateSecurityGroupRuleDescriptionsIngress, s.UpdateSecurityGroupRuleDescriptionsIngress),
			func(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput) []string {
				return s.groupARNs(ctx, in.GroupId, in.GroupName)
			}),
		wire.On(wire.Bind(ec2.OpUpdateSecurityGroupRuleDescriptionsEgress, s.UpdateSecurityGroupRuleDescriptionsEgress),
			func(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsEgressInput) []string {
				return s.groupARNs(ctx, in.GroupId, in.GroupName)
			}),
		wire.Bind(ec2.OpDescribeSecurityGroups, s.DescribeSecurityGroups),
		wire.Bind(ec2.OpDescribeSecurityGroupRules, s.DescribeSecurityGroupRules),
	}
}

// groupARNs are the ARNs of the groups that a request may mean: the one of the
// id, otherwise all of the name, so that a policy on one group holds however
// the request names it. Without either it is any group.
func (s *Service) groupARNs(ctx context.Context, id, name *string) []string {
	switch {
	case id != nil:
		return arns(ctx, "security-group", *id)
	case name == nil:
		return arns(ctx, "security-group", "*")
	}
	caller := auth.CallerFrom(ctx)
	var ids []string
	for g := range s.store.SecurityGroups.List(s.store.Snapshot(), caller.Account, caller.Region) {
		if g.Name == *name {
			ids = append(ids, g.ID)
		}
	}
	if len(ids) == 0 {
		return arns(ctx, "security-group", "*")
	}
	return arns(ctx, "security-group", ids...)
}
