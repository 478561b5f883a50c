package ec2

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// securityGroupMethods are the operations on security groups and their rules.
func (s *Service) securityGroupMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpCreateSecurityGroup, s.CreateSecurityGroup),
			func(ctx context.Context, in *ec2.CreateSecurityGroupInput) []string {
				return append(arns(ctx, "vpc", wire.Value(in.VpcId)), securityGroupARNs(ctx, nil)...)
			}),
		wire.On(wire.Bind(ec2.OpDeleteSecurityGroup, s.DeleteSecurityGroup),
			func(ctx context.Context, in *ec2.DeleteSecurityGroupInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpAuthorizeSecurityGroupIngress, s.AuthorizeSecurityGroupIngress),
			func(ctx context.Context, in *ec2.AuthorizeSecurityGroupIngressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpAuthorizeSecurityGroupEgress, s.AuthorizeSecurityGroupEgress),
			func(ctx context.Context, in *ec2.AuthorizeSecurityGroupEgressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpRevokeSecurityGroupIngress, s.RevokeSecurityGroupIngress),
			func(ctx context.Context, in *ec2.RevokeSecurityGroupIngressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpRevokeSecurityGroupEgress, s.RevokeSecurityGroupEgress),
			func(ctx context.Context, in *ec2.RevokeSecurityGroupEgressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpModifySecurityGroupRules, s.ModifySecurityGroupRules),
			func(ctx context.Context, in *ec2.ModifySecurityGroupRulesInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpUpdateSecurityGroupRuleDescriptionsIngress, s.UpdateSecurityGroupRuleDescriptionsIngress),
			func(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.On(wire.Bind(ec2.OpUpdateSecurityGroupRuleDescriptionsEgress, s.UpdateSecurityGroupRuleDescriptionsEgress),
			func(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsEgressInput) []string {
				return securityGroupARNs(ctx, in.GroupId)
			}),
		wire.Bind(ec2.OpDescribeSecurityGroups, s.DescribeSecurityGroups),
		wire.Bind(ec2.OpDescribeSecurityGroupRules, s.DescribeSecurityGroupRules),
	}
}

// securityGroupARNs is the ARN of the group that a request names by id; of any group
// where it names none.
func securityGroupARNs(ctx context.Context, id *string) []string {
	if id == nil {
		return arns(ctx, "security-group", "*")
	}
	return arns(ctx, "security-group", *id)
}
