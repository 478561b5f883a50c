package ec2

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// A policy that names one group must hold however the request names it.
func TestSecurityGroupMethodsNameTheirResources(t *testing.T) {
	s, ctx := endpointFixture(t)
	const prefix = "arn:aws:ec2:us-east-1:111122223333:security-group/"
	named := map[string]func(id, name *string) any{
		"DeleteSecurityGroup": func(id, name *string) any {
			return &ec2.DeleteSecurityGroupInput{GroupId: id, GroupName: name}
		},
		"AuthorizeSecurityGroupIngress": func(id, name *string) any {
			return &ec2.AuthorizeSecurityGroupIngressInput{GroupId: id, GroupName: name}
		},
		"RevokeSecurityGroupIngress": func(id, name *string) any {
			return &ec2.RevokeSecurityGroupIngressInput{GroupId: id, GroupName: name}
		},
		"UpdateSecurityGroupRuleDescriptionsIngress": func(id, name *string) any {
			return &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: id, GroupName: name}
		},
		"UpdateSecurityGroupRuleDescriptionsEgress": func(id, name *string) any {
			return &ec2.UpdateSecurityGroupRuleDescriptionsEgressInput{GroupId: id, GroupName: name}
		},
	}
	methods := map[string]wire.Method{}
	for _, m := range s.securityGroupMethods() {
		methods[m.Operation.Name] = m
	}
	for operation, in := range named {
		for _, row := range []struct {
			id, name *string
			want     []string
		}{
			{wire.Ptr(groupEp), nil, []string{prefix + groupEp}},
			{wire.Ptr(groupEp), wire.Ptr("app"), []string{prefix + groupEp}}, // the id is what counts
			{nil, wire.Ptr("app"), []string{prefix + groupApp}},
			{nil, wire.Ptr("default"), []string{prefix + groupDef, prefix + otherGroup}}, // each of them must be allowed
			{nil, wire.Ptr("none"), []string{prefix + "*"}},
			{nil, nil, []string{prefix + "*"}},
		} {
			if d := gocmp.Diff(row.want, methods[operation].Resources(ctx, in(row.id, row.name))); d != "" {
				t.Errorf("%s by %q, %q (-want +got):\n%s", operation, wire.Value(row.id), wire.Value(row.name), d)
			}
		}
	}
}

// The flat members say all of one rule or nothing: none of them is ignored,
// and what is left out never widens the rule.
func TestFlatRuleRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	cidr, name, tcp, port := wire.Ptr("0.0.0.0/0"), wire.Ptr("ep"), wire.Ptr("tcp"), wire.Ptr(int32(22))
	list := []ec2.IpPermission{perm("tcp", 1, 1, "10.0.0.0/8")}
	const (
		noProtocol = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
		noSource   = "Missing source specification: include source security group or CIDR information"
		together   = "The parameter '%s' may not be used in combination with '%s'"
	)
	for _, row := range []struct {
		in            ec2.AuthorizeSecurityGroupIngressInput
		code, message string
	}{
		{ec2.AuthorizeSecurityGroupIngressInput{CidrIp: cidr}, "InvalidParameterValue", noProtocol},
		{ec2.AuthorizeSecurityGroupIngressInput{CidrIp: cidr, FromPort: port, ToPort: port}, "InvalidParameterValue", noProtocol},
		{ec2.AuthorizeSecurityGroupIngressInput{SourceSecurityGroupName: name, FromPort: port, ToPort: port}, "InvalidParameterValue", noProtocol},
		{ec2.AuthorizeSecurityGroupIngressInput{IpProtocol: tcp, FromPort: port, ToPort: port}, "MissingParameter", noSource},
		{ec2.AuthorizeSecurityGroupIngressInput{SourceSecurityGroupOwnerId: wire.Ptr(me.Account)}, "MissingParameter", noSource},
		{ec2.AuthorizeSecurityGroupIngressInput{CidrIp: cidr, SourceSecurityGroupName: name}, "InvalidParameterCombination",
			fmt.Sprintf(together, "cidrIp", "sourceSecurityGroupName")},
		{ec2.AuthorizeSecurityGroupIngressInput{IpPermissions: list, FromPort: port}, "InvalidParameterCombination",
			fmt.Sprintf(together, "ipPermissions", "fromPort")},
		{ec2.AuthorizeSecurityGroupIngressInput{IpPermissions: list, CidrIp: cidr}, "InvalidParameterCombination",
			fmt.Sprintf(together, "ipPermissions", "cidrIp")},
	} {
		row.in.GroupId = wire.Ptr(groupApp)
		wantError(t, row.code, row.message, func() error {
			_, err := s.AuthorizeSecurityGroupIngress(ctx, &row.in)
			return err
		})
	}
	id := mustAuthorize(t, s, ctx, groupApp, false, list...)
	for _, row := range []struct {
		in    ec2.RevokeSecurityGroupIngressInput
		other string
	}{
		{ec2.RevokeSecurityGroupIngressInput{IpPermissions: list}, "ipPermissions"},
		{ec2.RevokeSecurityGroupIngressInput{CidrIp: cidr}, "cidrIp"},
	} {
		row.in.GroupId, row.in.SecurityGroupRuleIds = wire.Ptr(groupApp), []string{id}
		wantError(t, "InvalidParameterCombination", fmt.Sprintf(together, "securityGroupRuleIds", row.other), func() error {
			_, err := s.RevokeSecurityGroupIngress(ctx, &row.in)
			return err
		})
	}
	if rules := ruleLines(t, s, ctx, groupApp); len(rules) != 1 {
		t.Errorf("refused requests left %q", rules)
	}
}

// More peers than a request may name are refused before any is looked up.
func TestPeersAreCountedFirst(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	wantError(t, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", func() error {
		_, err := authorize(s, ctx, groupApp, false, perm("tcp", 1, 1, slices.Repeat([]string{"none"}, 1001)...))
		return err
	})
}

// ip-permission.group-name is the name of the group that a rule refers to.
func TestFilterByNameOfPeer(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 1, 1, groupEp))
	mustAuthorize(t, s, ctx, groupEp, true, perm("tcp", 1, 1, groupApp))
	for filter, want := range map[[2]string][]string{
		{"ip-permission.group-name", "ep"}:            {groupApp},
		{"ip-permission.group-name", "app"}:           nil,
		{"egress.ip-permission.group-name", "a*"}:     {groupEp},
		{"egress.ip-permission.group-name", groupApp}: nil,
	} {
		out, err := s.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
			Filters: []ec2.Filter{{Name: &filter[0], Values: filter[1:]}}})
		if err != nil {
			t.Errorf("%v: %v", filter, err)
			continue
		}
		if got := texts(out.SecurityGroups, func(g ec2.SecurityGroup) *string { return g.GroupId }); !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", filter, got, want)
		}
	}
}

// What is answered names the rules that were stored: a client can send a
// group's permissions back to revoke them.
func TestPermissionsRoundTrip(t *testing.T) {
	s, _ := endpointFixture(t)
	r := s.store.Snapshot()
	rapid.Check(t, func(rt *rapid.T) {
		g := vpc.SecurityGroup{Owner: me, ID: groupApp, VPC: vpcID,
			Rules: rapid.SliceOfNDistinct(anyRule(), 0, 30, func(r vpc.SecurityGroupRule) string { return ruleText(r) + fmt.Sprint(r.Egress) }).Draw(rt, "rules")}
		for _, egress := range []bool{false, true} {
			list := permissionsOf(g, egress)
			want := slices.DeleteFunc(slices.Clone(g.Rules), func(r vpc.SecurityGroupRule) bool { return r.Egress != egress })
			var got []vpc.SecurityGroupRule
			if len(want) > 0 {
				var err error
				if got, err = (permissions{list: list}).parse(s, r, g, egress); err != nil {
					rt.Fatal(err)
				}
			}
			forms := map[string]bool{}
			for _, p := range list {
				form := permissionLines([]ec2.IpPermission{{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}})[0]
				if forms[form] {
					rt.Fatalf("two permissions %s", form)
				}
				forms[form] = true
			}
			byText := func(a, b vpc.SecurityGroupRule) int { return cmp.Compare(ruleText(a), ruleText(b)) }
			slices.SortFunc(got, byText)
			slices.SortFunc(want, byText)
			if !slices.EqualFunc(got, want, func(a, b vpc.SecurityGroupRule) bool { return sameRule(a, b) && a.Description == b.Description }) {
				rt.Fatalf("got %+v\nwant %+v", got, want)
			}
		}
	})
}

// anyRule draws rules in the form in which they are stored.
func anyRule() *rapid.Generator[vpc.SecurityGroupRule] {
	return rapid.Custom(func(t *rapid.T) vpc.SecurityGroupRule {
		r := vpc.SecurityGroupRule{
			Egress:      rapid.Bool().Draw(t, "egress"),
			Protocol:    rapid.SampledFrom([]int{vpc.ProtocolAll, vpc.ProtocolICMP, vpc.ProtocolTCP, vpc.ProtocolUDP, vpc.ProtocolICMPv6, 50}).Draw(t, "protocol"),
			FromPort:    -1,
			ToPort:      -1,
			Description: rapid.StringMatching(`[a-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{0,20}`).Draw(t, "description"),
		}
		switch r.Protocol {
		case vpc.ProtocolTCP, vpc.ProtocolUDP:
			r.FromPort = rapid.IntRange(0, 65535).Draw(t, "from")
			r.ToPort = rapid.IntRange(r.FromPort, 65535).Draw(t, "to")
		case vpc.ProtocolICMP, vpc.ProtocolICMPv6:
			if r.FromPort = rapid.IntRange(-1, 255).Draw(t, "type"); r.FromPort >= 0 {
				r.ToPort = rapid.IntRange(-1, 255).Draw(t, "code")
			}
		}
		switch rapid.IntRange(0, 2).Draw(t, "peer") {
		case 0:
			a := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
			r.CIDR = netip.PrefixFrom(a, rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
		case 1:
			b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
			b[0] |= 0x20 // not an IPv4 address in IPv6
			r.CIDR = netip.PrefixFrom(netip.AddrFrom16(b), rapid.IntRange(3, 128).Draw(t, "bits")).Masked()
		case 2:
			r.Group = rapid.SampledFrom([]string{groupDef, groupEp, groupApp}).Draw(t, "group")
		}
		return r
	})
}

// A permission is refused, or it is one rule that a packet filter can have and
// that is found again by what is answered about it.
func FuzzPermission(f *testing.F) {
	f.Add("tcp", int32(443), int32(443), true, "10.0.0.0/16", false)
	f.Add("-1", int32(0), int32(0), true, "0.0.0.0/0", false)
	f.Add("icmpv6", int32(128), int32(-1), false, "2001:db8::1/32", true)
	f.Add("+6", int32(1), int32(0), true, "::ffff:10.0.0.0/104", true)
	g := vpc.SecurityGroup{Owner: me, ID: groupApp, VPC: vpcID}
	f.Fuzz(func(t *testing.T, protocol string, from, to int32, ports bool, cidr string, ipv6 bool) {
		p := ec2.IpPermission{IpProtocol: &protocol}
		if ports {
			p.FromPort, p.ToPort = &from, &to
		}
		if ipv6 {
			p.Ipv6Ranges = []ec2.Ipv6Range{{CidrIpv6: &cidr}}
		} else {
			p.IpRanges = []ec2.IpRange{{CidrIp: &cidr}}
		}
		rules, err := parsePermission(nil, nil, g, false, p)
		if err != nil {
			return
		}
		r := rules[0]
		hasPorts := r.Protocol == vpc.ProtocolTCP || r.Protocol == vpc.ProtocolUDP
		switch {
		case r.Protocol < -1 || r.Protocol > 255, r.CIDR != r.CIDR.Masked(), r.CIDR.Addr().Is4() == ipv6, r.CIDR.Addr().Is4In6():
			t.Fatalf("stored %+v", r)
		case hasPorts && (r.FromPort < 0 || r.FromPort > r.ToPort || r.ToPort > 65535),
			!hasPorts && (r.FromPort < -1 || r.FromPort > 255 || r.ToPort < -1 || r.ToPort > 255):
			t.Fatalf("stored ports %+v", r)
		}
		g.Rules = rules
		again, err := parsePermission(nil, nil, g, false, permissionsOf(g, false)[0])
		if err != nil || !sameRule(again[0], r) {
			t.Fatalf("%+v came back as %+v, %v", r, again, err)
		}
	})
}
