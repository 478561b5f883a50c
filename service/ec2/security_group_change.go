package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// changeRules replaces the rules of one of the caller's groups with what fn
// makes of them. Packets obey the new rules when it returns.
func (s *Service) changeRules(ctx context.Context, id, name *string,
	fn func(tx *store.Tx, g vpc.SecurityGroup) ([]vpc.SecurityGroupRule, error)) error {
	return s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		g, err := s.group(tx, auth.CallerFrom(ctx), id, name)
		if err != nil {
			return nil, err
		}
		if g.Rules, err = fn(tx, g); err != nil {
			return nil, err
		}
		s.store.SecurityGroups.Put(tx, g)
		return []string{g.VPC}, nil
	})
}

// AuthorizeSecurityGroupIngress adds rules for what a group's members accept.
func (s *Service) AuthorizeSecurityGroupIngress(ctx context.Context, in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	rules, err := s.authorize(ctx, in.GroupId, in.GroupName, false, in.TagSpecifications, permissions{
		in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId})
	if err != nil {
		return nil, err
	}
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: wire.Ptr(true), SecurityGroupRules: rules}, nil
}

// AuthorizeSecurityGroupEgress adds rules for what a group's members send.
func (s *Service) AuthorizeSecurityGroupEgress(ctx context.Context, in *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	rules, err := s.authorize(ctx, in.GroupId, nil, true, in.TagSpecifications, permissions{
		in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId})
	if err != nil {
		return nil, err
	}
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: wire.Ptr(true), SecurityGroupRules: rules}, nil
}

func (s *Service) authorize(ctx context.Context, id, name *string, egress bool, specs []ec2.TagSpecification, p permissions) ([]ec2.SecurityGroupRule, error) {
	tags, err := s.tagsOnCreate(specs, ec2.ResourceTypeSecurityGroupRule)
	if err != nil {
		return nil, err
	}
	var shapes []ec2.SecurityGroupRule
	err = s.changeRules(ctx, id, name, func(tx *store.Tx, g vpc.SecurityGroup) ([]vpc.SecurityGroupRule, error) {
		add, err := p.parse(s, tx, g, egress)
		if err != nil {
			return nil, err
		}
		for i := range add {
			add[i].Tags = tags
		}
		all, added, err := s.addRules(g.Rules, add)
		if err != nil {
			return nil, err
		}
		shapes = nil // a transaction may run twice
		for _, r := range added {
			shapes = append(shapes, ruleShape(g, r))
		}
		return all, nil
	})
	return shapes, err
}

// RevokeSecurityGroupIngress removes rules for what a group's members accept.
func (s *Service) RevokeSecurityGroupIngress(ctx context.Context, in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	revoked, err := s.revoke(ctx, in.GroupId, in.GroupName, false, in.SecurityGroupRuleIds, permissions{
		in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId})
	if err != nil {
		return nil, err
	}
	return &ec2.RevokeSecurityGroupIngressOutput{Return: wire.Ptr(true), RevokedSecurityGroupRules: revoked}, nil
}

// RevokeSecurityGroupEgress removes rules for what a group's members send.
func (s *Service) RevokeSecurityGroupEgress(ctx context.Context, in *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	revoked, err := s.revoke(ctx, in.GroupId, nil, true, in.SecurityGroupRuleIds, permissions{
		in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId})
	if err != nil {
		return nil, err
	}
	return &ec2.RevokeSecurityGroupEgressOutput{Return: wire.Ptr(true), RevokedSecurityGroupRules: revoked}, nil
}

func (s *Service) revoke(ctx context.Context, id, name *string, egress bool, ids []string, p permissions) ([]ec2.RevokedSecurityGroupRule, error) {
	var shapes []ec2.RevokedSecurityGroupRule
	err := s.changeRules(ctx, id, name, func(tx *store.Tx, g vpc.SecurityGroup) ([]vpc.SecurityGroupRule, error) {
		rules := slices.Clone(g.Rules)
		shapes = nil // a transaction may run twice
		remove := func(match func(vpc.SecurityGroupRule) bool) bool {
			i := slices.IndexFunc(rules, match)
			if i >= 0 {
				shapes = append(shapes, revokedShape(g, rules[i]))
				rules = slices.Delete(rules, i, i+1)
			}
			return i >= 0
		}
		if len(ids) > 0 {
			if other := p.named(); other != "" {
				return nil, errTogether("securityGroupRuleIds", other)
			}
			err := removeByID(ids, egress, remove) // shortens rules
			return rules, err
		}
		wanted, err := p.parse(s, tx, g, egress)
		if err != nil {
			return nil, err
		}
		for _, w := range wanted {
			if !remove(func(r vpc.SecurityGroupRule) bool { return sameRule(r, w) }) {
				return nil, errRuleUnknown()
			}
		}
		return rules, nil
	})
	return shapes, err
}

func removeByID(ids []string, egress bool, remove func(func(vpc.SecurityGroupRule) bool) bool) error {
	for _, id := range distinct(ids) {
		if !vpc.ValidID("sgr", id) {
			return errRuleMalformed(id)
		}
		if !remove(func(r vpc.SecurityGroupRule) bool { return r.ID == id && r.Egress == egress }) {
			return errRuleNotFound(id)
		}
	}
	return nil
}
