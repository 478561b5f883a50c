package elbv2

import (
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// The defaults are those of network load balancers.
func TestCreateTargetGroup(t *testing.T) {
	b := fixture(t)
	for _, row := range []struct {
		name, protocol     string // of the checks; empty: not said
		wantProtocol       string
		wantTimeout        int32
		wantPath, wantCode string
	}{
		{"none", "", "TCP", 10, "", ""},
		{"tcp", "TCP", "TCP", 10, "", ""},
		{"http", "HTTP", "HTTP", 6, "/", "200-399"},
		{"https", "HTTPS", "HTTPS", 10, "/", "200-399"},
	} {
		out, err := b.CreateTargetGroup(b.ctx, groupRequest(row.name, func(in *elbv2.CreateTargetGroupInput) {
			if row.protocol != "" {
				in.HealthCheckProtocol = &row.protocol
			}
		}))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		g := out.TargetGroups[0]
		if *g.HealthCheckProtocol != row.wantProtocol || *g.HealthCheckTimeoutSeconds != row.wantTimeout || wire.Value(g.HealthCheckPath) != row.wantPath ||
			g.Matcher != nil && *g.Matcher.HttpCode != row.wantCode || (g.Matcher == nil) != (row.wantCode == "") {
			t.Errorf("%s: %+v", row.name, g)
		}
		if *g.HealthCheckIntervalSeconds != 30 || *g.HealthyThresholdCount != 5 || *g.UnhealthyThresholdCount != 2 || *g.HealthCheckPort != "traffic-port" ||
			!*g.HealthCheckEnabled || *g.Protocol != "TCP" || *g.Port != 8080 || *g.TargetType != "ip" || *g.IpAddressType != "ipv4" || *g.VpcId != network || g.LoadBalancerArns != nil {
			t.Errorf("%s: %+v", row.name, g)
		}
	}
	if first, again := b.group("none"), b.group("none"); first != again {
		t.Errorf("the same request made %s and %s", first, again)
	}
	_, err := b.CreateTargetGroup(b.ctx, groupRequest("none", func(in *elbv2.CreateTargetGroupInput) { in.Port = wire.Ptr(int32(1)) }))
	wantError(t, "another port", err, "DuplicateTargetGroupName", "A target group with the same name 'none' exists, but with different settings")
}

func TestCreateTargetGroupRefusals(t *testing.T) {
	b := fixture(t)
	type in = elbv2.CreateTargetGroupInput
	http := func(i *in) { i.HealthCheckProtocol = wire.Ptr("HTTP") }
	for _, row := range []struct {
		name       string
		edit       func(*in)
		code, part string
	}{
		{"a b", nil, "ValidationError", "The target group name 'a b' can only contain"},
		{"g", func(i *in) { i.TargetType = wire.Ptr("alb") }, "ValidationError", "target type 'alb' are not available"},
		{"g", func(i *in) { i.TargetType = wire.Ptr("lambda") }, "ValidationError", "target type 'lambda'"},
		{"g", func(i *in) { i.Protocol = nil }, "ValidationError", "A protocol must be specified"},
		{"g", func(i *in) { i.Protocol = wire.Ptr("HTTP") }, "ValidationError", "Target group protocol 'HTTP' must be one of 'TLS, TCP, TCP_UDP, UDP'"},
		{"g", func(i *in) { i.Port = nil }, "ValidationError", "A port must be specified"},
		{"g", func(i *in) { i.VpcId = nil }, "ValidationError", "A VPC ID must be specified"},
		{"g", func(i *in) { i.VpcId = wire.Ptr("vpc-0d") }, "ValidationError", "The VPC ID 'vpc-0d' is not found"},
		{"g", func(i *in) { i.VpcId, i.IpAddressType = wire.Ptr(elsewhere), wire.Ptr("ipv6") }, "InvalidConfigurationRequest", "has no IPv6 CIDR block"},
		{"g", func(i *in) { i.ProtocolVersion = wire.Ptr("HTTP1") }, "ValidationError", "protocol version"},
		{"g", func(i *in) { i.HealthCheckEnabled = wire.Ptr(false) }, "InvalidConfigurationRequest", `Health check enabled must be true with groups with target type "ip"`},
		{"g", func(i *in) { i.HealthCheckProtocol = wire.Ptr("UDP") }, "ValidationError", "Health check protocol 'UDP' must be one of 'HTTP, HTTPS, TCP'"},
		{"g", func(i *in) { i.HealthCheckPort = wire.Ptr("0") }, "ValidationError", "Health check port '0'"},
		{"g", func(i *in) { i.HealthCheckPort = wire.Ptr("x") }, "ValidationError", "Health check port 'x'"},
		{"g", func(i *in) { i.HealthCheckIntervalSeconds = wire.Ptr(int32(5)) }, "ValidationError", "Health check timeout '10' must be smaller than or equal to the interval '5'"},
		{"g", func(i *in) { i.HealthCheckPath = wire.Ptr("/") }, "ValidationError", "health checks with protocol 'TCP'"},
		{"g", func(i *in) { i.Matcher = &elbv2.Matcher{HttpCode: wire.Ptr("200")} }, "ValidationError", "health checks with protocol 'TCP'"},
		{"g", func(i *in) { http(i); i.HealthCheckPath = wire.Ptr("x") }, "ValidationError", "Health check path 'x'"},
		{"g", func(i *in) { http(i); i.HealthCheckPath = wire.Ptr("/ HTTP/1.1\r\nX: y") }, "ValidationError", "without spaces"},
		{"g", func(i *in) { http(i); i.Matcher = &elbv2.Matcher{HttpCode: wire.Ptr("100")} }, "ValidationError", "must be within '200-599' inclusive"},
		{"g", func(i *in) { http(i); i.Matcher = &elbv2.Matcher{GrpcCode: wire.Ptr("0")} }, "ValidationError", "gRPC"},
	} {
		request := groupRequest(row.name)
		if row.edit != nil {
			row.edit(request)
		}
		_, err := b.CreateTargetGroup(b.ctx, request)
		wantError(t, row.part, err, row.code, row.part)
	}
}

func TestTargetGroupQuota(t *testing.T) {
	b := fixture(t)
	b.limits.Account, b.limits.TargetGroupsPerReg = true, 1
	b.group("one")
	_, err := b.CreateTargetGroup(b.ctx, groupRequest("two"))
	wantError(t, "two", err, "TooManyTargetGroups", "'1'")
}

func TestModifyTargetGroup(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets")
	modify := func(edit func(*elbv2.ModifyTargetGroupInput)) (*elbv2.ModifyTargetGroupOutput, error) {
		in := &elbv2.ModifyTargetGroupInput{TargetGroupArn: &arn}
		edit(in)
		return b.ModifyTargetGroup(b.ctx, in)
	}
	out, err := modify(func(in *elbv2.ModifyTargetGroupInput) {
		in.HealthCheckProtocol, in.HealthCheckPath = wire.Ptr("HTTP"), wire.Ptr("/ready")
		in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds = wire.Ptr(int32(5)), wire.Ptr(int32(2))
		in.HealthyThresholdCount, in.HealthCheckPort = wire.Ptr(int32(2)), wire.Ptr("9000")
	})
	if err != nil {
		t.Fatal(err)
	}
	if g := out.TargetGroups[0]; *g.HealthCheckPath != "/ready" || *g.Matcher.HttpCode != "200-399" {
		t.Errorf("answered %+v", g)
	}
	want := vpc.HealthCheck{Protocol: "HTTP", Port: "9000", Path: "/ready", Matcher: "200-399",
		Interval: 5 * time.Second, Timeout: 2 * time.Second, Healthy: 2, Unhealthy: 2}
	if g, _ := b.targetGroup(b.store.Snapshot(), owner, arn); g.HealthCheck != want {
		t.Errorf("stored %+v", g.HealthCheck)
	}
	_, err = modify(func(in *elbv2.ModifyTargetGroupInput) { in.HealthCheckTimeoutSeconds = wire.Ptr(int32(6)) })
	wantError(t, "a longer timeout", err, "ValidationError", "Health check timeout '6' must be smaller than or equal to the interval '5'")
	if _, err := modify(func(in *elbv2.ModifyTargetGroupInput) { in.HealthCheckProtocol = wire.Ptr("TCP") }); err != nil {
		t.Error(err)
	}
	if g, _ := b.targetGroup(b.store.Snapshot(), owner, arn); g.HealthCheck.Path != "" || g.HealthCheck.Matcher != "" {
		t.Errorf("a TCP check has %+v", g.HealthCheck)
	}
}

func TestDescribeTargetGroups(t *testing.T) {
	b := fixture(t)
	one := b.group("one")
	b.group("two")
	balancer := *b.balancer("front").LoadBalancerArn
	b.listen(balancer, one)
	for _, row := range []struct {
		in   elbv2.DescribeTargetGroupsInput
		want int
	}{
		{elbv2.DescribeTargetGroupsInput{}, 2},
		{elbv2.DescribeTargetGroupsInput{Names: []string{"two"}}, 1},
		{elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{one}}, 1},
		{elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &balancer}, 1},
	} {
		out, err := b.DescribeTargetGroups(b.ctx, &row.in)
		if err != nil || len(out.TargetGroups) != row.want {
			t.Errorf("%+v: %+v, %v", row.in, out, err)
		}
	}
	for _, row := range []struct {
		in         elbv2.DescribeTargetGroupsInput
		code, part string
	}{
		{elbv2.DescribeTargetGroupsInput{Names: []string{"x"}}, "TargetGroupNotFound", "One or more target groups not found"},
		{elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{one + "0"}}, "TargetGroupNotFound", "One or more target groups not found"},
		{elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{"one"}}, "ValidationError", "'one' is not a valid target group ARN"},
		{elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{one}, Names: []string{"one"}}, "ValidationError", "Target group names and target group ARNs cannot be specified at the same time"},
		{elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &balancer, Names: []string{"one"}}, "ValidationError", "at the same time"},
		{elbv2.DescribeTargetGroupsInput{LoadBalancerArn: wire.Ptr(balancer + "0")}, "LoadBalancerNotFound", "not found"},
	} {
		_, err := b.DescribeTargetGroups(b.ctx, &row.in)
		wantError(t, row.part, err, row.code, row.part)
	}
}

func TestDeleteTargetGroup(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets")
	listener := b.listen(*b.balancer("front").LoadBalancerArn, arn).ListenerArn
	remove := func() error {
		_, err := b.DeleteTargetGroup(b.ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &arn})
		return err
	}
	wantError(t, "in use", remove(), "ResourceInUse", "Target group '"+arn+"' is currently in use by a listener or a rule")
	b.update(func(tx *store.Tx) {
		b.store.TargetHealths.Put(tx, vpc.TargetHealth{Owner: owner, TargetGroup: arn, Target: "10.0.1.10:8080", State: "healthy"})
	})
	if _, err := b.DeleteListener(b.ctx, &elbv2.DeleteListenerInput{ListenerArn: listener}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"first", "again"} {
		if err := remove(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	for h := range b.store.TargetHealths.List(b.store.Snapshot(), "", "") {
		t.Errorf("%+v is left", h)
	}
}
