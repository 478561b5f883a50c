package elbv2

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

func TestCreateLoadBalancer(t *testing.T) {
	b := fixture(t)
	made := b.balancer("front", func(in *elbv2.CreateLoadBalancerInput) {
		in.SecurityGroups = []string{group, group}
		in.Tags = []elbv2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("net")}}
	})
	if code := *made.State.Code; code != "provisioning" {
		t.Errorf("a new load balancer is %s", code)
	}
	hash := (*made.LoadBalancerArn)[strings.LastIndex(*made.LoadBalancerArn, "/")+1:]
	if got, want := *made.LoadBalancerArn, "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/front/"+hash; got != want || len(hash) != 16 {
		t.Errorf("ARN %s", got)
	}
	if got, want := *made.DNSName, "front-"+hash+".elb.us-east-1.amazonaws.com"; got != want {
		t.Errorf("name %s, want %s", got, want)
	}
	out, err := b.DescribeLoadBalancers(b.ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{"front"}})
	if err != nil {
		t.Fatal(err)
	}
	l := out.LoadBalancers[0]
	if *l.State.Code != "active" || *l.CanonicalHostedZoneId != "Z26RNL4JYFTOTI" || *l.Scheme != "internal" || *l.Type != "network" ||
		*l.VpcId != network || *l.IpAddressType != "ipv4" || !slices.Equal(l.SecurityGroups, []string{group}) ||
		*l.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic != "on" || !l.CreatedTime.Equal(then) {
		t.Errorf("described as %+v", l)
	}
	if n := len(l.AvailabilityZones); n != 2 || *l.AvailabilityZones[1].ZoneName != "us-east-1b" || l.AvailabilityZones[1].LoadBalancerAddresses != nil {
		t.Errorf("zones %+v", l.AvailabilityZones)
	}
	var nodes []vpc.ENI
	for eni := range b.store.ENIs.By(b.store.Snapshot(), "loadbalancer", *l.LoadBalancerArn) {
		nodes = append(nodes, eni)
	}
	if len(nodes) != 2 {
		t.Fatalf("network interfaces: %+v", nodes)
	}
	for _, eni := range nodes {
		if eni.Type != vpc.InterfaceLoadBalancer || eni.Description != "ELB net/front/"+hash || !eni.RequesterManaged || eni.Requester != "amazon-elb" ||
			!slices.Equal(eni.Groups, []string{group}) || eni.VPC != network || !eni.Address.IsValid() || eni.IPv6.IsValid() ||
			!strings.HasPrefix(eni.Attachment, "ela-attach-") || eni.MAC == "" {
			t.Errorf("network interface %+v", eni)
		}
	}
}

func TestCreateLoadBalancerDualstack(t *testing.T) {
	b := fixture(t)
	made := b.balancer("dual", func(in *elbv2.CreateLoadBalancerInput) {
		in.Subnets, in.IpAddressType = nil, wire.Ptr("dualstack")
		in.SubnetMappings = []elbv2.SubnetMapping{
			{SubnetId: wire.Ptr(subnetA), PrivateIPv4Address: wire.Ptr("10.0.1.77"), IPv6Address: wire.Ptr("2001:db8:0:1::77")},
			{SubnetId: wire.Ptr(subnetB)},
		}
	})
	if a := made.AvailabilityZones[0].LoadBalancerAddresses; len(a) != 1 || *a[0].PrivateIPv4Address != "10.0.1.77" || *a[0].IPv6Address != "2001:db8:0:1::77" {
		t.Errorf("addresses in A: %+v", a)
	}
	if a := made.AvailabilityZones[1].LoadBalancerAddresses; a != nil {
		t.Errorf("addresses in B: %+v", a)
	}
	l, _ := b.loadBalancer(b.store.Snapshot(), owner, *made.LoadBalancerArn)
	first, _ := b.store.ENIs.Get(b.store.Snapshot(), key(owner, l.Nodes[0].ENI))
	if first.Address != netip.MustParseAddr("10.0.1.77") || first.IPv6 != netip.MustParseAddr("2001:db8:0:1::77") {
		t.Errorf("node A has %v and %v", first.Address, first.IPv6)
	}
	second, _ := b.store.ENIs.Get(b.store.Snapshot(), key(owner, l.Nodes[1].ENI))
	if !netip.MustParsePrefix("10.0.2.0/24").Contains(second.Address) || !netip.MustParsePrefix("2001:db8:0:2::/64").Contains(second.IPv6) {
		t.Errorf("node B has %v and %v", second.Address, second.IPv6)
	}
}

// The same request again makes nothing; another one of the name is refused.
func TestCreateLoadBalancerAgain(t *testing.T) {
	b := fixture(t)
	first, again := b.balancer("front"), b.balancer("front")
	if *first.LoadBalancerArn != *again.LoadBalancerArn || *again.State.Code != "active" {
		t.Errorf("made %s, then %s in state %s", *first.LoadBalancerArn, *again.LoadBalancerArn, *again.State.Code)
	}
	for what, edit := range map[string]func(*elbv2.CreateLoadBalancerInput){
		"subnets":       func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = []string{subnetA} },
		"groups":        func(in *elbv2.CreateLoadBalancerInput) { in.SecurityGroups = []string{group} },
		"address type":  func(in *elbv2.CreateLoadBalancerInput) { in.IpAddressType = wire.Ptr("dualstack") },
		"tags":          func(in *elbv2.CreateLoadBalancerInput) { in.Tags = []elbv2.Tag{{Key: wire.Ptr("a")}} },
		"named address": func(in *elbv2.CreateLoadBalancerInput) { mapping(in, "10.0.1.9") },
	} {
		_, err := b.CreateLoadBalancer(b.ctx, balancerRequest("front", edit))
		wantError(t, what, err, "DuplicateLoadBalancerName", "A load balancer with the same name 'front' exists, but with different settings")
	}
}

// mapping asks for an address in subnet A, and for any in B.
func mapping(in *elbv2.CreateLoadBalancerInput, address string) {
	in.Subnets = nil
	in.SubnetMappings = []elbv2.SubnetMapping{{SubnetId: wire.Ptr(subnetA), PrivateIPv4Address: &address}, {SubnetId: wire.Ptr(subnetB)}}
}

func TestCreateLoadBalancerRefusals(t *testing.T) {
	b := fixture(t)
	long := strings.Repeat("a", 33)
	type in = elbv2.CreateLoadBalancerInput
	for _, row := range []struct {
		name       string
		edit       func(*in)
		code, part string
	}{
		{"", nil, "ValidationError", "cannot be empty"},
		{long, nil, "ValidationError", "The load balancer name '" + long + "' cannot be longer than '32' characters"},
		{"a_b", nil, "ValidationError", "can only contain characters that are alphanumeric characters and hyphens(-)"},
		{"-a", nil, "ValidationError", "cannot begin or end with a hyphen(-)"},
		{"a-", nil, "ValidationError", "cannot begin or end with a hyphen(-)"},
		{"internal-a", nil, "ValidationError", "cannot begin with 'internal-'"},
		{"n", func(i *in) { i.Type = nil }, "ValidationError", "type 'application' are not available"},
		{"n", func(i *in) { i.Type = wire.Ptr("gateway") }, "ValidationError", "type 'gateway' are not available"},
		{"n", func(i *in) { i.Scheme = nil }, "InvalidSubnet", "VPC " + network + " has no internet gateway"},
		{"n", func(i *in) { i.IpAddressType = wire.Ptr("dualstack-without-public-ipv4") }, "ValidationError", "is not supported on load balancers with type 'network'"},
		{"n", func(i *in) { i.EnablePrefixForIpv6SourceNat = wire.Ptr("on") }, "ValidationError", "EnablePrefixForIpv6SourceNat is not supported"},
		{"n", func(i *in) { i.CustomerOwnedIpv4Pool = wire.Ptr("ipv4pool-coip-1") }, "ValidationError", "CustomerOwnedIpv4Pool"},
		{"n", func(i *in) { i.Subnets = nil }, "ValidationError", "At least one subnet must be specified"},
		{"n", func(i *in) { i.SubnetMappings = []elbv2.SubnetMapping{{SubnetId: wire.Ptr(subnetA)}} }, "ValidationError", "at the same time"},
		{"n", func(i *in) { i.Subnets = []string{"subnet-0d"} }, "SubnetNotFound", "The subnet ID 'subnet-0d' does not exist"},
		{"n", func(i *in) { i.Subnets = []string{subnetA, subnetOther} }, "InvalidSubnet", "must be in the same VPC"},
		{"n", func(i *in) { i.Subnets = []string{subnetB, subnetB2} }, "InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone"},
		{"n", func(i *in) { i.Subnets, i.IpAddressType = []string{subnetC}, wire.Ptr("dualstack") }, "InvalidConfigurationRequest", "an associated IPv6 CIDR block"},
		{"n", func(i *in) { i.SecurityGroups = []string{"sg-0d"} }, "InvalidSecurityGroup", "'sg-0d' does not exist"},
		{"n", func(i *in) { i.SecurityGroups = []string{groupOther} }, "InvalidConfigurationRequest", "does not belong to VPC '" + network},
		{"n", func(i *in) { i.SecurityGroups = []string{"sg-1", "sg-2", "sg-3", "sg-4", "sg-5", "sg-6"} }, "InvalidConfigurationRequest", "at most 5 security groups"},
		{"n", func(i *in) { mapping(i, "10.0.1") }, "ValidationError", "'10.0.1' is not a valid IPv4 address"},
		{"n", func(i *in) { mapping(i, "10.0.2.9") }, "ValidationError", "'10.0.2.9' is not a usable address of subnet '" + subnetA},
		{"n", func(i *in) { mapping(i, "10.0.1.3") }, "ValidationError", "is not a usable address"},
		{"n", func(i *in) { mapping(i, "10.0.1.10") }, "ValidationError", "is already in use"},
		{"n", func(i *in) { mapping(i, "10.0.1.9"); i.Scheme = wire.Ptr("internet-facing") }, "ValidationError", "internal load balancers only"},
		{"n", func(i *in) { i.SubnetMappings, i.Subnets = []elbv2.SubnetMapping{{}}, nil }, "ValidationError", "A subnet ID must be specified"},
		{"n", func(i *in) {
			i.SubnetMappings, i.Subnets = []elbv2.SubnetMapping{{SubnetId: wire.Ptr(subnetA), AllocationId: wire.Ptr("eipalloc-1")}}, nil
		}, "AllocationIdNotFound", "eipalloc-1"},
		{"n", func(i *in) {
			i.SubnetMappings, i.Subnets = []elbv2.SubnetMapping{{SubnetId: wire.Ptr(subnetA), IPv6Address: wire.Ptr("2001:db8:0:1::9")}}, nil
		}, "ValidationError", "'dualstack' only"},
		{"n", func(i *in) { i.Tags = []elbv2.Tag{{Key: wire.Ptr("a")}, {Key: wire.Ptr("a")}} }, "DuplicateTagKeys", "'a'"},
		{"n", func(i *in) { i.Tags = []elbv2.Tag{{Key: wire.Ptr("AWS:a")}} }, "ValidationError", "reserved"},
	} {
		request := balancerRequest(row.name)
		if row.edit != nil {
			row.edit(request)
		}
		_, err := b.CreateLoadBalancer(b.ctx, request)
		wantError(t, row.name+" "+row.part, err, row.code, row.part)
	}
	if n := len(slices.Collect(b.store.ENIs.List(b.store.Snapshot(), "", ""))); n != 1 {
		t.Errorf("the refusals left %d network interfaces", n-1)
	}
}

// A subnet must have eight addresses left.
func TestCreateLoadBalancerSubnetFull(t *testing.T) {
	b := fixture(t)
	in := func(i *elbv2.CreateLoadBalancerInput) { i.Subnets = []string{subnetC} } // 11 addresses
	for _, name := range []string{"one", "two", "three", "four"} {
		b.balancer(name, in)
	}
	_, err := b.CreateLoadBalancer(b.ctx, balancerRequest("five", in))
	wantError(t, "five", err, "InvalidSubnet", "Not enough IP space available in "+subnetC+". ELB requires at least 8 free IP addresses in each subnet.")
}

func TestLoadBalancerQuota(t *testing.T) {
	b := fixture(t)
	b.limits.Account, b.limits.LoadBalancersPerReg = true, 1
	b.balancer("one")
	b.balancer("one")
	_, err := b.CreateLoadBalancer(b.ctx, balancerRequest("two"))
	wantError(t, "two", err, "TooManyLoadBalancers", "'1'")
}

func TestDescribeLoadBalancersNotFound(t *testing.T) {
	b := fixture(t)
	b.balancer("front")
	missing := newARN(owner, "loadbalancer/net/x/0123456789abcdef")
	for _, row := range []struct {
		in         elbv2.DescribeLoadBalancersInput
		code, part string
	}{
		{elbv2.DescribeLoadBalancersInput{Names: []string{"front", "x"}}, "LoadBalancerNotFound", "Load balancers '[x]' not found"},
		{elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{missing}}, "LoadBalancerNotFound", missing},
		{elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{"front"}}, "ValidationError", "'front' is not a valid load balancer ARN"},
		{elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{missing}, Names: []string{"front"}}, "ValidationError", "Load balancer names and load balancer ARNs cannot be specified at the same time"},
	} {
		_, err := b.DescribeLoadBalancers(b.ctx, &row.in)
		wantError(t, row.part, err, row.code, row.part)
	}
}

// A load balancer of another account, or Region, is not there.
func TestLoadBalancerOfOthers(t *testing.T) {
	b := fixture(t)
	arn := *b.balancer("front").LoadBalancerArn
	foreign := strings.Replace(arn, owner.Account, "999988887777", 1)
	_, err := b.DescribeLoadBalancerAttributes(b.ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &foreign})
	wantError(t, "foreign ARN", err, "LoadBalancerNotFound", "Load balancer '"+foreign+"' not found")
}

func TestDeleteLoadBalancer(t *testing.T) {
	b := fixture(t)
	arn := *b.balancer("front").LoadBalancerArn
	listener := b.listen(arn, b.group("targets"))
	node := slices.Collect(b.store.ENIs.By(b.store.Snapshot(), "loadbalancer", arn))[0]
	b.update(func(tx *store.Tx) {
		b.store.FlowLogs.Put(tx, vpc.FlowLog{Owner: owner, ID: "fl-1", Resource: node.ID})
	})
	remove := func() error {
		_, err := b.DeleteLoadBalancer(b.ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: &arn})
		return err
	}

	b.setBalancer(arn, deletionProtection, "true")
	wantError(t, "protected", remove(), "OperationNotPermitted", "Load balancer '"+arn+"' cannot be deleted because deletion protection is enabled")
	b.setBalancer(arn, deletionProtection, "false")

	service := vpc.ServiceConfiguration{Owner: owner, ID: "vpce-svc-1", LoadBalancers: []string{arn}}
	b.update(func(tx *store.Tx) { b.store.ServiceConfigurations.Put(tx, service) })
	wantError(t, "in use", remove(), "ResourceInUse", "Load balancer '"+arn+"' cannot be deleted because it is currently associated with another service")
	b.update(func(tx *store.Tx) {
		b.store.ServiceConfigurations.Delete(tx, b.store.ServiceConfigurations.Key(service))
	})

	for _, when := range []string{"first", "again"} {
		if err := remove(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	r := b.store.Snapshot()
	if n := len(slices.Collect(b.store.ENIs.By(r, "loadbalancer", arn))); n != 0 {
		t.Errorf("%d network interfaces are left", n)
	}
	if n := len(slices.Collect(b.store.FlowLogs.List(r, "", ""))); n != 0 {
		t.Errorf("%d flow logs are left", n)
	}
	if _, err := b.listener(r, owner, *listener.ListenerArn); err == nil {
		t.Error("the listener is left")
	}
	wantError(t, "no ARN", func() error {
		_, err := b.DeleteLoadBalancer(b.ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: wire.Ptr("front")})
		return err
	}(), "ValidationError", "'front' is not a valid load balancer ARN")
}

// A load balancer is active once this node has applied its record.
func TestLoadBalancerState(t *testing.T) {
	b := fixture(t)
	arn := *b.balancer("front").LoadBalancerArn
	r := b.store.Snapshot()
	l, _ := b.loadBalancer(r, owner, arn)
	if got := b.state(r, l); got != "active" {
		t.Errorf("applied: %s", got)
	}
	l.VPC = "vpc-0d000000000000001" // of which the agent has reported nothing
	b.update(func(tx *store.Tx) { b.store.LoadBalancers.Put(tx, l) })
	if got := b.state(b.store.Snapshot(), l); got != "provisioning" {
		t.Errorf("not applied: %s", got)
	}
}

// What changes a load balancer reaches the consumers of its service too.
func TestReach(t *testing.T) {
	b := fixture(t)
	arn := *b.balancer("front").LoadBalancerArn
	service := vpc.ServiceConfiguration{Owner: owner, ID: "vpce-svc-0a000000000000001", LoadBalancers: []string{arn}}
	b.update(func(tx *store.Tx) {
		b.store.ServiceConfigurations.Put(tx, service)
		b.store.Endpoints.Put(tx, vpc.Endpoint{Owner: vpc.Owner{Account: "999988887777", Region: "us-east-1"}, ID: "vpce-1", VPC: elsewhere, Service: service.ServiceName()})
	})
	group := b.group("targets")
	b.listen(arn, group)
	r := b.store.Snapshot()
	l, _ := b.loadBalancer(r, owner, arn)
	g, _ := b.targetGroup(r, owner, group)
	for what, got := range map[string][]string{"load balancer": b.reach(r, l), "target group": b.reachOfGroup(r, g)} {
		if !slices.Equal(got, []string{network, elsewhere}) {
			t.Errorf("the %s reaches %v", what, got)
		}
	}
}

func (b *bench) setBalancer(arn, key, value string) {
	b.t.Helper()
	_, err := b.ModifyLoadBalancerAttributes(b.ctx, &elbv2.ModifyLoadBalancerAttributesInput{
		LoadBalancerArn: &arn, Attributes: []elbv2.LoadBalancerAttribute{{Key: &key, Value: &value}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
