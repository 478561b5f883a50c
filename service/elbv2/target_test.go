package elbv2

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

func described(id string, port int32) elbv2.TargetDescription {
	d := elbv2.TargetDescription{Id: &id}
	if port != 0 {
		d.Port = &port
	}
	return d
}

func (b *bench) register(arn string, targets ...elbv2.TargetDescription) {
	b.t.Helper()
	if _, err := b.RegisterTargets(b.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &arn, Targets: targets}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) deregister(arn string, targets ...elbv2.TargetDescription) {
	b.t.Helper()
	if _, err := b.DeregisterTargets(b.ctx, &elbv2.DeregisterTargetsInput{TargetGroupArn: &arn, Targets: targets}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) stored(arn string) []string {
	g, err := b.targetGroup(b.store.Snapshot(), owner, arn)
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, t := range g.Targets {
		all = append(all, fmt.Sprint(t.ID, " ", t.Key(), " ", t.Zone))
	}
	return all
}

func TestRegisterTargets(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets")
	b.register(arn, described("10.0.1.10", 0), described("10.0.2.7", 9000), described("10.0.2.7", 9001))
	b.register(arn, described("10.0.1.10", 8080)) // again
	want := []string{"10.0.1.10 10.0.1.10:8080 us-east-1a", "10.0.2.7 10.0.2.7:9000 us-east-1b", "10.0.2.7 10.0.2.7:9001 us-east-1b"}
	if got := b.stored(arn); !slices.Equal(got, want) {
		t.Errorf("stored %q", got)
	}

	six := b.group("six", func(in *elbv2.CreateTargetGroupInput) { in.IpAddressType = wire.Ptr("ipv6") })
	b.register(six, described("2001:DB8:0:1:0::10", 0))
	if got := b.stored(six); !slices.Equal(got, []string{"2001:db8:0:1::10 [2001:db8:0:1::10]:8080 us-east-1a"}) {
		t.Errorf("stored %q", got)
	}
	instances := b.group("instances", func(in *elbv2.CreateTargetGroupInput) { in.TargetType = nil })
	b.register(instances, described(instance, 0))
	if got := b.stored(instances); !slices.Equal(got, []string{instance + " 10.0.1.10:8080 us-east-1a"}) {
		t.Errorf("stored %q", got)
	}
}

func TestRegisterTargetsRefusals(t *testing.T) {
	b := fixture(t)
	node := b.balancer("front")
	eni := slices.Collect(b.store.ENIs.By(b.store.Snapshot(), "loadbalancer", *node.LoadBalancerArn))[0]
	ip, six := b.group("ip"), b.group("six", func(in *elbv2.CreateTargetGroupInput) { in.IpAddressType = wire.Ptr("ipv6") })
	instances := b.group("instances", func(in *elbv2.CreateTargetGroupInput) { in.TargetType = wire.Ptr("instance") })
	away := b.group("away", func(in *elbv2.CreateTargetGroupInput) { in.TargetType, in.VpcId = nil, wire.Ptr(elsewhere) })
	zone := func(id, zone string) elbv2.TargetDescription {
		return elbv2.TargetDescription{Id: &id, AvailabilityZone: &zone}
	}
	for _, row := range []struct {
		group      string
		target     elbv2.TargetDescription
		code, part string
	}{
		{ip, described("app", 0), "ValidationError", "The IP address 'app' is not a valid IPv4 address"},
		{ip, described("2001:db8:0:1::10", 0), "ValidationError", "is not a valid IPv4 address"},
		{six, described("10.0.1.10", 0), "ValidationError", "is not a valid IPv6 address"},
		{six, described("::ffff:10.0.1.10", 0), "InvalidTarget", "is not in a subnet of VPC"},
		{ip, described("192.168.1.1", 0), "InvalidTarget", "The IP address '192.168.1.1' is not in a subnet of VPC '" + network},
		{ip, described("10.0.9.1", 0), "InvalidTarget", "is not in a subnet of VPC"},
		{ip, described("10.0.1.1", 0), "InvalidTarget", "is reserved"},
		{six, described("2001:db8:0:1::1", 0), "InvalidTarget", "is reserved"},
		{ip, described(eni.Address.String(), 0), "InvalidTarget", "'network_load_balancer'"},
		{ip, zone("10.0.1.10", "all"), "ValidationError", "The IP address '10.0.1.10' is within the VPC, and cannot have its Availability Zone overridden to 'all' from 'us-east-1a'"},
		{instances, described("i-0123456789abcdef0", 0), "InvalidTarget", "'i-0123456789abcdef0'"},
		{instances, described(eni.ID, 0), "InvalidTarget", eni.ID},
		{instances, zone(instance, "us-east-1a"), "ValidationError", "target type 'instance'"},
		{away, described(instance, 0), "InvalidTarget", "not in the target group VPC '" + elsewhere},
		{ip, elbv2.TargetDescription{Id: wire.Ptr("10.0.1.10"), QuicServerId: wire.Ptr("1")}, "ValidationError", "QuicServerId"},
		{ip + "0", described("10.0.1.10", 0), "TargetGroupNotFound", "One or more target groups not found"},
	} {
		_, err := b.RegisterTargets(b.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &row.group, Targets: []elbv2.TargetDescription{row.target}})
		wantError(t, *row.target.Id+" "+row.part, err, row.code, row.part)
	}
	b.limits.TargetsPer = 1
	_, err := b.RegisterTargets(b.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &ip, Targets: []elbv2.TargetDescription{described("10.0.1.10", 1), described("10.0.1.10", 2)}})
	wantError(t, "two", err, "TooManyTargets", "'1'")
}

// state is that of one target as it is described.
func (b *bench) targetState(arn string, d elbv2.TargetDescription) string {
	b.t.Helper()
	out, err := b.DescribeTargetHealth(b.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &arn, Targets: []elbv2.TargetDescription{d}})
	if err != nil {
		b.t.Fatal(err)
	}
	h := out.TargetHealthDescriptions[0].TargetHealth
	return *h.State + "|" + wire.Value(h.Reason) + "|" + wire.Value(h.Description)
}

// A target in use drains for the group's delay, then it is gone: from the
// answers at once, from the record and its health with the next change.
func TestDeregisterTargets(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets")
	app, other := described("10.0.1.10", 0), described("10.0.2.7", 0)
	b.register(arn, app, other)
	b.deregister(arn, other) // unused: gone at once
	if got := b.stored(arn); len(got) != 1 {
		t.Errorf("an unused target stays: %q", got)
	}
	b.register(arn, other)
	b.listen(*b.balancer("front").LoadBalancerArn, arn)
	b.update(func(tx *store.Tx) {
		b.store.TargetHealths.Put(tx, vpc.TargetHealth{Owner: owner, TargetGroup: arn, Target: "10.0.1.10:8080", State: "healthy"})
	})
	b.deregister(arn, app, described("10.0.1.10", 1), described("nobody", 0))
	const draining = "draining|Target.DeregistrationInProgress|Target deregistration is in progress"
	if got := b.targetState(arn, app); got != draining {
		t.Errorf("deregistered: %s", got)
	}
	b.now = then.Add(200 * time.Second)
	b.deregister(arn, app) // again: the time does not begin anew
	b.now = then.Add(300*time.Second - 1)
	if got := b.targetState(arn, app); got != draining {
		t.Errorf("before the delay is over: %s", got)
	}
	b.now = then.Add(300 * time.Second)
	if got := b.targetState(arn, app); got != "unused|Target.NotRegistered|Target is not registered to the target group" {
		t.Errorf("after the delay: %s", got)
	}
	b.setGroup(arn, "deregistration_delay.timeout_seconds", "3600") // brings nobody back
	if got := b.stored(arn); !slices.Equal(got, []string{"10.0.2.7 10.0.2.7:8080 us-east-1b"}) {
		t.Errorf("stored %q", got)
	}
	for h := range b.store.TargetHealths.List(b.store.Snapshot(), "", "") {
		t.Errorf("%+v is left", h)
	}
}

// A draining target that is registered again is in service again.
func TestRegisterDrainingTarget(t *testing.T) {
	b := fixture(t)
	arn, app := b.group("targets"), described("10.0.1.10", 0)
	b.listen(*b.balancer("front").LoadBalancerArn, arn)
	b.register(arn, app)
	b.deregister(arn, app)
	b.register(arn, app)
	if got := b.targetState(arn, app); got != "initial|Elb.InitialHealthChecking|Initial health checks in progress" {
		t.Errorf("registered again: %s", got)
	}
}

func TestDescribeTargetHealth(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets", func(in *elbv2.CreateTargetGroupInput) { in.TargetType = nil })
	app := described(instance, 0)
	b.register(arn, app)
	if got := b.targetState(arn, app); got != "unused|Target.NotInUse|Target group is not configured to receive traffic from the load balancer" {
		t.Errorf("without a listener: %s", got)
	}
	balancer := *b.balancer("front", func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = []string{subnetB} }).LoadBalancerArn
	b.listen(balancer, arn)
	if got := b.targetState(arn, app); got != "unused|Target.NotInUse|Target is in an Availability Zone that is not enabled for the load balancer" {
		t.Errorf("in another zone: %s", got)
	}
	b.setBalancer(balancer, "load_balancing.cross_zone.enabled", "true")
	if got := b.targetState(arn, app); got != "initial|Elb.InitialHealthChecking|Initial health checks in progress" {
		t.Errorf("not checked yet: %s", got)
	}
	b.setGroup(arn, "load_balancing.cross_zone.enabled", "false")
	if got := b.targetState(arn, app); got[:6] != "unused" {
		t.Errorf("the group's own word does not count: %s", got)
	}
	b.setGroup(arn, "load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
	for _, h := range []vpc.TargetHealth{
		{State: "unhealthy", Reason: "Target.Timeout", Description: "Request timed out"},
		{State: "healthy"},
	} {
		h.Owner, h.TargetGroup, h.Target = owner, arn, "10.0.1.10:8080"
		b.update(func(tx *store.Tx) { b.store.TargetHealths.Put(tx, h) })
		if got, want := b.targetState(arn, app), h.State+"|"+h.Reason+"|"+h.Description; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	b.update(func(tx *store.Tx) { b.store.ENIs.Delete(tx, key(owner, instance)) })
	if got := b.targetState(arn, app); got != "unused|Target.InvalidState|Target is in the terminated state" {
		t.Errorf("the instance is gone: %s", got)
	}
}

// All targets are described where none is named, with the port of their checks.
func TestDescribeTargetHealthAll(t *testing.T) {
	b := fixture(t)
	arn := b.group("targets")
	b.register(arn, described("10.0.1.10", 1), described("10.0.1.10", 2))
	for _, port := range []string{"", "9000"} {
		if port != "" {
			if _, err := b.ModifyTargetGroup(b.ctx, &elbv2.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckPort: &port}); err != nil {
				t.Fatal(err)
			}
		}
		out, err := b.DescribeTargetHealth(b.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil || len(out.TargetHealthDescriptions) != 2 {
			t.Fatalf("%+v, %v", out, err)
		}
		for _, d := range out.TargetHealthDescriptions {
			want := port
			if port == "" {
				want = strconv.Itoa(int(*d.Target.Port))
			}
			if *d.HealthCheckPort != want || *d.Target.AvailabilityZone != "us-east-1a" {
				t.Errorf("port %q: %+v of %+v", port, *d.HealthCheckPort, d.Target)
			}
		}
	}
}

// A registration is in progress until this node has applied it.
func TestTargetRegistrationInProgress(t *testing.T) {
	b := fixture(t)
	arn, app := b.group("targets"), described("10.0.1.10", 0)
	b.listen(*b.balancer("front").LoadBalancerArn, arn)
	b.register(arn, app)
	r := b.store.Snapshot()
	g, _ := b.targetGroup(r, owner, arn)
	seen := b.sight(r, g)
	if !seen.applied {
		t.Fatal("the record is not applied")
	}
	seen.applied = false
	if got := seen.health(g.Targets[0], b.now); *got.Reason != "Elb.RegistrationInProgress" || *got.Description != "Target registration is in progress" {
		t.Errorf("%s, %s", *got.Reason, *got.Description)
	}
}

func (b *bench) setGroup(arn, key, value string) {
	b.t.Helper()
	_, err := b.ModifyTargetGroupAttributes(b.ctx, &elbv2.ModifyTargetGroupAttributesInput{
		TargetGroupArn: &arn, Attributes: []elbv2.TargetGroupAttribute{{Key: &key, Value: &value}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
