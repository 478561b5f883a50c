package ec2

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// sameRule reports whether two rules of one group allow the same traffic.
func sameRule(a, b vpc.SecurityGroupRule) bool {
	return a.Egress == b.Egress && a.Protocol == b.Protocol && a.FromPort == b.FromPort && a.ToPort == b.ToPort &&
		a.CIDR == b.CIDR && a.Group == b.Group
}

// addRules returns the group's rules with new ones, which get ids. It
// refuses what is there already and what exceeds the quota.
func (s *Service) addRules(rules, add []vpc.SecurityGroupRule) (all, added []vpc.SecurityGroupRule, err error) {
	all = slices.Clone(rules)
	for _, r := range add {
		if slices.ContainsFunc(all, func(old vpc.SecurityGroupRule) bool { return sameRule(old, r) }) {
			return nil, nil, errRuleExists(ruleText(r))
		}
		r.ID = vpc.NewID("sgr")
		all, added = append(all, r), append(added, r)
	}
	if err := s.checkQuota(all); err != nil {
		return nil, nil, err
	}
	return all, added, nil
}

// checkQuota counts a group's rules in each direction: IPv4 rules with those
// that name groups, and IPv6 rules apart.
func (s *Service) checkQuota(rules []vpc.SecurityGroupRule) error {
	counts := map[[2]bool]int{}
	for _, r := range rules {
		counts[[2]bool{r.Egress, r.CIDR.Addr().Is6()}]++
	}
	for _, n := range counts {
		if n > s.limits.RulesPerGroup {
			return errRuleLimit()
		}
	}
	return nil
}

// ruleText is a rule in the words of InvalidPermission.Duplicate.
func ruleText(r vpc.SecurityGroupRule) string {
	peer := r.Group
	if peer == "" {
		peer = r.CIDR.String()
	}
	switch r.Protocol {
	case vpc.ProtocolAll:
		return peer + ", ALL"
	case vpc.ProtocolTCP, vpc.ProtocolUDP:
		return fmt.Sprintf("%s, %s, from port: %d, to port: %d", peer, strings.ToUpper(protocolText(r.Protocol)), r.FromPort, r.ToPort)
	case vpc.ProtocolICMP, vpc.ProtocolICMPv6:
		return fmt.Sprintf("%s, %s, type: %d, code: %d", peer, strings.ToUpper(protocolText(r.Protocol)), r.FromPort, r.ToPort)
	}
	return peer + ", " + protocolText(r.Protocol)
}

// protocolText is a protocol as the API writes it.
func protocolText(protocol int) string {
	switch protocol {
	case vpc.ProtocolICMP:
		return "icmp"
	case vpc.ProtocolTCP:
		return "tcp"
	case vpc.ProtocolUDP:
		return "udp"
	case vpc.ProtocolICMPv6:
		return "icmpv6"
	}
	return strconv.Itoa(protocol)
}

// ports are a rule's ports on the wire: none for protocols without ports in
// groups of rules, -1 in single rules.
func ports(r vpc.SecurityGroupRule) (from, to *int32) {
	switch r.Protocol {
	case vpc.ProtocolTCP, vpc.ProtocolUDP, vpc.ProtocolICMP, vpc.ProtocolICMPv6:
		return wire.Ptr(int32(r.FromPort)), wire.Ptr(int32(r.ToPort))
	}
	return nil, nil
}

// optional is a text that is absent when empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// permissionsOf groups the rules of one direction by protocol and ports, in
// the order of their first rules.
func permissionsOf(g vpc.SecurityGroup, egress bool) []ec2.IpPermission {
	var all []ec2.IpPermission
	at := map[[3]int]int{}
	for _, r := range g.Rules {
		if r.Egress != egress {
			continue
		}
		k := [3]int{r.Protocol, r.FromPort, r.ToPort}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			from, to := ports(r)
			all = append(all, ec2.IpPermission{IpProtocol: wire.Ptr(protocolText(r.Protocol)), FromPort: from, ToPort: to})
		}
		addPeer(&all[i], g, r)
	}
	return all
}

func addPeer(p *ec2.IpPermission, g vpc.SecurityGroup, r vpc.SecurityGroupRule) {
	switch {
	case r.Group != "":
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2.UserIdGroupPair{
			GroupId: wire.Ptr(r.Group), UserId: wire.Ptr(g.Account), Description: optional(r.Description)})
	case r.CIDR.Addr().Is4():
		p.IpRanges = append(p.IpRanges, ec2.IpRange{CidrIp: wire.Ptr(r.CIDR.String()), Description: optional(r.Description)})
	default:
		p.Ipv6Ranges = append(p.Ipv6Ranges, ec2.Ipv6Range{CidrIpv6: wire.Ptr(r.CIDR.String()), Description: optional(r.Description)})
	}
}

// ruleShape is the wire form of a single rule.
func ruleShape(g vpc.SecurityGroup, r vpc.SecurityGroupRule) ec2.SecurityGroupRule {
	shape := ec2.SecurityGroupRule{
		Description:          optional(r.Description),
		FromPort:             wire.Ptr(int32(r.FromPort)),
		GroupId:              wire.Ptr(g.ID),
		GroupOwnerId:         wire.Ptr(g.Account),
		IpProtocol:           wire.Ptr(protocolText(r.Protocol)),
		IsEgress:             wire.Ptr(r.Egress),
		SecurityGroupRuleArn: wire.Ptr(arn(g.Owner, "security-group-rule", r.ID)),
		SecurityGroupRuleId:  wire.Ptr(r.ID),
		Tags:                 tagList(r.Tags),
		ToPort:               wire.Ptr(int32(r.ToPort)),
	}
	switch {
	case r.Group != "":
		shape.ReferencedGroupInfo = &ec2.ReferencedSecurityGroup{GroupId: wire.Ptr(r.Group), UserId: wire.Ptr(g.Account)}
	case r.CIDR.Addr().Is4():
		shape.CidrIpv4 = wire.Ptr(r.CIDR.String())
	default:
		shape.CidrIpv6 = wire.Ptr(r.CIDR.String())
	}
	return shape
}

func revokedShape(g vpc.SecurityGroup, r vpc.SecurityGroupRule) ec2.RevokedSecurityGroupRule {
	one := ruleShape(g, r)
	return ec2.RevokedSecurityGroupRule{
		CidrIpv4:            one.CidrIpv4,
		CidrIpv6:            one.CidrIpv6,
		Description:         one.Description,
		FromPort:            one.FromPort,
		GroupId:             one.GroupId,
		IpProtocol:          one.IpProtocol,
		IsEgress:            one.IsEgress,
		ReferencedGroupId:   optional(r.Group),
		SecurityGroupRuleId: one.SecurityGroupRuleId,
		ToPort:              one.ToPort,
	}
}
