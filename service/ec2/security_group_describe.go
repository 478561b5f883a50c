package ec2

import (
	"context"
	"slices"
	"strconv"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeSecurityGroups answers with the caller's groups.
func (s *Service) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	match, err := compileFilters(groupFilters(func(id string) string {
		g, _ := s.store.SecurityGroups.Get(r, key(caller, id))
		return g.Name
	}), in.Filters)
	if err != nil {
		return nil, err
	}
	rows, err := pick(in.GroupIds, s.store.SecurityGroups.List(r, caller.Account, caller.Region),
		func(id string) (vpc.SecurityGroup, error) { return s.group(r, caller, &id, nil) })
	if err != nil {
		return nil, err
	}
	for _, name := range in.GroupNames {
		if !slices.ContainsFunc(rows, func(g vpc.SecurityGroup) bool { return g.Name == name }) {
			return nil, errGroupNotFound(name)
		}
	}
	out := &ec2.DescribeSecurityGroupsOutput{}
	for _, g := range rows {
		if len(in.GroupNames) > 0 && !slices.Contains(in.GroupNames, g.Name) {
			continue
		}
		if shape := groupShape(g); match(&shape) {
			out.SecurityGroups = append(out.SecurityGroups, shape)
		}
	}
	return out, nil
}

func groupShape(g vpc.SecurityGroup) ec2.SecurityGroup {
	return ec2.SecurityGroup{
		Description:         wire.Ptr(g.Description),
		GroupId:             wire.Ptr(g.ID),
		GroupName:           wire.Ptr(g.Name),
		IpPermissions:       permissionsOf(g, false),
		IpPermissionsEgress: permissionsOf(g, true),
		OwnerId:             wire.Ptr(g.Account),
		SecurityGroupArn:    wire.Ptr(arn(g.Owner, "security-group", g.ID)),
		Tags:                tagList(g.Tags),
		VpcId:               wire.Ptr(g.VPC),
	}
}

// groupFilters are the filters of groups. An answer names a rule's group by
// id alone; nameOf finds the name for the filters that ask for it.
func groupFilters(nameOf func(id string) string) filters[*ec2.SecurityGroup] {
	fs := filters[*ec2.SecurityGroup]{
		"description": func(g *ec2.SecurityGroup) []string { return one(g.Description) },
		"group-id":    func(g *ec2.SecurityGroup) []string { return one(g.GroupId) },
		"group-name":  func(g *ec2.SecurityGroup) []string { return one(g.GroupName) },
		"owner-id":    func(g *ec2.SecurityGroup) []string { return one(g.OwnerId) },
		"vpc-id":      func(g *ec2.SecurityGroup) []string { return one(g.VpcId) },
		tagFilter:     func(g *ec2.SecurityGroup) []string { return tagSetPairs(g.Tags) },
	}
	for name, values := range permissionFilters(nameOf) {
		fs["ip-permission."+name] = func(g *ec2.SecurityGroup) []string { return each(g.IpPermissions, values) }
		fs["egress.ip-permission."+name] = func(g *ec2.SecurityGroup) []string { return each(g.IpPermissionsEgress, values) }
	}
	return fs
}

// permissionFilters are the filters below ip-permission and
// egress.ip-permission.
func permissionFilters(nameOf func(id string) string) map[string]func(ec2.IpPermission) []string {
	port := func(p *int32) []string {
		if p == nil {
			return nil
		}
		return []string{strconv.Itoa(int(*p))}
	}
	return map[string]func(ec2.IpPermission) []string{
		"cidr": func(p ec2.IpPermission) []string {
			return texts(p.IpRanges, func(r ec2.IpRange) *string { return r.CidrIp })
		},
		"ipv6-cidr": func(p ec2.IpPermission) []string {
			return texts(p.Ipv6Ranges, func(r ec2.Ipv6Range) *string { return r.CidrIpv6 })
		},
		"group-id": func(p ec2.IpPermission) []string {
			return texts(p.UserIdGroupPairs, func(r ec2.UserIdGroupPair) *string { return r.GroupId })
		},
		"group-name": func(p ec2.IpPermission) []string {
			return texts(p.UserIdGroupPairs, func(r ec2.UserIdGroupPair) *string { return wire.Ptr(nameOf(wire.Value(r.GroupId))) })
		},
		"user-id": func(p ec2.IpPermission) []string {
			return texts(p.UserIdGroupPairs, func(r ec2.UserIdGroupPair) *string { return r.UserId })
		},
		"prefix-list-id": func(p ec2.IpPermission) []string {
			return texts(p.PrefixListIds, func(r ec2.PrefixListId) *string { return r.PrefixListId })
		},
		"from-port": func(p ec2.IpPermission) []string { return port(p.FromPort) },
		"to-port":   func(p ec2.IpPermission) []string { return port(p.ToPort) },
		"protocol":  func(p ec2.IpPermission) []string { return one(p.IpProtocol) },
	}
}

func each[T any](list []T, values func(T) []string) []string {
	var all []string
	for _, v := range list {
		all = append(all, values(v)...)
	}
	return all
}

// DescribeSecurityGroupRules answers with the single rules of the caller's
// groups.
func (s *Service) DescribeSecurityGroupRules(ctx context.Context, in *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	match, err := compileFilters(ruleFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	wanted, found := map[string]bool{}, map[string]bool{}
	for _, id := range in.SecurityGroupRuleIds {
		wanted[id] = true
	}
	var rules []ec2.SecurityGroupRule
	for g := range s.store.SecurityGroups.List(r, caller.Account, caller.Region) {
		for _, rule := range g.Rules {
			if len(wanted) > 0 && !wanted[rule.ID] {
				continue
			}
			found[rule.ID] = true
			if shape := ruleShape(g, rule); match(&shape) {
				rules = append(rules, shape)
			}
		}
	}
	for _, id := range in.SecurityGroupRuleIds {
		switch {
		case !vpc.ValidID("sgr", id):
			return nil, errRuleMalformed(id)
		case !found[id]:
			return nil, errRuleNotFound(id)
		}
	}
	return &ec2.DescribeSecurityGroupRulesOutput{SecurityGroupRules: rules}, nil
}

var ruleFilters = filters[*ec2.SecurityGroupRule]{
	"group-id":               func(r *ec2.SecurityGroupRule) []string { return one(r.GroupId) },
	"security-group-rule-id": func(r *ec2.SecurityGroupRule) []string { return one(r.SecurityGroupRuleId) },
	tagFilter:                func(r *ec2.SecurityGroupRule) []string { return tagSetPairs(r.Tags) },
}
