package eks

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	subnetA     = "subnet-0a000000000000001" // us-east-1a
	subnetB     = "subnet-0b000000000000001" // us-east-1b
	subnetB2    = "subnet-0b000000000000002" // us-east-1b
	subnetOther = "subnet-0c000000000000001" // us-east-1c, the other VPC
	group       = "sg-0a000000000000001"
	groupOther  = "sg-0c000000000000001"
	network     = "vpc-0a000000000000001"
	role        = "arn:aws:iam::111122223333:role/eks"
)

var (
	owner   = vpc.Owner{Account: "111122223333", Region: "us-east-1"}
	created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// fixture is a service over a store with two VPCs.
func fixture(t *testing.T) (*Service, context.Context) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = s.Update(t.Context(), func(tx *store.Tx) error {
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: network, CIDR: netip.MustParsePrefix("10.0.0.0/16")})
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0c000000000000001", CIDR: netip.MustParsePrefix("172.31.0.0/16")})
		for _, sn := range []struct{ id, vpc, zone string }{
			{subnetA, network, "us-east-1a"}, {subnetB, network, "us-east-1b"}, {subnetB2, network, "us-east-1b"},
			{subnetOther, "vpc-0c000000000000001", "us-east-1c"},
		} {
			s.Subnets.Put(tx, vpc.Subnet{Owner: owner, ID: sn.id, VPC: sn.vpc, Zone: sn.zone})
		}
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: group, VPC: network})
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: groupOther, VPC: "vpc-0c000000000000001"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	service := New(Config{Store: s, Limits: vpc.DefaultLimits(), Now: func() time.Time { return created }})
	return service, as(t, "111122223333", "us-east-1")
}

func as(t *testing.T, account, region string) context.Context {
	return auth.WithCaller(t.Context(), auth.Caller{Account: account, Region: region})
}

// request is the smallest valid CreateCluster; edit changes it.
func request(name string, edit ...func(*eks.CreateClusterInput)) *eks.CreateClusterInput {
	in := &eks.CreateClusterInput{
		Name:               &name,
		RoleArn:            wire.Ptr(role),
		ResourcesVpcConfig: &eks.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}},
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

// wantError wants a wire.Error of that code and text.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("error %v\nwant %s: %s", err, code, message)
	}
}

func TestCreateClusterAnswersWithDefaults(t *testing.T) {
	s, ctx := fixture(t)
	out, err := s.CreateCluster(ctx, request("one"))
	if err != nil {
		t.Fatal(err)
	}
	want := &eks.Cluster{
		Name:                 wire.Ptr("one"),
		Arn:                  wire.Ptr("arn:aws:eks:us-east-1:111122223333:cluster/one"),
		CreatedAt:            &created,
		Version:              wire.Ptr("1.35"),
		RoleArn:              wire.Ptr(role),
		Status:               wire.Ptr("CREATING"),
		CertificateAuthority: &eks.Certificate{},
		ResourcesVpcConfig: &eks.VpcConfigResponse{
			SubnetIds:             []string{subnetA, subnetB},
			SecurityGroupIds:      []string{},
			VpcId:                 wire.Ptr(network),
			EndpointPublicAccess:  wire.Ptr(true),
			EndpointPrivateAccess: wire.Ptr(false),
			PublicAccessCidrs:     []string{"0.0.0.0/0"},
		},
		KubernetesNetworkConfig: &eks.KubernetesNetworkConfigResponse{
			ServiceIpv4Cidr:      wire.Ptr("172.20.0.0/16"), // the VPC lies in 10.0.0.0/8
			IpFamily:             wire.Ptr("ipv4"),
			ElasticLoadBalancing: &eks.ElasticLoadBalancing{Enabled: wire.Ptr(false)},
		},
		Logging: &eks.Logging{ClusterLogging: []eks.LogSetup{{
			Types: []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}, Enabled: wire.Ptr(false),
		}}},
		AccessConfig: &eks.AccessConfigResponse{
			AuthenticationMode:                      wire.Ptr("CONFIG_MAP"),
			BootstrapClusterCreatorAdminPermissions: wire.Ptr(true),
		},
		UpgradePolicy:             &eks.UpgradePolicyResponse{SupportType: wire.Ptr("EXTENDED")},
		ControlPlaneScalingConfig: &eks.ControlPlaneScalingConfig{Tier: wire.Ptr("standard")},
		DeletionProtection:        wire.Ptr(false),
		Health:                    &eks.ClusterHealth{Issues: []eks.ClusterIssue{}},
		Tags:                      map[string]string{},
	}
	if d := cmp.Diff(want, out.Cluster); d != "" {
		t.Errorf("answer of create (-want +got):\n%s", d)
	}
	described, err := s.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: wire.Ptr("one")})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, described.Cluster); d != "" {
		t.Errorf("answer of describe (-want +got):\n%s", d)
	}
}

func TestCreateClusterKeepsWhatWasAsked(t *testing.T) {
	s, ctx := fixture(t)
	out, err := s.CreateCluster(ctx, request("one", func(in *eks.CreateClusterInput) {
		in.Version = wire.Ptr("1.33")
		in.ResourcesVpcConfig.SecurityGroupIds = []string{group}
		in.ResourcesVpcConfig.EndpointPublicAccess = wire.Ptr(false)
		in.ResourcesVpcConfig.EndpointPrivateAccess = wire.Ptr(true)
		in.KubernetesNetworkConfig = &eks.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: wire.Ptr("192.168.128.0/17")}
		in.AccessConfig = &eks.CreateAccessConfigRequest{AuthenticationMode: wire.Ptr("API"), BootstrapClusterCreatorAdminPermissions: wire.Ptr(false)}
		in.Logging = &eks.Logging{ClusterLogging: []eks.LogSetup{{Types: []string{"scheduler", "audit"}, Enabled: wire.Ptr(true)}}}
		in.Tags = map[string]string{"team": "net"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := out.Cluster
	facts := []struct {
		what      string
		got, want any
	}{
		{"version", *c.Version, "1.33"},
		{"groups", c.ResourcesVpcConfig.SecurityGroupIds, []string{group}},
		{"public access", *c.ResourcesVpcConfig.EndpointPublicAccess, false},
		{"private access", *c.ResourcesVpcConfig.EndpointPrivateAccess, true},
		{"public blocks where there is no public access", c.ResourcesVpcConfig.PublicAccessCidrs, []string{}},
		{"service block", *c.KubernetesNetworkConfig.ServiceIpv4Cidr, "192.168.128.0/17"},
		{"authentication", *c.AccessConfig.AuthenticationMode, "API"},
		{"creator is admin", *c.AccessConfig.BootstrapClusterCreatorAdminPermissions, false},
		{"logging", c.Logging.ClusterLogging, []eks.LogSetup{
			{Types: []string{"audit", "scheduler"}, Enabled: wire.Ptr(true)},
			{Types: []string{"api", "authenticator", "controllerManager"}, Enabled: wire.Ptr(false)},
		}},
		{"tags", c.Tags, map[string]string{"team": "net"}},
	}
	for _, f := range facts {
		if d := cmp.Diff(f.want, f.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.what, d)
		}
	}
}

func TestCreateClusterRefuses(t *testing.T) {
	s, ctx := fixture(t)
	type in = eks.CreateClusterInput
	subnets := func(ids ...string) func(*in) {
		return func(c *in) { c.ResourcesVpcConfig.SubnetIds = ids }
	}
	groups := func(ids ...string) func(*in) {
		return func(c *in) { c.ResourcesVpcConfig.SecurityGroupIds = ids }
	}
	services := func(cidr string) func(*in) {
		return func(c *in) {
			c.KubernetesNetworkConfig = &eks.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: &cidr}
		}
	}
	public := func(cidrs ...string) func(*in) {
		return func(c *in) { c.ResourcesVpcConfig.PublicAccessCidrs = cidrs }
	}
	rows := []struct {
		edit    func(*in)
		message string
	}{
		{func(c *in) { c.RoleArn = wire.Ptr("eks-role") }, "Invalid Role Arn: 'eks-role'"},
		{func(c *in) { c.RoleArn = wire.Ptr("arn:aws:iam::111122223333:user/u") }, "Invalid Role Arn: 'arn:aws:iam::111122223333:user/u'"},
		{func(c *in) { c.Version = wire.Ptr("1.9") }, "unsupported Kubernetes version"},
		{func(c *in) { c.Version = wire.Ptr("1.033") }, "unsupported Kubernetes version"},
		{func(c *in) { c.Version = wire.Ptr("latest") }, "unsupported Kubernetes version"},
		{subnets(), "Subnets specified must be in at least two different AZs"},
		{subnets(subnetB, subnetB2), "Subnets specified must be in at least two different AZs"},
		{subnets(subnetA, "subnet-0f"), "The subnet ID 'subnet-0f' does not exist"},
		{subnets(subnetA, subnetOther), "Subnets specified must belong to the same VPC"},
		{groups("sg-0f"), "The security group 'sg-0f' does not exist"},
		{groups(group, groupOther), "Security group(s) [" + groupOther + "] are not in the same VPC as the subnets. " +
			"Please specify a security group that is associated with the VPC: " + network + "."},
		{groups("1", "2", "3", "4", "5"), "The number of security groups exceeds the limit of 4"},
		{func(c *in) { c.ResourcesVpcConfig.EndpointPublicAccess = wire.Ptr(false) }, "Private and public endpoint access cannot be false"},
		{public("10.0.0.0/8", "203.0.113.0/24"), "The following CIDRs are invalid in publicAccessCidrs: [10.0.0.0/8]"},
		{public("203.0.113.1/24", "x"), "The following CIDRs are invalid in publicAccessCidrs: [203.0.113.1/24, x]"},
		{public(slices.Repeat([]string{"0.0.0.0/0"}, 41)...), "The number of publicAccessCidrs exceeds the limit of 40"},
		{services("100.64.0.0/16"), "The serviceIpv4Cidr 100.64.0.0/16 must be a block between /24 and /12 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"},
		{services("10.0.0.0/8"), "The serviceIpv4Cidr 10.0.0.0/8 must be a block between /24 and /12 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"},
		{services("10.0.4.0/24"), "The serviceIpv4Cidr 10.0.4.0/24 overlaps with the VPC CIDR block 10.0.0.0/16"},
		{func(c *in) {
			c.KubernetesNetworkConfig = &eks.KubernetesNetworkConfigRequest{IpFamily: wire.Ptr("ipv6")}
		}, "Subnets [" + subnetA + ", " + subnetB + "] must have IPv6 CIDR blocks when ipFamily is ipv6"},
		{func(c *in) {
			c.AccessConfig = &eks.CreateAccessConfigRequest{BootstrapClusterCreatorAdminPermissions: wire.Ptr(false)}
		}, "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP"},
		{func(c *in) {
			c.Logging = &eks.Logging{ClusterLogging: []eks.LogSetup{{Types: []string{"kubelet"}}}}
		}, "Invalid log type: kubelet"},
		{func(c *in) { c.OutpostConfig = &eks.OutpostConfigRequest{OutpostArns: []string{"arn:aws:outposts:1"}} }, "The Outposts [arn:aws:outposts:1] do not exist"},
		{func(c *in) { c.Tags = map[string]string{"aws:x": "y"} }, "Tag keys cannot be empty or start with 'aws:': 'aws:x'"},
	}
	for _, row := range rows {
		_, err := s.CreateCluster(ctx, request("one", row.edit))
		wantError(t, err, "InvalidParameterException", row.message)
	}
	for _, name := range []string{"", "-a", "a b", "a/b", strings.Repeat("a", 101)} {
		_, err := s.CreateCluster(ctx, request(name))
		wantError(t, err, "InvalidParameterException",
			"The cluster name '"+name+"' must satisfy the regular expression pattern: ^[0-9A-Za-z][A-Za-z0-9\\-_]*$")
	}
	_, err := s.CreateCluster(ctx, request("one", func(c *in) { c.RoleArn = wire.Ptr("arn:aws:iam::444455556666:role/eks") }))
	wantError(t, err, "AccessDeniedException", "Cross-account pass role is not allowed.")
	if names := list(t, s, ctx); len(names) != 0 {
		t.Errorf("clusters %v exist after nothing but refusals", names)
	}
}

func list(t *testing.T, s *Service, ctx context.Context) []string {
	t.Helper()
	out, err := s.ListClusters(ctx, &eks.ListClustersInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.Clusters
}

func TestClusterNotFoundHasNullMembers(t *testing.T) {
	s, ctx := fixture(t)
	_, err := s.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: wire.Ptr("x")})
	want := &wire.Error{
		Code: "ResourceNotFoundException", Message: "No cluster found for name: x.", Status: 404,
		Detail: map[string]any{"clusterName": "x", "nodegroupName": nil, "fargateProfileName": nil, "addonName": nil, "subscriptionId": nil},
	}
	if d := cmp.Diff(error(want), err); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("x")})
	if d := cmp.Diff(error(want), err); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestClustersBelongToAccountAndRegion(t *testing.T) {
	s, ctx := fixture(t)
	for _, name := range []string{"b", "a", "B"} {
		if _, err := s.CreateCluster(ctx, request(name)); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"B", "a", "b"}, list(t, s, ctx)); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	for _, other := range []context.Context{as(t, "444455556666", "us-east-1"), as(t, "111122223333", "us-east-2")} {
		if names := list(t, s, other); len(names) != 0 {
			t.Errorf("another account or Region sees %v", names)
		}
		_, err := s.DescribeCluster(other, &eks.DescribeClusterInput{Name: wire.Ptr("a")})
		wantError(t, err, "ResourceNotFoundException", "No cluster found for name: a.")
	}
	_, err := s.ListClusters(ctx, &eks.ListClustersInput{Include: []string{"some"}})
	wantError(t, err, "InvalidParameterException", "Invalid value for include: some")
}

func TestCreateClusterToken(t *testing.T) {
	s, ctx := fixture(t)
	token := func(in *eks.CreateClusterInput) { in.ClientRequestToken = wire.Ptr("t-1") }
	first, err := s.CreateCluster(ctx, request("one", token))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.CreateCluster(ctx, request("one", token))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the same request again (-first +again):\n%s", d)
	}
	const reused = "The clientRequestToken t-1 was already used with different parameters."
	_, err = s.CreateCluster(ctx, request("one", token, func(in *eks.CreateClusterInput) { in.Version = wire.Ptr("1.34") }))
	wantError(t, err, "InvalidParameterException", reused)
	_, err = s.CreateCluster(ctx, request("two", token))
	wantError(t, err, "InvalidParameterException", reused)
	_, err = s.CreateCluster(ctx, request("one"))
	wantError(t, err, "ResourceInUseException", "Cluster already exists with name: one")
}

func TestCreateClusterRaced(t *testing.T) {
	s, ctx := fixture(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.CreateCluster(ctx, request("one")) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		wantError(t, err, "ResourceInUseException", "Cluster already exists with name: one")
	}
	if made != 1 {
		t.Errorf("%d of the calls made the cluster, want 1", made)
	}
}

func TestClusterLimit(t *testing.T) {
	s, ctx := fixture(t)
	s.limits.ClustersPerReg = 1
	if _, err := s.CreateCluster(ctx, request("one")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateCluster(ctx, request("two")); err != nil {
		t.Errorf("the limit holds although nobody asked for it: %v", err)
	}
	s.limits.Account = true
	_, err := s.CreateCluster(ctx, request("three"))
	wantError(t, err, "ResourceLimitExceededException", "Cluster limit exceeded: the limit is 1 clusters per Region.")
}

func TestDeleteCluster(t *testing.T) {
	s, ctx := fixture(t)
	protected := func(in *eks.CreateClusterInput) { in.DeletionProtection = wire.Ptr(true) }
	for _, in := range []*eks.CreateClusterInput{request("one"), request("safe", protected)} {
		if _, err := s.CreateCluster(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("one")})
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.Value(out.Cluster.Status); got != "DELETING" {
		t.Errorf("status %s, want DELETING", got)
	}
	_, err = s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("safe")})
	wantError(t, err, "InvalidRequestException", "Cluster safe cannot be deleted because deletion protection is enabled.")
	if d := cmp.Diff([]string{"safe"}, list(t, s, ctx)); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}

func TestMethodsNameTheirResources(t *testing.T) {
	s, ctx := fixture(t)
	want := map[string]string{
		"CreateCluster":       "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"DescribeCluster":     "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"DeleteCluster":       "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"ListClusters":        "arn:aws:eks:us-east-1:111122223333:cluster/*",
		"TagResource":         "arn:x",
		"UntagResource":       "arn:x",
		"ListTagsForResource": "arn:x",
	}
	inputs := map[string]any{
		"CreateCluster":       request("one"),
		"DescribeCluster":     &eks.DescribeClusterInput{Name: wire.Ptr("one")},
		"DeleteCluster":       &eks.DeleteClusterInput{Name: wire.Ptr("one")},
		"ListClusters":        &eks.ListClustersInput{},
		"TagResource":         &eks.TagResourceInput{ResourceArn: wire.Ptr("arn:x")},
		"UntagResource":       &eks.UntagResourceInput{ResourceArn: wire.Ptr("arn:x")},
		"ListTagsForResource": &eks.ListTagsForResourceInput{ResourceArn: wire.Ptr("arn:x")},
	}
	got := map[string]string{}
	for _, m := range s.Methods() {
		got[m.Operation.Name] = strings.Join(m.Resources(ctx, inputs[m.Operation.Name]), " ")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
