package eks

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

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
