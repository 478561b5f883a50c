package ec2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestPrincipalKind(t *testing.T) {
	for _, row := range []struct{ principal, want string }{
		{"*", "All"},
		{"arn:aws:iam::444455556666:root", "Account"},
		{"arn:aws:iam::444455556666:user/ann.o'", ""},
		{"arn:aws:iam::444455556666:user/ann@example.com", "User"},
		{"arn:aws:iam::444455556666:role/deploy_1+=,.-", "Role"},
		{"arn:aws-cn:iam::444455556666:root", "Account"},
		{"vpce.amazonaws.com", "Service"},
		// a path, other things of IAM and STS, and what is no ARN
		{"arn:aws:iam::444455556666:user/team/ann", ""},
		{"arn:aws:iam::444455556666:role/service-role/x", ""},
		{"arn:aws:iam::444455556666:group/x", ""},
		{"arn:aws:sts::444455556666:assumed-role/x/y", ""},
		{"arn:aws:iam::4444:root", ""},
		{"arn:aws:iam::444455556666:root ", ""},
		{"arn:aws:iam::444455556666:role/*", ""},
		{"444455556666", ""},
		{"**", ""},
		{"amazonaws.com", ""},
		{"", ""},
	} {
		if got := principalKind(row.principal); got != row.want {
			t.Errorf("principalKind(%q) = %q, want %q", row.principal, got, row.want)
		}
	}
}

func modifyPermissions(t *testing.T, s *Service, service string, add, remove []string) []string {
	t.Helper()
	out, err := s.ModifyVpcEndpointServicePermissions(as(t, me.Account, me.Region), &ec2.ModifyVpcEndpointServicePermissionsInput{
		ServiceId: &service, AddAllowedPrincipals: add, RemoveAllowedPrincipals: remove})
	if err != nil {
		t.Fatal(err)
	}
	var added []string
	for _, p := range out.AddedPrincipals {
		if !vpc.ValidID("vpce-svc-perm", *p.ServicePermissionId) || *p.ServiceId != service || !*out.ReturnValue {
			t.Errorf("%+v", p)
		}
		added = append(added, *p.PrincipalType+" "+*p.Principal)
	}
	return added
}

func allowed(t *testing.T, s *Service, service string, filters ...ec2.Filter) []string {
	t.Helper()
	out, err := s.DescribeVpcEndpointServicePermissions(as(t, me.Account, me.Region), &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &service, Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range out.AllowedPrincipals {
		all = append(all, *p.PrincipalType+" "+*p.Principal)
	}
	return all
}

// Who may see a service changes by what is added and removed; the answer names
// only what is new.
func TestModifyServicePermissions(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	const root, role, user = "arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/r", "arn:aws:iam::444455556666:user/u"
	if got := allowed(t, s, id); got != nil {
		t.Errorf("a new service is open to %v", got)
	}
	endpoint := attach(t, s, id)
	steps := []struct {
		add, remove []string
		added, all  []string
	}{
		{[]string{root, role, root}, nil, []string{"Account " + root, "Role " + role}, []string{"Account " + root, "Role " + role}},
		{[]string{root, "*"}, []string{user}, []string{"All *"}, []string{"Account " + root, "Role " + role, "All *"}},
		{[]string{user}, []string{root, "*"}, []string{"User " + user}, []string{"Role " + role, "User " + user}},
		{nil, []string{role, user}, nil, nil},
	}
	for _, step := range steps {
		if d := cmp.Diff(step.added, modifyPermissions(t, s, id, step.add, step.remove)); d != "" {
			t.Errorf("+%v -%v added (-want +got):\n%s", step.add, step.remove, d)
		}
		if d := cmp.Diff(step.all, allowed(t, s, id)); d != "" {
			t.Errorf("+%v -%v (-want +got):\n%s", step.add, step.remove, d)
		}
	}
	if got := connectionStates(t, s, ctx)[endpoint]; got != "available" {
		t.Errorf("an endpoint made before its principal was removed is %s", got)
	}
}

func TestServicePermissionsRefuse(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	type in = ec2.ModifyVpcEndpointServicePermissionsInput
	for _, row := range []struct {
		what          string
		in            in
		code, message string
	}{
		{"no principal", in{ServiceId: &id, AddAllowedPrincipals: []string{"*", "444455556666"}}, "InvalidPrincipal", "Invalid Principal: '444455556666'"},
		{"removed no principal", in{ServiceId: &id, RemoveAllowedPrincipals: []string{"me"}}, "InvalidPrincipal", "Invalid Principal: 'me'"},
		{"absent", in{ServiceId: wire.Ptr(noService), AddAllowedPrincipals: []string{"*"}}, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + noService + "' does not exist"},
	} {
		_, err := s.ModifyVpcEndpointServicePermissions(ctx, &row.in)
		refused(t, row.what, err, row.code, row.message)
	}
	if got := allowed(t, s, id); got != nil {
		t.Errorf("the refused requests opened the service to %v", got)
	}
	_, err := s.DescribeVpcEndpointServicePermissions(ctx, &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &id, MaxResults: wire.Ptr(int32(1))})
	refused(t, "small page", err, "InvalidParameterValue", "Value ( 1 ) for parameter maxResults is invalid. Expecting a value greater than or equal to 5.")
}

func TestServicePermissionFilters(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	modifyPermissions(t, s, id, []string{"*", "arn:aws:iam::444455556666:root"}, nil)
	for _, row := range []struct {
		name, value string
		want        []string
	}{
		{"principal", "arn:aws:iam::444455556666:*", []string{"Account arn:aws:iam::444455556666:root"}},
		{"principal-type", "All", []string{"All *"}},
		{"principal-type", "Role", nil},
	} {
		if d := cmp.Diff(row.want, allowed(t, s, id, ec2.Filter{Name: &row.name, Values: []string{row.value}})); d != "" {
			t.Errorf("%s=%s (-want +got):\n%s", row.name, row.value, d)
		}
	}
}

// Services and permissions have tags like every other resource.
func TestServiceTags(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	modifyPermissions(t, s, id, []string{"*", "arn:aws:iam::444455556666:root"}, nil)
	out, err := s.DescribeVpcEndpointServicePermissions(ctx, &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &id})
	if err != nil {
		t.Fatal(err)
	}
	permission := *out.AllowedPrincipals[1].ServicePermissionId
	tag := []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("net")}}
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id, permission}, Tags: tag}); err != nil {
		t.Fatal(err)
	}
	tags, err := s.DescribeTags(ctx, &ec2.DescribeTagsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range tags.Tags {
		got = append(got, *d.ResourceType+" "+*d.ResourceId+" "+*d.Key+"="+*d.Value)
	}
	if d := cmp.Diff([]string{"vpc-endpoint-service " + id + " team=net", "vpc-endpoint-service-permission " + permission + " team=net"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if out, err = s.DescribeVpcEndpointServicePermissions(ctx, &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &id}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tag, out.AllowedPrincipals[1].Tags); d != "" || out.AllowedPrincipals[0].Tags != nil {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := s.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id, permission}}); err != nil {
		t.Fatal(err)
	}
	if v := describeService(t, s, ctx, id); v.Tags != nil {
		t.Errorf("tags %v are left", v.Tags)
	}
	_, err = s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{noService}, Tags: tag})
	refused(t, "absent", err, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '"+noService+"' does not exist")
	_, err = s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"vpce-svc-perm-0f000000000000000"}, Tags: tag})
	refused(t, "absent permission", err, "InvalidID", "The ID 'vpce-svc-perm-0f000000000000000' is not valid")
}
