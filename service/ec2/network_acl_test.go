package ec2

import (
	"slices"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// aclIDs are the ids of the network ACLs that match a filter.
func aclIDs(t *testing.T, s *Service, name, value string) []string {
	t.Helper()
	out, err := s.DescribeNetworkAcls(as(t, me.Account, me.Region),
		&ec2.DescribeNetworkAclsInput{Filters: []ec2.Filter{{Name: &name, Values: []string{value}}}})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var ids []string
	for _, a := range out.NetworkAcls {
		ids = append(ids, *a.NetworkAclId)
	}
	return ids
}

func TestDescribeNetworkAcls(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	dual := dualStackVPC(t, s, ctx)
	const old, other = "acl-0a000000000000001", "acl-0d000000000000001" // of the fixture's VPCs
	made := aclIDs(t, s, "vpc-id", *dual.VpcId)[0]
	all := []string{old, other, made}
	for _, row := range []struct {
		name, value string
		want        []string
	}{
		{"default", "true", all},
		{"default", "false", nil},
		{"network-acl-id", old, []string{old}},
		{"owner-id", "111122223333", all},
		{"association.subnet-id", subnetA, []string{old}},
		{"association.association-id", "aclassoc-0a000000000000001", []string{old}},
		{"association.network-acl-id", other, []string{other}},
		{"entry.cidr", "0.0.0.0/0", all},
		{"entry.ipv6-cidr", "::/0", []string{made}},
		{"entry.protocol", "-1", all},
		{"entry.rule-action", "deny", all},
		{"entry.egress", "true", all},
		{"entry.rule-number", "32768", []string{made}},
		{"entry.port-range.from", "443", nil},
		{"entry.icmp.type", "8", nil},
		{"tag-key", "Name", nil},
	} {
		got := aclIDs(t, s, row.name, row.value)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(row.want))
		if !slices.Equal(got, want) {
			t.Errorf("%s=%s: %v, want %v", row.name, row.value, got, want)
		}
	}

	out, err := s.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{NetworkAclIds: []string{made}})
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		egress bool
		number int32
		action string
		cidr   string
	}
	var got []entry
	for _, e := range out.NetworkAcls[0].Entries {
		got = append(got, entry{*e.Egress, *e.RuleNumber, *e.RuleAction, wire.Value(e.CidrBlock) + wire.Value(e.Ipv6CidrBlock)})
	}
	var want []entry
	for _, egress := range []bool{true, false} {
		want = append(want, entry{egress, 100, "allow", "0.0.0.0/0"}, entry{egress, 101, "allow", "::/0"},
			entry{egress, 32767, "deny", "0.0.0.0/0"}, entry{egress, 32768, "deny", "::/0"})
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries %v, want %v", got, want)
	}
	for id, want := range map[string]string{
		"acl-00000000000000000": "InvalidNetworkAclID.NotFound: The networkAcl ID 'acl-00000000000000000' does not exist",
		"x":                     `InvalidNetworkAclID.Malformed: Invalid id: "x" (expecting "acl-...")`,
	} {
		if _, err := s.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{NetworkAclIds: []string{id}}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// A VPC names the set of DHCP options that its Region has.
func TestDescribeDhcpOptions(t *testing.T) {
	s, ctx := endpointFixture(t)
	out, err := s.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{})
	if err != nil || len(out.DhcpOptions) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	d := out.DhcpOptions[0]
	if id := *describeVPC(t, s, ctx, vpcID).DhcpOptionsId; id != *d.DhcpOptionsId {
		t.Errorf("the VPC has %s, the Region %s", id, *d.DhcpOptionsId)
	}
	options := map[string]string{}
	for _, c := range d.DhcpConfigurations {
		options[*c.Key] = *c.Values[0].Value
	}
	if options["domain-name"] != "ec2.internal" || options["domain-name-servers"] != "AmazonProvidedDNS" || len(options) != 2 {
		t.Errorf("options %v", options)
	}
	far, err := s.DescribeDhcpOptions(as(t, me.Account, "eu-west-1"), &ec2.DescribeDhcpOptionsInput{Filters: []ec2.Filter{
		{Name: wire.Ptr("value"), Values: []string{"eu-west-1.compute.internal"}}}})
	if err != nil || len(far.DhcpOptions) != 1 {
		t.Errorf("in another Region: %+v, %v", far, err)
	}
	for _, row := range []struct {
		name, value string
		want        int
	}{
		{"dhcp-options-id", *d.DhcpOptionsId, 1}, {"owner-id", "444455556666", 0}, {"key", "domain-name", 1}, {"key", "ntp-servers", 0}, {"tag-key", "x", 0},
	} {
		got, err := s.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{Filters: []ec2.Filter{{Name: &row.name, Values: []string{row.value}}}})
		if err != nil || len(got.DhcpOptions) != row.want {
			t.Errorf("%s=%s: %+v, %v", row.name, row.value, got, err)
		}
	}
	for id, want := range map[string]string{
		"dopt-00000000000000000": "InvalidDhcpOptionID.NotFound: The dhcpOption ID 'dopt-00000000000000000' does not exist",
		"x":                      `InvalidDhcpOptionsId.Malformed: Invalid id: "x" (expecting "dopt-...")`,
	} {
		if _, err := s.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{DhcpOptionsIds: []string{id}}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", id, err)
		}
	}
}
