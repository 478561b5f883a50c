package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifySecurityGroupRules replaces what single rules of a group allow.
func (s *Service) ModifySecurityGroupRules(ctx context.Context, in *ec2.ModifySecurityGroupRulesInput) (*ec2.ModifySecurityGroupRulesOutput, error) {
	err := s.changeRules(ctx, in.GroupId, nil, func(tx *store.Tx, g vpc.SecurityGroup) ([]vpc.SecurityGroupRule, error) {
		rules := slices.Clone(g.Rules)
		for _, update := range in.SecurityGroupRules {
			i, err := indexRule(rules, wire.Value(update.SecurityGroupRuleId))
			if err != nil {
				return nil, err
			}
			if update.SecurityGroupRule == nil {
				return nil, errMissing("SecurityGroupRule")
			}
			changed, err := parsePermission(s, tx, g, rules[i].Egress, permissionOf(*update.SecurityGroupRule))
			if err != nil {
				return nil, err
			}
			if len(changed) != 1 {
				return nil, errInvalid("Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified for a rule")
			}
			changed[0].ID, changed[0].Tags = rules[i].ID, rules[i].Tags
			rules[i] = changed[0]
			for j, other := range rules {
				if j != i && sameRule(other, rules[i]) {
					return nil, errRuleExists(ruleText(rules[i]))
				}
			}
		}
		return rules, s.checkQuota(rules) // a rule may have become one of the other family
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifySecurityGroupRulesOutput{Return: wire.Ptr(true)}, nil
}

// permissionOf is a single rule's request as a permission.
func permissionOf(r ec2.SecurityGroupRuleRequest) ec2.IpPermission {
	p := ec2.IpPermission{IpProtocol: r.IpProtocol, FromPort: r.FromPort, ToPort: r.ToPort}
	if r.CidrIpv4 != nil {
		p.IpRanges = []ec2.IpRange{{CidrIp: r.CidrIpv4, Description: r.Description}}
	}
	if r.CidrIpv6 != nil {
		p.Ipv6Ranges = []ec2.Ipv6Range{{CidrIpv6: r.CidrIpv6, Description: r.Description}}
	}
	if r.ReferencedGroupId != nil {
		p.UserIdGroupPairs = []ec2.UserIdGroupPair{{GroupId: r.ReferencedGroupId, Description: r.Description}}
	}
	if r.PrefixListId != nil {
		p.PrefixListIds = []ec2.PrefixListId{{PrefixListId: r.PrefixListId}}
	}
	return p
}

func indexRule(rules []vpc.SecurityGroupRule, id string) (int, error) {
	if !vpc.ValidID("sgr", id) {
		return 0, errRuleMalformed(id)
	}
	i := slices.IndexFunc(rules, func(r vpc.SecurityGroupRule) bool { return r.ID == id })
	if i < 0 {
		return 0, errRuleNotFound(id)
	}
	return i, nil
}

// UpdateSecurityGroupRuleDescriptionsIngress replaces descriptions of ingress
// rules.
func (s *Service) UpdateSecurityGroupRuleDescriptionsIngress(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput) (*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	if err := s.describeRules(ctx, in.GroupId, in.GroupName, false, in.IpPermissions, in.SecurityGroupRuleDescriptions); err != nil {
		return nil, err
	}
	return &ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput{Return: wire.Ptr(true)}, nil
}

// UpdateSecurityGroupRuleDescriptionsEgress replaces descriptions of egress
// rules.
func (s *Service) UpdateSecurityGroupRuleDescriptionsEgress(ctx context.Context, in *ec2.UpdateSecurityGroupRuleDescriptionsEgressInput) (*ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput, error) {
	if err := s.describeRules(ctx, in.GroupId, in.GroupName, true, in.IpPermissions, in.SecurityGroupRuleDescriptions); err != nil {
		return nil, err
	}
	return &ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput{Return: wire.Ptr(true)}, nil
}

// describeRules sets the descriptions of rules that are named by what they
// allow or by their ids.
func (s *Service) describeRules(ctx context.Context, id, name *string, egress bool, list []ec2.IpPermission, byID []ec2.SecurityGroupRuleDescription) error {
	return s.changeRules(ctx, id, name, func(tx *store.Tx, g vpc.SecurityGroup) ([]vpc.SecurityGroupRule, error) {
		rules := slices.Clone(g.Rules)
		for _, d := range byID {
			i, err := indexRule(rules, wire.Value(d.SecurityGroupRuleId))
			if err != nil {
				return nil, err
			}
			if rules[i].Egress != egress {
				return nil, errRuleNotFound(rules[i].ID)
			}
			if !groupText(wire.Value(d.Description)) {
				return nil, errRuleDescription()
			}
			rules[i].Description = wire.Value(d.Description)
		}
		if len(byID) > 0 && len(list) == 0 {
			return rules, nil
		}
		wanted, err := permissions{list: list}.parse(s, tx, g, egress)
		if err != nil {
			return nil, err
		}
		for _, w := range wanted {
			i := slices.IndexFunc(rules, func(r vpc.SecurityGroupRule) bool { return sameRule(r, w) })
			if i < 0 {
				return nil, errRuleUnknown()
			}
			rules[i].Description = w.Description
		}
		return rules, nil
	})
}
