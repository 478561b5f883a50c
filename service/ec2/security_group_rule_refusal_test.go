package ec2

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

const badRuleText = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"

// Authorize refuses what is not a rule, in either direction, and adds nothing
// of a request that it refuses.
func TestAuthorizeRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const net = "10.0.0.0/8"
	stranger := perm("tcp", 1, 1, groupEp)
	stranger.UserIdGroupPairs[0].UserId = wire.Ptr("444455556666")
	peered := perm("tcp", 1, 1, groupEp)
	peered.UserIdGroupPairs[0].VpcPeeringConnectionId = wire.Ptr("pcx-0a000001")
	noProtocol := perm("tcp", 1, 1, net)
	noProtocol.IpProtocol = nil
	var many []string
	for range 1001 {
		many = append(many, net)
	}
	duplicate := func(rule string) string { return `the specified rule "peer: ` + rule + `, ALLOW" already exists` }
	for _, row := range []struct {
		list          []ec2.IpPermission
		code, message string
	}{
		{nil, "MissingParameter", "The request must contain the parameter ipPermissions"},
		{[]ec2.IpPermission{noProtocol}, "InvalidParameterValue", "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."},
		{[]ec2.IpPermission{perm("gre", 1, 1, net)}, "InvalidParameterValue", "Invalid value 'gre' for IP protocol. Unknown protocol."},
		{[]ec2.IpPermission{portless("all", net)}, "InvalidParameterValue", "Invalid value 'all' for IP protocol. Unknown protocol."},
		{[]ec2.IpPermission{perm("+6", 1, 1, net)}, "InvalidParameterValue", "Invalid value '+6' for IP protocol. Unknown protocol."},
		{[]ec2.IpPermission{perm("256", 1, 1, net)}, "InvalidParameterValue", "Invalid value '256' for IP protocol. Unknown protocol."},
		{[]ec2.IpPermission{portless("tcp", net)}, "InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."},
		{[]ec2.IpPermission{portless("icmp", net)}, "InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with ICMP."},
		{[]ec2.IpPermission{perm("tcp", 2, 1, net)}, "InvalidParameterValue", "Invalid TCP/UDP port range (2 to 1)"},
		{[]ec2.IpPermission{perm("udp", -1, 1, net)}, "InvalidParameterValue", "Invalid TCP/UDP port range (-1 to 1)"},
		{[]ec2.IpPermission{perm("tcp", 1, 65536, net)}, "InvalidParameterValue", "Invalid TCP/UDP port range (1 to 65536)"},
		{[]ec2.IpPermission{perm("icmp", 256, 0, net)}, "InvalidParameterValue", "ICMP type (256), code (0) out of range"},
		{[]ec2.IpPermission{perm("icmp", -1, 0, net)}, "InvalidParameterValue", "ICMP code (0) needs an ICMP type"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "10.0.0.0")}, "InvalidParameterValue", "CIDR block 10.0.0.0 is malformed"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "::ffff:10.0.0.0/104")}, "InvalidParameterValue", "CIDR block ::ffff:10.0.0.0/104 is malformed"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, net, "10.0.0.1/8")}, "InvalidPermission.Duplicate", duplicate("10.0.0.0/8, TCP, from port: 1, to port: 1")},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "fd00::/8", "fd00::1/8")}, "InvalidPermission.Duplicate", duplicate("fd00::/8, TCP, from port: 1, to port: 1")},
		{[]ec2.IpPermission{peered}, "InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID 'pcx-0a000001' does not exist"},
		{[]ec2.IpPermission{perm("tcp", 1, 1)}, "MissingParameter", "Missing source specification: include source security group or CIDR information"},
		{[]ec2.IpPermission{described(perm("tcp", 1, 1, net), "a<b")}, "InvalidParameterValue", badRuleText},
		{[]ec2.IpPermission{described(perm("tcp", 1, 1, net), strings.Repeat("a", 256))}, "InvalidParameterValue", badRuleText},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "pl-0a000001")}, "InvalidPrefixListID.NotFound", "The prefix list ID 'pl-0a000001' does not exist"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "sg-x")}, "InvalidGroupId.Malformed", `Invalid id: "sg-x" (expecting "sg-...")`},
		{[]ec2.IpPermission{perm("tcp", 1, 1, absentGroup)}, "InvalidGroup.NotFound", "The security group '" + absentGroup + "' does not exist"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, otherGroup)}, "InvalidGroup.NotFound", "The security group '" + otherGroup + "' does not exist"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, "none")}, "InvalidGroup.NotFound", "The security group 'none' does not exist"},
		{[]ec2.IpPermission{stranger}, "InvalidGroup.NotFound", "The security group '" + groupEp + "' does not exist"},
		{[]ec2.IpPermission{perm("tcp", 1, 1, many...)}, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."},
		{[]ec2.IpPermission{perm("tcp", 1, 2, net, net)}, "InvalidPermission.Duplicate", duplicate("10.0.0.0/8, TCP, from port: 1, to port: 2")},
		{[]ec2.IpPermission{perm("-1", 0, 0, "ep"), portless("-1", groupEp)}, "InvalidPermission.Duplicate", duplicate(groupEp + ", ALL")},
		{[]ec2.IpPermission{perm("icmp", 8, -1, net, net)}, "InvalidPermission.Duplicate", duplicate("10.0.0.0/8, ICMP, type: 8, code: -1")},
		{[]ec2.IpPermission{portless("50", net, net)}, "InvalidPermission.Duplicate", duplicate("10.0.0.0/8, 50")},
	} {
		for _, egress := range []bool{false, true} {
			wantError(t, row.code, row.message, func() error {
				_, err := authorize(s, ctx, groupApp, egress, row.list...)
				return err
			})
		}
	}
	if rules := ruleLines(t, s, ctx, groupApp); len(rules) > 0 {
		t.Errorf("refused requests added %q", rules)
	}
}

// Revoke, Modify and UpdateDescriptions refuse rules that are not the
// group's, or not of the direction, and change nothing then.
func TestRuleChangeRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const net = "10.0.0.0/8"
	in := mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 1, 1, net, "fd00::/8"))
	out := mustAuthorize(t, s, ctx, groupApp, true, perm("tcp", 2, 2, net))
	elsewhere := mustAuthorize(t, s, ctx, groupEp, false, perm("tcp", 3, 3, net))
	before := ruleLines(t, s, ctx, groupApp)
	want := func(code, message string, errs ...error) {
		t.Helper()
		for _, err := range errs {
			refused(t, "change of rules", err, code, message)
		}
	}
	modify := func(id, protocol string, edit ...func(*ec2.SecurityGroupRuleRequest)) error {
		r := &ec2.SecurityGroupRuleRequest{IpProtocol: &protocol, CidrIpv4: wire.Ptr(net)}
		for _, e := range edit {
			e(r)
		}
		return modifyRule(s, ctx, groupApp, id, r)
	}
	newText := "new"
	describe := func(egress bool, group, id string, list ...ec2.IpPermission) error {
		var byID []ec2.SecurityGroupRuleDescription
		if id != "" {
			byID = []ec2.SecurityGroupRuleDescription{{SecurityGroupRuleId: &id, Description: &newText}}
		}
		if egress {
			_, err := s.UpdateSecurityGroupRuleDescriptionsEgress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsEgressInput{
				GroupId: &group, IpPermissions: list, SecurityGroupRuleDescriptions: byID})
			return err
		}
		_, err := s.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{
			GroupId: &group, IpPermissions: list, SecurityGroupRuleDescriptions: byID})
		return err
	}
	want("InvalidGroupId.Malformed", `Invalid id: "x" (expecting "sg-...")`,
		revoke(s, ctx, "x", false, nil), modifyRule(s, ctx, "x", in, nil), describe(true, "x", ""))
	want("InvalidGroup.NotFound", "The security group '"+absentGroup+"' does not exist",
		revoke(s, ctx, absentGroup, true, nil), modifyRule(s, ctx, absentGroup, in, nil), describe(false, absentGroup, ""))
	want("MissingParameter", "The request must contain the parameter ipPermissions",
		revoke(s, ctx, groupApp, false, nil), describe(false, groupApp, ""))
	want("MissingParameter", "The request must contain the parameter SecurityGroupRule", modifyRule(s, ctx, groupApp, in, nil))
	want("InvalidSecurityGroupRuleId.Malformed", `Invalid id: "x" (expecting "sgr-...")`,
		revoke(s, ctx, groupApp, false, []string{"x"}), modify("x", "-1"), describe(false, groupApp, "x"))
	for id, errs := range map[string][]error{
		absentRule: {revoke(s, ctx, groupApp, false, []string{in, absentRule}), modify(absentRule, "-1"), describe(false, groupApp, absentRule)},
		elsewhere:  {revoke(s, ctx, groupApp, false, []string{elsewhere}), modify(elsewhere, "-1"), describe(false, groupApp, elsewhere)},
		in:         {revoke(s, ctx, groupApp, true, []string{in}), describe(true, groupApp, in)},
		out:        {revoke(s, ctx, groupApp, false, []string{out}), describe(false, groupApp, out)},
	} {
		want("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '"+id+"' does not exist", errs...)
	}
	want("InvalidPermission.NotFound", "The specified rule does not exist in this security group.",
		revoke(s, ctx, groupApp, false, nil, perm("tcp", 1, 1, net), perm("tcp", 2, 2, net)),
		revoke(s, ctx, groupApp, false, nil, perm("tcp", 1, 1, net, net)),
		revoke(s, ctx, groupApp, true, nil, perm("tcp", 1, 1, net)),
		describe(false, groupApp, "", described(perm("tcp", 2, 2, net), "new")))
	want("InvalidParameterValue", "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified for a rule",
		modify(in, "-1", func(r *ec2.SecurityGroupRuleRequest) { r.CidrIpv6 = wire.Ptr("::/0") }))
	want("InvalidPrefixListID.NotFound", "The prefix list ID 'pl-0a000001' does not exist",
		modify(in, "-1", func(r *ec2.SecurityGroupRuleRequest) { r.PrefixListId = wire.Ptr("pl-0a000001") }),
		revoke(s, ctx, groupApp, false, nil, perm("tcp", 1, 1, "pl-0a000001")))
	want("InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.", modify(in, "tcp"))
	want("InvalidParameterValue", badRuleText, describe(false, groupApp, "", described(perm("tcp", 1, 1, net), "a<b")))
	newText = "a<b"
	want("InvalidParameterValue", badRuleText, describe(false, groupApp, in))
	want("InvalidPermission.Duplicate", `the specified rule "peer: fd00::/8, TCP, from port: 1, to port: 1, ALLOW" already exists`,
		modify(in, "tcp", func(r *ec2.SecurityGroupRuleRequest) {
			r.CidrIpv4, r.CidrIpv6, r.FromPort, r.ToPort = nil, wire.Ptr("fd00::/8"), wire.Ptr(int32(1)), wire.Ptr(int32(1))
		}))
	if after := ruleLines(t, s, ctx, groupApp); !slices.Equal(after, before) {
		t.Errorf("refused changes left %q, want %q", after, before)
	}
	if err := revoke(s, ctx, groupApp, false, []string{in, in}); err != nil {
		t.Error(err)
	}
	if left := ruleLines(t, s, ctx, groupApp); len(left) != len(before)-1 {
		t.Errorf("revoke by id left %q of %q", left, before)
	}
}
