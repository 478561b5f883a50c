package ec2

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"pgregory.net/rapid"
)

const absentRule = "sgr-0f000000000000001"

// perm is a permission for peers: CIDRs of either family, prefix lists, and
// groups by id or by name.
func perm(protocol string, from, to int32, peers ...string) ec2.IpPermission {
	p := ec2.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to}
	for _, peer := range peers {
		switch {
		case strings.Contains(peer, ":"):
			p.Ipv6Ranges = append(p.Ipv6Ranges, ec2.Ipv6Range{CidrIpv6: &peer})
		case strings.Contains(peer, "."):
			p.IpRanges = append(p.IpRanges, ec2.IpRange{CidrIp: &peer})
		case strings.HasPrefix(peer, "pl-"):
			p.PrefixListIds = append(p.PrefixListIds, ec2.PrefixListId{PrefixListId: &peer})
		case strings.HasPrefix(peer, "sg-"):
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2.UserIdGroupPair{GroupId: &peer, UserId: wire.Ptr(me.Account)})
		default:
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2.UserIdGroupPair{GroupName: &peer})
		}
	}
	return p
}

// portless is a permission without ports.
func portless(protocol string, peers ...string) ec2.IpPermission {
	p := perm(protocol, 0, 0, peers...)
	p.FromPort, p.ToPort = nil, nil
	return p
}

func described(p ec2.IpPermission, text string) ec2.IpPermission {
	p.IpRanges[0].Description = &text
	return p
}

func authorize(s *Service, ctx context.Context, group string, egress bool, list ...ec2.IpPermission) ([]ec2.SecurityGroupRule, error) {
	if egress {
		out, err := s.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &group, IpPermissions: list})
		return wire.Value(out).SecurityGroupRules, err
	}
	out, err := s.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: list})
	return wire.Value(out).SecurityGroupRules, err
}

// mustAuthorize returns the id of the first rule it adds.
func mustAuthorize(t *testing.T, s *Service, ctx context.Context, group string, egress bool, list ...ec2.IpPermission) string {
	t.Helper()
	rules, err := authorize(s, ctx, group, egress, list...)
	if err != nil {
		t.Fatal(err)
	}
	return *rules[0].SecurityGroupRuleId
}

func revoke(s *Service, ctx context.Context, group string, egress bool, ids []string, list ...ec2.IpPermission) error {
	if egress {
		_, err := s.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &group, SecurityGroupRuleIds: ids, IpPermissions: list})
		return err
	}
	_, err := s.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, SecurityGroupRuleIds: ids, IpPermissions: list})
	return err
}

func modifyRule(s *Service, ctx context.Context, group, rule string, to *ec2.SecurityGroupRuleRequest) error {
	_, err := s.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &group,
		SecurityGroupRules: []ec2.SecurityGroupRuleUpdate{{SecurityGroupRuleId: &rule, SecurityGroupRule: to}}})
	return err
}

// ruleLines are a group's rules as "in|out protocol from to peer", sorted.
func ruleLines(t rapid.TB, s *Service, ctx context.Context, group string) []string {
	t.Helper()
	out, err := s.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2.Filter{{Name: wire.Ptr("group-id"), Values: []string{group}}}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range out.SecurityGroupRules {
		peer := wire.Value(r.CidrIpv4) + wire.Value(r.CidrIpv6) + wire.Value(wire.Value(r.ReferencedGroupInfo).GroupId)
		way := map[bool]string{false: "in", true: "out"}[*r.IsEgress]
		lines = append(lines, fmt.Sprintf("%s %s %d %d %s", way, *r.IpProtocol, *r.FromPort, *r.ToPort, peer))
	}
	slices.Sort(lines)
	return lines
}

// Every form of a rule is stored in one way, which revoke finds whatever form
// it is named in.
func TestRuleForms(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const any4 = "0.0.0.0/0"
	for _, row := range []struct {
		add, remove ec2.IpPermission
		want        string
	}{
		{perm("tcp", 80, 90, "10.0.0.0/8"), perm("TCP", 80, 90, "10.0.0.0/8"), "tcp 80 90 10.0.0.0/8"},
		{perm("6", 0, 0, "2001:DB8::/32"), perm("tcp", 0, 0, "2001:db8::/32"), "tcp 0 0 2001:db8::/32"},
		{perm("tcp", -1, -1, any4), perm("tcp", 0, 65535, any4), "tcp 0 65535 0.0.0.0/0"},
		{perm("tcp", 1, 1, "100.68.0.18/18"), perm("tcp", 1, 1, "100.68.0.1/18"), "tcp 1 1 100.68.0.0/18"}, // the API's own example
		{perm("tcp", 1, 1, "2001:db8::1/32"), perm("tcp", 1, 1, "2001:db8::/32"), "tcp 1 1 2001:db8::/32"},
		{perm("udp", 53, 53, groupEp), perm("17", 53, 53, "ep"), "udp 53 53 " + groupEp},
		{perm("udp", 53, 53, "ep"), perm("udp", 53, 53, groupEp), "udp 53 53 " + groupEp},
		{perm("tcp", 1, 2, groupApp), perm("tcp", 1, 2, "app"), "tcp 1 2 " + groupApp},
		{perm("-1", -1, -1, any4), perm("-1", 0, 0, any4), "-1 -1 -1 0.0.0.0/0"}, // as Terraform revokes
		{perm("-1", 0, 0, "::/0"), portless("-1", "::/0"), "-1 -1 -1 ::/0"},
		{perm("icmp", 8, -1, any4), perm("1", 8, -1, any4), "icmp 8 -1 0.0.0.0/0"},
		{perm("icmp", 3, 4, any4), perm("icmp", 3, 4, any4), "icmp 3 4 0.0.0.0/0"},
		{perm("icmp", -1, -1, any4), perm("1", -1, -1, any4), "icmp -1 -1 0.0.0.0/0"},
		{portless("58", "::/0"), perm("icmpv6", -1, -1, "::/0"), "icmpv6 -1 -1 ::/0"},
		{portless("50", any4), perm("50", 7, 7, any4), "50 -1 -1 0.0.0.0/0"},
	} {
		for egress, way := range map[bool]string{false: "in ", true: "out "} {
			mustAuthorize(t, s, ctx, groupApp, egress, row.add)
			if got := ruleLines(t, s, ctx, groupApp); !slices.Equal(got, []string{way + row.want}) {
				t.Errorf("got %q, want %q", got, way+row.want)
			}
			if err := revoke(s, ctx, groupApp, egress, nil, row.remove); err != nil {
				t.Fatalf("revoke %s%s: %v", way, row.want, err)
			}
		}
	}
	if left := ruleLines(t, s, ctx, groupApp); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// The members of the API's first version name one rule without a list.
func TestFlatRuleMembers(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id, name, cidr, tcp, port := wire.Ptr(groupApp), wire.Ptr("app"), wire.Ptr("10.0.0.0/8"), wire.Ptr("tcp"), wire.Ptr(int32(22))
	for _, in := range []ec2.AuthorizeSecurityGroupIngressInput{
		{GroupName: name, CidrIp: cidr, IpProtocol: tcp, FromPort: port, ToPort: port},
		{GroupId: id, SourceSecurityGroupName: wire.Ptr("ep"), SourceSecurityGroupOwnerId: wire.Ptr(me.Account)},
	} {
		if _, err := s.AuthorizeSecurityGroupIngress(ctx, &in); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"in -1 -1 -1 " + groupEp, "in tcp 22 22 10.0.0.0/8"}
	if got := ruleLines(t, s, ctx, groupApp); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	out, err := s.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupName: name, CidrIp: cidr, IpProtocol: tcp, FromPort: port, ToPort: port})
	if err != nil || len(out.RevokedSecurityGroupRules) != 1 || *out.RevokedSecurityGroupRules[0].CidrIpv4 != *cidr {
		t.Errorf("revoked %+v, %v", out, err)
	}
	if got := ruleLines(t, s, ctx, groupApp); !slices.Equal(got, want[:1]) {
		t.Errorf("left %q, want %q", got, want[:1])
	}
}

// IPv4 rules with those that name groups, and IPv6 rules, may be 60 each in
// each direction, however the last one comes about.
func TestRuleQuota(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	var id string
	for _, egress := range []bool{false, true} {
		var v4, v6 []string
		for i := range 60 {
			v4, v6 = append(v4, fmt.Sprintf("10.0.%d.0/24", i)), append(v6, fmt.Sprintf("fd00:%x::/32", i+1))
		}
		v4[59] = groupEp
		id = mustAuthorize(t, s, ctx, groupApp, egress, perm("tcp", 1, 1, v4...), perm("tcp", 1, 1, v6...))
		for _, peer := range []string{"10.1.0.0/16", groupApp, "fd01::/32"} {
			wantError(t, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", func() error {
				_, err := authorize(s, ctx, groupApp, egress, perm("tcp", 1, 1, peer))
				return err
			})
		}
	}
	wantError(t, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", func() error {
		return modifyRule(s, ctx, groupApp, id, &ec2.SecurityGroupRuleRequest{IpProtocol: wire.Ptr("-1"), CidrIpv6: wire.Ptr("fd01::/32")})
	})
	if n := len(ruleLines(t, s, ctx, groupApp)); n != 240 {
		t.Errorf("%d rules, want 240", n)
	}
}

func TestRuleTags(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 1, 1, "10.0.0.0/8", "fd00::/8"))
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("red")}}}); err != nil {
		t.Fatal(err)
	}
	// What a rule allows and how it is described change; its tags and its id stay.
	if err := modifyRule(s, ctx, groupApp, id, &ec2.SecurityGroupRuleRequest{IpProtocol: wire.Ptr("-1"), CidrIpv4: wire.Ptr("10.0.0.0/9"), Description: wire.Ptr("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := s.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: wire.Ptr(groupApp),
		IpPermissions: []ec2.IpPermission{described(portless("-1", "10.0.0.0/9"), "y")}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2.Filter{{Name: wire.Ptr("tag:team"), Values: []string{"red"}}}})
	if err != nil || len(out.SecurityGroupRules) != 1 {
		t.Fatalf("got %+v, %v", out, err)
	}
	if r := out.SecurityGroupRules[0]; *r.SecurityGroupRuleId != id || *r.CidrIpv4 != "10.0.0.0/9" || *r.Description != "y" || len(r.Tags) != 1 {
		t.Errorf("got %+v", r)
	}
}

// Whatever is authorized and revoked, a group has the rules of a set in which
// a request happens as a whole or not at all.
func TestRulesAreASet(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	rapid.Check(t, func(rt *rapid.T) {
		group := createGroup(t, s, rapid.StringMatching(`[a-z]{20}`).Draw(rt, "name"), vpcID)
		model := map[string]bool{"out -1 -1 -1 0.0.0.0/0": true}
		for range rapid.IntRange(1, 6).Draw(rt, "requests") {
			egress, add := rapid.Bool().Draw(rt, "egress"), rapid.Bool().Draw(rt, "add")
			next, ok := maps.Clone(model), true
			var list []ec2.IpPermission
			for range rapid.IntRange(1, 3).Draw(rt, "rules") {
				peer := rapid.SampledFrom([]string{"0.0.0.0/0", "fd00::/8", groupEp}).Draw(rt, "peer")
				form := rapid.SampledFrom([]string{"-1 -1 -1", "tcp 1 1", "tcp 1 2"}).Draw(rt, "form")
				var protocol string
				var from, to int32
				fmt.Sscan(form, &protocol, &from, &to)
				list = append(list, perm(protocol, from, to, peer))
				line := map[bool]string{false: "in ", true: "out "}[egress] + form + " " + peer
				ok = ok && next[line] != add
				if next[line] = add; !add {
					delete(next, line)
				}
			}
			var err error
			if add {
				_, err = authorize(s, ctx, group, egress, list...)
			} else {
				err = revoke(s, ctx, group, egress, nil, list...)
			}
			if (err == nil) != ok {
				rt.Fatalf("add %t: got %v, want success %t", add, err, ok)
			}
			if ok {
				model = next
			}
			if got, want := ruleLines(rt, s, ctx, group), slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
				rt.Fatalf("got %q\nwant %q", got, want)
			}
		}
	})
}

// Of equal rules authorized at once, one wins.
func TestAuthorizeRace(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	errs := make([]error, 8)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() { _, errs[i] = authorize(s, ctx, groupApp, false, perm("tcp", 443, 443, "10.0.0.0/8")) })
	}
	wait.Wait()
	lost := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	for _, err := range lost {
		refused(t, "authorize", err, "InvalidPermission.Duplicate",
			`the specified rule "peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW" already exists`)
	}
	if rules := ruleLines(t, s, ctx, groupApp); len(lost) != 7 || len(rules) != 1 {
		t.Errorf("%d lost, rules %q", len(lost), rules)
	}
}
