package api

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/service/cloudtrail"
	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/service/eks"
	"github.com/postern/postern/service/elbv2"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	wirecloudtrail "github.com/postern/postern/wire/cloudtrail"
	wireec2 "github.com/postern/postern/wire/ec2"
	wireeks "github.com/postern/postern/wire/eks"
	wireelbv2 "github.com/postern/postern/wire/elbv2"
	wireiam "github.com/postern/postern/wire/iam"
	wirelogs "github.com/postern/postern/wire/logs"
)

// realServer serves the real services over an empty store. Its callers have
// the policies of f.
func realServer(t *testing.T, f *fixture) *Server {
	records, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	events, err := logs.New(logs.Config{Store: records, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Close() })
	limits := vpc.DefaultLimits()
	network := ec2.New(ec2.Config{Store: records, Limits: limits})
	clusters := eks.New(eks.Config{Store: records, Limits: limits})
	balancers := elbv2.New(elbv2.Config{Store: records, Limits: limits})
	identities := iam.New(iam.Config{Store: records, Limits: iam.DefaultLimits()})
	c := f.server.config
	c.Services = []Service{
		{Model: wireec2.Model, Methods: network.Methods(), Keys: network.ConditionKeys(), Tags: network.ResourceTags},
		{Model: wireeks.Model, Methods: clusters.Methods(), Keys: clusters.ConditionKeys(), Tags: clusters.ResourceTags},
		{Model: wirelogs.Model, Methods: events.Methods(), Tags: events.ResourceTags},
		{Model: wireelbv2.Model, Methods: balancers.Methods(), Keys: balancers.ConditionKeys(), Tags: balancers.ResourceTags},
		{Model: wireiam.Model, Methods: identities.Methods(), Keys: identities.ConditionKeys(), Tags: identities.ResourceTags},
		{Model: wirecloudtrail.Model, Methods: cloudtrail.New(cloudtrail.Config{}).Methods()},
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asks is a call of an operation, decoded from nothing.
func (s *Server) asks(caller auth.Caller, arrival vpc.Arrival, of *service, m wire.Method, in any) *call {
	caller.Region = region
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	return &call{Server: s, start: time.Now(), request: r.WithContext(auth.WithCaller(r.Context(), caller)),
		arrival: arrival, service: of, caller: caller, operation: m.Operation, method: m, in: in}
}

// TestEverythingIsDenied: whoever has no rights may do nothing, whatever the
// operation, and an endpoint whose policy allows nothing lets nobody do
// anything, not even root.
func TestEverythingIsDenied(t *testing.T) {
	f := newFixture(t)
	s := realServer(t, f)
	codes := map[wire.Protocol]string{wire.EC2: "UnauthorizedOperation", wire.Query: "AccessDenied", wire.JSON: "AccessDeniedException", wire.RESTJSON: "AccessDeniedException"}
	f.set(func() { f.policy = document(allow("s3:*", "*")) })
	n := 0
	for _, of := range s.services {
		for _, m := range of.methods {
			n++
			in := reflect.New(m.Operation.Input).Interface()
			for name, c := range map[string]*call{
				"a user without rights": s.asks(ann, vpc.Arrival{}, of, m, in),
				"root, at the endpoint": s.asks(root, arrivalOn("eks"), of, m, in),
			} {
				e, _ := c.authorize().(*wire.Error)
				if e == nil || e.Code != codes[of.model.Protocol] {
					t.Errorf("%s %s: %v", name, c.action(), e)
				}
			}
			if err := s.asks(root, vpc.Arrival{}, of, m, in).authorize(); err != nil {
				t.Errorf("root %s: %v", m.Operation.Name, err)
			}
		}
	}
	if n < 150 {
		t.Errorf("%d operations", n)
	}
}

// TestFurtherPermissions: what a call does beside its own action must be
// allowed, too.
func TestFurtherPermissions(t *testing.T) {
	f := newFixture(t)
	s := realServer(t, f)
	tags := []wireec2.TagSpecification{{ResourceType: wire.Ptr("vpc"), Tags: []wireec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("red")}}}}
	endpoint := &wireec2.CreateVpcEndpointInput{VpcId: wire.Ptr("vpc-1"), ServiceName: wire.Ptr("com.amazonaws.us-east-1.eks")}
	for _, row := range []struct {
		name  string
		of    *wire.Service
		op    *wire.Operation
		in    any
		may   string // statement of the user
		wants string // the action that is denied; empty: none
	}{
		{"without tags", wireec2.Model, wireec2.OpCreateVpc, &wireec2.CreateVpcInput{}, may("ec2:CreateVpc", ""), ""},
		{"tags", wireec2.Model, wireec2.OpCreateVpc, &wireec2.CreateVpcInput{TagSpecifications: tags}, may("ec2:CreateVpc", ""), "ec2:CreateTags"},
		{"tags on create", wireec2.Model, wireec2.OpCreateVpc, &wireec2.CreateVpcInput{TagSpecifications: tags},
			may("ec2:CreateVpc", "") + "," + may("ec2:CreateTags", `"StringEquals":{"ec2:CreateAction":"CreateVpc","aws:RequestTag/team":"red"}`), ""},
		{"tags on another create", wireec2.Model, wireec2.OpCreateVpc, &wireec2.CreateVpcInput{TagSpecifications: tags},
			may("ec2:CreateVpc", "") + "," + may("ec2:CreateTags", `"StringEquals":{"ec2:CreateAction":"CreateSubnet"}`), "ec2:CreateTags"},
		{"private names", wireec2.Model, wireec2.OpCreateVpcEndpoint, endpoint, may("ec2:*", ""), "route53:AssociateVPCWithHostedZone"},
		{"the owner of the service", wireec2.Model, wireec2.OpCreateVpcEndpoint, endpoint,
			may("route53:*", "") + "," + may("ec2:*", `"StringEqualsIfExists":{"ec2:VpceServiceOwner":"amazon","ec2:VpceServiceName":"com.amazonaws.us-east-1.eks"}`), ""},
		{"another owner of the service", wireec2.Model, wireec2.OpCreateVpcEndpoint, endpoint,
			may("route53:*", "") + "," + may("ec2:*", `"StringEqualsIfExists":{"ec2:VpceServiceOwner":"444455556666"}`), "ec2:CreateVpcEndpoint"},
		{"the role of flow logs", wireec2.Model, wireec2.OpCreateFlowLogs, &wireec2.CreateFlowLogsInput{DeliverLogsPermissionArn: wire.Ptr("arn:aws:iam::111122223333:role/flow")}, may("ec2:*", ""), "iam:PassRole"},
		{"it may be passed", wireec2.Model, wireec2.OpCreateFlowLogs, &wireec2.CreateFlowLogsInput{DeliverLogsPermissionArn: wire.Ptr("arn:aws:iam::111122223333:role/flow")},
			may("ec2:*", "") + "," + may("iam:PassRole", `"StringEquals":{"iam:PassedToService":"vpc-flow-logs.amazonaws.com"}`), ""},
		{"the role of a cluster", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), RoleArn: wire.Ptr("arn:aws:iam::111122223333:role/c")}, may("eks:*", ""), "iam:PassRole"},
		{"it may be passed to another service", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), RoleArn: wire.Ptr("arn:aws:iam::111122223333:role/c")},
			may("eks:*", "") + "," + may("iam:PassRole", `"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}`), "iam:PassRole"},
		{"another's role", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), RoleArn: wire.Ptr("arn:aws:iam::444455556666:role/c")}, may("*", ""), "iam:PassRole"},
		{"a cluster of one kind", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), ResourcesVpcConfig: &wireeks.VpcConfigRequest{EndpointPublicAccess: wire.Ptr(false)}},
			may("*", `"Bool":{"eks:endpointPublicAccess":"false"}`), ""},
		{"a public cluster", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), ResourcesVpcConfig: &wireeks.VpcConfigRequest{EndpointPublicAccess: wire.Ptr(true)}},
			may("*", `"Bool":{"eks:endpointPublicAccess":"false"}`), "eks:CreateCluster"},
		{"tags of a cluster", wireeks.Model, wireeks.OpCreateCluster, &wireeks.CreateClusterInput{Name: wire.Ptr("c"), Tags: map[string]string{"a": "b"}}, may("eks:CreateCluster", ""), "eks:TagResource"},
		{"tags of a log group", wirelogs.Model, wirelogs.OpCreateLogGroup, &wirelogs.CreateLogGroupInput{LogGroupName: wire.Ptr("g"), Tags: map[string]string{"a": "b"}}, may("logs:CreateLogGroup", ""), "logs:TagResource"},
		{"tags of a load balancer", wireelbv2.Model, wireelbv2.OpCreateLoadBalancer, &wireelbv2.CreateLoadBalancerInput{Name: wire.Ptr("n"), Tags: []wireelbv2.Tag{{Key: wire.Ptr("a")}}}, may("elasticloadbalancing:CreateLoadBalancer", ""), "elasticloadbalancing:AddTags"},
		{"tags of a role", wireiam.Model, wireiam.OpCreateRole, &wireiam.CreateRoleInput{RoleName: wire.Ptr("r"), Tags: []wireiam.Tag{{Key: wire.Ptr("a"), Value: wire.Ptr("b")}}}, may("iam:CreateRole", ""), "iam:TagRole"},
		{"a role with a boundary", wireiam.Model, wireiam.OpCreateRole, &wireiam.CreateRoleInput{RoleName: wire.Ptr("r"), PermissionsBoundary: wire.Ptr("arn:aws:iam::111122223333:policy/b")},
			may("iam:*", `"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::111122223333:policy/b"}`), ""},
		{"a role without", wireiam.Model, wireiam.OpCreateRole, &wireiam.CreateRoleInput{RoleName: wire.Ptr("r")},
			may("iam:*", `"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::111122223333:policy/b"}`), "iam:CreateRole"},
		{"one policy only", wireiam.Model, wireiam.OpAttachRolePolicy, &wireiam.AttachRolePolicyInput{RoleName: wire.Ptr("r"), PolicyArn: wire.Ptr("arn:aws:iam::aws:policy/ReadOnlyAccess")},
			may("iam:*", `"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`), ""},
		{"another policy", wireiam.Model, wireiam.OpAttachRolePolicy, &wireiam.AttachRolePolicyInput{RoleName: wire.Ptr("r"), PolicyArn: wire.Ptr("arn:aws:iam::aws:policy/AdministratorAccess")},
			may("iam:*", `"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`), "iam:AttachRolePolicy"},
		{"a role for instances", wireiam.Model, wireiam.OpAddRoleToInstanceProfile, &wireiam.AddRoleToInstanceProfileInput{RoleName: wire.Ptr("r"), InstanceProfileName: wire.Ptr("p")}, may("iam:AddRoleToInstanceProfile", ""), "iam:PassRole"},
	} {
		f.set(func() { f.identities = mayDo(row.may) })
		of := s.byName[row.of.Name]
		c := s.asks(ann, vpc.Arrival{}, of, of.methods[row.op], row.in)
		err := c.authorize()
		if (err != nil) != (row.wants != "") || err != nil && c.access.Action != row.wants {
			t.Errorf("%s: %q is denied, want %q: %v", row.name, c.access.Action, row.wants, err)
		}
	}
}
