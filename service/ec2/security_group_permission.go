package ec2

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// maxPermissions is how many rules one request may name.
const maxPermissions = 1000

// protocolNames are the protocols that the API calls by name.
var protocolNames = map[string]int{
	"-1": vpc.ProtocolAll, "icmp": vpc.ProtocolICMP, "tcp": vpc.ProtocolTCP, "udp": vpc.ProtocolUDP, "icmpv6": vpc.ProtocolICMPv6,
}

// permissions are the forms in which a request names rules: a list, or the
// flat members of the API's first version.
type permissions struct {
	list                    []ec2.IpPermission
	cidr, protocol          *string
	from, to                *int32
	sourceName, sourceOwner *string
}

// flat is the first of the flat members that the request has, in the API's
// words; empty where it has none.
func (p permissions) flat() string {
	switch {
	case p.from != nil:
		return "fromPort"
	case p.to != nil:
		return "toPort"
	case p.protocol != nil:
		return "ipProtocol"
	case p.cidr != nil:
		return "cidrIp"
	case p.sourceName != nil:
		return "sourceSecurityGroupName"
	case p.sourceOwner != nil:
		return "sourceSecurityGroupOwnerId"
	}
	return ""
}

// named is the first parameter that names rules, empty where none does.
func (p permissions) named() string {
	if len(p.list) > 0 {
		return "ipPermissions"
	}
	return p.flat()
}

// all are the request's permissions as a list, whatever form they have.
func (p permissions) all() ([]ec2.IpPermission, error) {
	switch flat := p.flat(); {
	case flat == "" && len(p.list) == 0:
		return nil, errMissing("ipPermissions")
	case flat == "":
		return p.list, nil
	case len(p.list) > 0:
		return nil, errTogether("ipPermissions", flat)
	case p.cidr != nil && p.sourceName != nil:
		return nil, errTogether("cidrIp", "sourceSecurityGroupName")
	case p.cidr == nil && p.sourceName == nil:
		return nil, errSourceMissing()
	}
	one := ec2.IpPermission{IpProtocol: p.protocol, FromPort: p.from, ToPort: p.to}
	if p.cidr != nil {
		one.IpRanges = []ec2.IpRange{{CidrIp: p.cidr}}
		return []ec2.IpPermission{one}, nil
	}
	one.UserIdGroupPairs = []ec2.UserIdGroupPair{{GroupName: p.sourceName, UserId: p.sourceOwner}}
	if p.protocol == nil && p.from == nil && p.to == nil {
		one.IpProtocol = wire.Ptr("-1") // a group alone means all of its traffic
	}
	return []ec2.IpPermission{one}, nil
}

// parse turns what a request names into rules of group g, without ids. It
// counts the rules before it looks up the first group.
func (p permissions) parse(s *Service, r store.Reader, g vpc.SecurityGroup, egress bool) ([]vpc.SecurityGroupRule, error) {
	list, err := p.all()
	if err != nil {
		return nil, err
	}
	total := 0
	for _, one := range list {
		if total += peers(one); total > maxPermissions {
			return nil, errRuleLimit()
		}
	}
	var rules []vpc.SecurityGroupRule
	for _, one := range list {
		some, err := parsePermission(s, r, g, egress, one)
		if err != nil {
			return nil, err
		}
		rules = append(rules, some...)
	}
	return rules, nil
}

// peers is how many rules a permission stands for.
func peers(p ec2.IpPermission) int {
	return len(p.IpRanges) + len(p.Ipv6Ranges) + len(p.UserIdGroupPairs) + len(p.PrefixListIds)
}

func parsePermission(s *Service, r store.Reader, g vpc.SecurityGroup, egress bool, p ec2.IpPermission) ([]vpc.SecurityGroupRule, error) {
	base := vpc.SecurityGroupRule{Egress: egress}
	var err error
	if base.Protocol, err = parseProtocol(p.IpProtocol); err != nil {
		return nil, err
	}
	if base.FromPort, base.ToPort, err = parsePorts(base.Protocol, p.FromPort, p.ToPort); err != nil {
		return nil, err
	}
	var rules []vpc.SecurityGroupRule
	add := func(rule vpc.SecurityGroupRule, description *string) error {
		rule.Description = wire.Value(description)
		if !groupText(rule.Description) {
			return errRuleDescription()
		}
		rules = append(rules, rule)
		return nil
	}
	for _, c := range p.IpRanges {
		rule := base
		if rule.CIDR, err = parseRange(c.CidrIp, true); err != nil {
			return nil, err
		}
		if err := add(rule, c.Description); err != nil {
			return nil, err
		}
	}
	for _, c := range p.Ipv6Ranges {
		rule := base
		if rule.CIDR, err = parseRange(c.CidrIpv6, false); err != nil {
			return nil, err
		}
		if err := add(rule, c.Description); err != nil {
			return nil, err
		}
	}
	for _, pair := range p.UserIdGroupPairs {
		rule := base
		if rule.Group, err = s.peerGroup(r, g, pair); err != nil {
			return nil, err
		}
		if err := add(rule, pair.Description); err != nil {
			return nil, err
		}
	}
	for _, l := range p.PrefixListIds {
		return nil, errPrefixListNotFound(wire.Value(l.PrefixListId))
	}
	if len(rules) == 0 {
		return nil, errSourceMissing()
	}
	return rules, nil
}

// peerGroup is the id of the group that a pair names: one of the same VPC, by
// id or by name.
func (s *Service) peerGroup(r store.Reader, g vpc.SecurityGroup, pair ec2.UserIdGroupPair) (string, error) {
	if owner := wire.Value(pair.UserId); owner != "" && owner != g.Account {
		return "", errGroupNotFound(wire.Value(pair.GroupId))
	}
	if peering := wire.Value(pair.VpcPeeringConnectionId); peering != "" {
		return "", errPeeringNotFound(peering)
	}
	if id := wire.Value(pair.GroupId); id != "" {
		if !vpc.ValidID("sg", id) {
			return "", errGroupMalformed(id)
		}
		if peer, ok := s.store.SecurityGroups.Get(r, ownKey(g.Owner, id)); !ok || peer.VPC != g.VPC {
			return "", errGroupNotFound(id)
		}
		return id, nil
	}
	for peer := range s.store.SecurityGroups.By(r, "vpc", g.VPC) {
		if peer.Name == wire.Value(pair.GroupName) && peer.Account == g.Account {
			return peer.ID, nil
		}
	}
	return "", errGroupNotFound(wire.Value(pair.GroupName))
}

func parseProtocol(text *string) (int, error) {
	if text == nil {
		return 0, errProtocolMissing()
	}
	if n, ok := protocolNames[strings.ToLower(*text)]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(*text, 10, 8)
	if err != nil {
		return 0, errInvalid("Invalid value '%s' for IP protocol. Unknown protocol.", *text)
	}
	return int(n), nil
}

// parsePorts reads the ports of TCP and UDP, and ICMP's type and code.
// Protocols without ports ignore what is given: Terraform sends 0 with -1.
func parsePorts(protocol int, from, to *int32) (int, int, error) {
	switch protocol {
	case vpc.ProtocolTCP, vpc.ProtocolUDP:
		if from == nil || to == nil {
			return 0, 0, errPortsMissing("TCP/UDP")
		}
		if *from == -1 && *to == -1 {
			return 0, 65535, nil
		}
		if *from < 0 || *to > 65535 || *from > *to {
			return 0, 0, errPortRange(*from, *to)
		}
		return int(*from), int(*to), nil
	case vpc.ProtocolICMP, vpc.ProtocolICMPv6:
		if protocol == vpc.ProtocolICMP && (from == nil || to == nil) {
			return 0, 0, errPortsMissing("ICMP")
		}
		kind, code := int32(-1), int32(-1)
		if from != nil {
			kind = *from
		}
		if to != nil {
			code = *to
		}
		if kind < -1 || kind > 255 || code < -1 || code > 255 {
			return 0, 0, errInvalid("ICMP type (%d), code (%d) out of range", kind, code)
		}
		if kind == -1 && code != -1 {
			return 0, 0, errInvalid("ICMP code (%d) needs an ICMP type", code)
		}
		return int(kind), int(code), nil
	}
	return -1, -1, nil
}

// parseRange reads a CIDR of one family. Like EC2 it takes 100.68.0.18/18 for
// 100.68.0.0/18.
func parseRange(text *string, ipv4 bool) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(wire.Value(text))
	if err != nil || p.Addr().Is4() != ipv4 || p.Addr().Is4In6() {
		return netip.Prefix{}, errCIDR(wire.Value(text))
	}
	return p.Masked(), nil
}
