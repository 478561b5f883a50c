package ec2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

const absentGroup = "sg-0f000000000000001"

func TestCreateSecurityGroupRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	in := func(name, description string, edit ...func(*ec2.CreateSecurityGroupInput)) *ec2.CreateSecurityGroupInput {
		in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description, VpcId: wire.Ptr(vpcID)}
		for _, e := range edit {
			e(in)
		}
		return in
	}
	inVPC := func(id *string) func(*ec2.CreateSecurityGroupInput) {
		return func(in *ec2.CreateSecurityGroupInput) { in.VpcId = id }
	}
	tagged := func(kind string) func(*ec2.CreateSecurityGroupInput) {
		return func(in *ec2.CreateSecurityGroupInput) {
			in.TagSpecifications = []ec2.TagSpecification{{ResourceType: &kind}}
		}
	}
	const charset = "Value (%s) for parameter %s is invalid. Character sets beyond ASCII are not supported."
	long := strings.Repeat("a", 256)
	for _, row := range []struct {
		in            *ec2.CreateSecurityGroupInput
		code, message string
	}{
		{in("", "d"), "MissingParameter", "The request must contain the parameter GroupName"},
		{in("web", ""), "MissingParameter", "The request must contain the parameter GroupDescription"},
		{in("default", "d"), "InvalidGroup.Reserved", "Cannot use reserved security group name: default"},
		{in("sg-web", "d"), "InvalidParameterValue", "Group names may not be in the format sg-*."},
		{in("SG-web", "d"), "InvalidParameterValue", "Group names may not be in the format sg-*."},
		{in("wéb", "d"), "InvalidParameterValue", fmt.Sprintf(charset, "wéb", "GroupName")},
		{in(long, "d"), "InvalidParameterValue", fmt.Sprintf(charset, long, "GroupName")},
		{in("web", "a<b"), "InvalidParameterValue", fmt.Sprintf(charset, "a<b", "GroupDescription")},
		{in("web", long), "InvalidParameterValue", fmt.Sprintf(charset, long, "GroupDescription")},
		{in("web", "d", tagged("vpc")), "InvalidParameterValue", "'vpc' is not a valid taggable resource type for this operation."},
		{in("web", "d", inVPC(nil)), "VPCIdNotSpecified", "No default VPC for this user"},
		{in("web", "d", inVPC(wire.Ptr("x"))), "InvalidVpcID.Malformed", `Invalid id: "x" (expecting "vpc-...")`},
		{in("web", "d", inVPC(wire.Ptr("vpc-00000000000000000"))), "InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist"},
		{in("app", "d"), "InvalidGroup.Duplicate", "The security group 'app' already exists for VPC '" + vpcID + "'"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.CreateSecurityGroup(ctx, row.in)
			return err
		})
	}
	s.limits.Account, s.limits.GroupsPerReg = true, 5
	if _, err := s.CreateSecurityGroup(ctx, in("app", "the name is free in another VPC", inVPC(wire.Ptr(otherVPC)))); err != nil {
		t.Error(err)
	}
	wantError(t, "SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.", func() error {
		_, err := s.CreateSecurityGroup(ctx, in("web", "d"))
		return err
	})
}

func TestDeleteSecurityGroupRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	carrying := func(group string) func(*ec2.CreateVpcEndpointInput) {
		return func(in *ec2.CreateVpcEndpointInput) { in.SecurityGroupIds = []string{group} }
	}
	peer, free := createGroup(t, s, "peer", vpcID), createGroup(t, s, "free", vpcID)
	createEndpoint(t, s, ctx, inSubnets(subnetA), carrying(groupEp))
	bare := createEndpoint(t, s, ctx, forService(stsService), carrying(groupApp))
	mustAuthorize(t, s, ctx, free, false, perm("tcp", 443, 443, peer, free))
	inUse := func(id string) string { return "resource " + id + " has a dependent object" }
	for _, row := range []struct {
		in            ec2.DeleteSecurityGroupInput
		code, message string
	}{
		{ec2.DeleteSecurityGroupInput{}, "MissingParameter", "The request must contain the parameter GroupId"},
		{ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr("x")}, "InvalidGroupId.Malformed", `Invalid id: "x" (expecting "sg-...")`},
		{ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr(absentGroup)}, "InvalidGroup.NotFound", "The security group '" + absentGroup + "' does not exist"},
		{ec2.DeleteSecurityGroupInput{GroupName: wire.Ptr("none")}, "InvalidGroup.NotFound", "The security group 'none' does not exist"},
		{ec2.DeleteSecurityGroupInput{GroupName: wire.Ptr("default")}, "InvalidGroup.NotFound", "The security group 'default' does not exist"},
		{ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr(groupDef)}, "CannotDelete",
			`the specified group: "` + groupDef + `" name: "default" cannot be deleted by a user`},
		{ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr(groupEp)}, "DependencyViolation", inUse(groupEp)},
		{ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr(groupApp)}, "DependencyViolation", inUse(groupApp)},
		{ec2.DeleteSecurityGroupInput{GroupName: wire.Ptr("peer")}, "DependencyViolation", inUse(peer)},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.DeleteSecurityGroup(ctx, &row.in)
			return err
		})
	}
	if _, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{bare}}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{free, peer, groupApp} { // free names itself, which holds nothing back
		out, err := s.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
		if err != nil || !*out.Return || *out.GroupId != id {
			t.Errorf("delete %s: %+v, %v", id, out, err)
		}
	}
}

// Neither another account nor another Region sees or changes a group.
func TestSecurityGroupBelongsToItsAccountAndRegion(t *testing.T) {
	s, _ := endpointFixture(t)
	for _, who := range [][2]string{{"444455556666", "us-east-1"}, {"111122223333", "eu-west-1"}} {
		ctx := as(t, who[0], who[1])
		groups, err := s.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
		if err != nil || len(groups.SecurityGroups) != 0 {
			t.Errorf("%v sees %+v, %v", who, groups, err)
		}
		notFound := "The security group '" + groupApp + "' does not exist"
		wantError(t, "InvalidGroup.NotFound", notFound, func() error {
			_, err := s.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: wire.Ptr(groupApp)})
			return err
		})
		wantError(t, "InvalidGroup.NotFound", notFound, func() error {
			_, err := authorize(s, ctx, groupApp, false, perm("tcp", 1, 1, "10.0.0.0/8"))
			return err
		})
	}
}

// A new group lets everything out, and says so with its names and tags.
func TestCreateSecurityGroup(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	made, err := s.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: wire.Ptr("web"), Description: wire.Ptr("the web"), VpcId: wire.Ptr(vpcID),
		TagSpecifications: []ec2.TagSpecification{{ResourceType: wire.Ptr("security-group"), Tags: []ec2.Tag{{Key: wire.Ptr("k"), Value: wire.Ptr("v")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.GroupId
	if want := "arn:aws:ec2:us-east-1:111122223333:security-group/" + id; *made.SecurityGroupArn != want || len(made.Tags) != 1 {
		t.Errorf("made %+v, want ARN %s and a tag", made, want)
	}
	g := describeGroup(t, s, id)
	if *g.GroupName != "web" || *g.Description != "the web" || *g.VpcId != vpcID || *g.OwnerId != me.Account || *g.Tags[0].Key != "k" {
		t.Errorf("described %+v", g)
	}
	want := []string{"-1 nil nil [0.0.0.0/0]"}
	if got := permissionLines(g.IpPermissionsEgress); len(g.IpPermissions) != 0 || !slices.Equal(got, want) {
		t.Errorf("in %v, out %q, want %q", g.IpPermissions, got, want)
	}
}

// Rules with the same protocol and ports are one permission, in the order of
// their first ones.
func TestRulesAreGroupedIntoPermissions(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 443, 443, "10.0.0.0/8"), perm("-1", 0, 0, groupApp), perm("udp", 53, 53, "10.0.0.0/8"))
	mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 443, 443, "fd00::/8", "ep", "192.168.0.0/16"), perm("icmp", 8, -1, "10.0.0.0/8"))
	mustAuthorize(t, s, ctx, groupApp, true, perm("tcp", 443, 443, "10.0.0.0/8"))
	g := describeGroup(t, s, groupApp)
	for _, row := range []struct{ got, want []string }{
		{permissionLines(g.IpPermissions), []string{
			"tcp 443 443 [10.0.0.0/8 192.168.0.0/16 fd00::/8 " + groupEp + "]",
			"-1 nil nil [" + groupApp + "]", "udp 53 53 [10.0.0.0/8]", "icmp 8 -1 [10.0.0.0/8]"}},
		{permissionLines(g.IpPermissionsEgress), []string{"tcp 443 443 [10.0.0.0/8]"}},
	} {
		if !slices.Equal(row.got, row.want) {
			t.Errorf("got %q\nwant %q", row.got, row.want)
		}
	}
}

func TestDescribeSecurityGroups(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	mustAuthorize(t, s, ctx, groupApp, false, perm("tcp", 443, 444, "10.0.0.0/8", "fd00::/8", groupEp))
	mustAuthorize(t, s, ctx, groupEp, true, perm("udp", 53, 53, "10.0.0.0/8"))
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{groupEp}, Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("red")}}}); err != nil {
		t.Fatal(err)
	}
	filter := func(nameValues ...string) ec2.DescribeSecurityGroupsInput {
		return ec2.DescribeSecurityGroupsInput{Filters: []ec2.Filter{{Name: &nameValues[0], Values: nameValues[1:]}}}
	}
	for _, row := range []struct {
		in   ec2.DescribeSecurityGroupsInput
		want []string
	}{
		{ec2.DescribeSecurityGroupsInput{}, []string{groupDef, groupEp, groupApp, otherGroup}},
		{ec2.DescribeSecurityGroupsInput{GroupIds: []string{groupApp, groupEp}}, []string{groupEp, groupApp}},
		{ec2.DescribeSecurityGroupsInput{GroupNames: []string{"default"}}, []string{groupDef, otherGroup}},
		{filter("ip-permission.cidr", "10.0.0.0/8"), []string{groupApp}},
		{filter("egress.ip-permission.cidr", "10.*"), []string{groupEp}},
		{filter("ip-permission.ipv6-cidr", "fd00::/8"), []string{groupApp}},
		{filter("ip-permission.group-id", groupEp), []string{groupApp}},
		{filter("ip-permission.user-id", me.Account), []string{groupApp}},
		{filter("ip-permission.from-port", "443"), []string{groupApp}},
		{filter("ip-permission.to-port", "443"), nil},
		{filter("egress.ip-permission.protocol", "udp", "tcp"), []string{groupEp}},
		{filter("group-name", "app", "ep"), []string{groupEp, groupApp}},
		{filter("group-id", groupApp), []string{groupApp}},
		{filter("vpc-id", otherVPC), []string{otherGroup}},
		{filter("tag:team", "red"), []string{groupEp}},
		{filter("tag-key", "team"), []string{groupEp}},
		{filter("tag:team", "blue"), nil},
	} {
		out, err := s.DescribeSecurityGroups(ctx, &row.in)
		if err != nil {
			t.Errorf("%+v: %v", row.in, err)
			continue
		}
		if got := texts(out.SecurityGroups, func(g ec2.SecurityGroup) *string { return g.GroupId }); !slices.Equal(got, row.want) {
			t.Errorf("%+v: got %v, want %v", row.in, got, row.want)
		}
	}
	for _, row := range []struct {
		in            ec2.DescribeSecurityGroupsInput
		code, message string
	}{
		{filter("colour", "red"), "InvalidParameterValue", "The filter 'colour' is invalid"},
		{ec2.DescribeSecurityGroupsInput{GroupIds: []string{"x"}}, "InvalidGroupId.Malformed", `Invalid id: "x" (expecting "sg-...")`},
		{ec2.DescribeSecurityGroupsInput{GroupIds: []string{absentGroup}}, "InvalidGroup.NotFound", "The security group '" + absentGroup + "' does not exist"},
		{ec2.DescribeSecurityGroupsInput{GroupNames: []string{"app", "none"}}, "InvalidGroup.NotFound", "The security group 'none' does not exist"},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.DescribeSecurityGroups(ctx, &row.in)
			return err
		})
	}
}

// createGroup makes a group in a VPC and returns its id.
func createGroup(t *testing.T, s *Service, name, vpcID string) string {
	t.Helper()
	out, err := s.CreateSecurityGroup(as(t, me.Account, me.Region),
		&ec2.CreateSecurityGroupInput{GroupName: &name, Description: wire.Ptr("made by a test"), VpcId: &vpcID})
	if err != nil {
		t.Fatal(err)
	}
	return *out.GroupId
}

func describeGroup(t *testing.T, s *Service, id string) ec2.SecurityGroup {
	t.Helper()
	out, err := s.DescribeSecurityGroups(as(t, me.Account, me.Region), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.SecurityGroups[0]
}

// permissionLines are permissions as "protocol from to [peers]".
func permissionLines(list []ec2.IpPermission) []string {
	port := func(p *int32) string {
		if p == nil {
			return "nil"
		}
		return fmt.Sprint(*p)
	}
	var lines []string
	for _, p := range list {
		peers := texts(p.IpRanges, func(r ec2.IpRange) *string { return r.CidrIp })
		peers = append(peers, texts(p.Ipv6Ranges, func(r ec2.Ipv6Range) *string { return r.CidrIpv6 })...)
		peers = append(peers, texts(p.UserIdGroupPairs, func(u ec2.UserIdGroupPair) *string { return u.GroupId })...)
		lines = append(lines, fmt.Sprintf("%s %s %s %v", *p.IpProtocol, port(p.FromPort), port(p.ToPort), peers))
	}
	return lines
}
