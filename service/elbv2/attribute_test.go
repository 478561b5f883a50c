package elbv2

import (
	"testing"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// Each row is an attribute, its default, a value that it may have and one that
// it may not ("" for a row that has none).
func TestAttributes(t *testing.T) {
	tcp, udp := vpc.TargetGroup{Protocol: "TCP"}, vpc.TargetGroup{Protocol: "UDP"}
	for _, row := range []struct {
		all                    attributes
		key, standard, may, no string
	}{
		{loadBalancerAttributes, "deletion_protection.enabled", "false", "true", "yes"},
		{loadBalancerAttributes, "load_balancing.cross_zone.enabled", "false", "true", ""},
		{loadBalancerAttributes, "dns_record.client_routing_policy", "any_availability_zone", "any_availability_zone", "availability_zone_affinity"},
		{loadBalancerAttributes, "access_logs.s3.enabled", "false", "false", "true"},
		{loadBalancerAttributes, "access_logs.s3.bucket", "", "", "logs"},
		{loadBalancerAttributes, "zonal_shift.config.enabled", "false", "false", "true"},
		{loadBalancerAttributes, "ipv6.deny_all_igw_traffic", "true", "true", "false"},
		{loadBalancerAttributes, "secondary_ips.auto_assigned.per_subnet", "0", "0", "1"},
		{listenerAttributes(vpc.Listener{Protocol: "TCP"}), "tcp.idle_timeout.seconds", "350", "60", "59"},
		{listenerAttributes(vpc.Listener{Protocol: "TCP_UDP"}), "tcp.idle_timeout.seconds", "350", "6000", "6001"},
		{targetGroupAttributes(tcp), "deregistration_delay.timeout_seconds", "300", "0", "3601"},
		{targetGroupAttributes(tcp), "deregistration_delay.timeout_seconds", "300", "3600", "+5"},
		{targetGroupAttributes(tcp), "deregistration_delay.connection_termination.enabled", "false", "false", "true"},
		{targetGroupAttributes(tcp), "load_balancing.cross_zone.enabled", "use_load_balancer_configuration", "true", "on"},
		{targetGroupAttributes(tcp), "preserve_client_ip.enabled", "false", "false", "true"},
		{targetGroupAttributes(tcp), "proxy_protocol_v2.enabled", "false", "true", "1"},
		{targetGroupAttributes(udp), "proxy_protocol_v2.enabled", "false", "false", "true"},
		{targetGroupAttributes(tcp), "stickiness.enabled", "false", "false", "true"},
		{targetGroupAttributes(tcp), "stickiness.type", "source_ip", "source_ip", "lb_cookie"},
		{targetGroupAttributes(tcp), "target_health_state.unhealthy.connection_termination.enabled", "false", "false", "true"},
	} {
		standard := ""
		for _, s := range row.all.all(nil) {
			if s.key == row.key {
				standard = s.value
			}
		}
		if standard != row.standard {
			t.Errorf("%s is %q by default, want %q", row.key, standard, row.standard)
		}
		if stored, err := row.all.change(nil, []setting{{row.key, row.may}}); err != nil || stored[row.key] != row.may {
			t.Errorf("%s = %q: %v, %v", row.key, row.may, stored, err)
		}
		if row.no != "" {
			_, err := row.all.change(nil, []setting{{row.key, row.no}})
			wantError(t, row.key, err, "ValidationError", "attribute '"+row.key+"' cannot be '"+row.no+"'")
		}
	}
	_, err := loadBalancerAttributes.change(nil, []setting{{"x", "y"}})
	wantError(t, "unknown", err, "ValidationError", "Load balancer attribute key 'x' is not recognized")
	_, err = loadBalancerAttributes.change(nil, []setting{{deletionProtection, "true"}, {deletionProtection, "true"}})
	wantError(t, "twice", err, "ValidationError", "more than once")
	_, err = listenerAttributes(vpc.Listener{Protocol: "UDP"}).change(nil, []setting{{"tcp.idle_timeout.seconds", "60"}})
	wantError(t, "UDP", err, "ValidationError", "Listener attribute key 'tcp.idle_timeout.seconds' is not recognized")
}

// What is set is described, and a request that is refused sets nothing.
func TestModifyAttributes(t *testing.T) {
	b := fixture(t)
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets")
	listener := *b.listen(balancer, group).ListenerArn
	b.setBalancer(balancer, "load_balancing.cross_zone.enabled", "true")
	b.setGroup(group, "proxy_protocol_v2.enabled", "true")
	out, err := b.ModifyListenerAttributes(b.ctx, &elbv2.ModifyListenerAttributesInput{
		ListenerArn: &listener, Attributes: []elbv2.ListenerAttribute{{Key: wire.Ptr("tcp.idle_timeout.seconds"), Value: wire.Ptr("60")}},
	})
	if err != nil || len(out.Attributes) != 1 || *out.Attributes[0].Value != "60" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = b.ModifyLoadBalancerAttributes(b.ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &balancer, Attributes: []elbv2.LoadBalancerAttribute{
		{Key: wire.Ptr(deletionProtection), Value: wire.Ptr("true")}, {Key: wire.Ptr("access_logs.s3.enabled"), Value: wire.Ptr("true")},
	}})
	wantError(t, "one of two", err, "ValidationError", "access logs are not available")

	got := map[string]string{}
	balancers, err := b.DescribeLoadBalancerAttributes(b.ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &balancer})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range balancers.Attributes {
		got[*a.Key] = *a.Value
	}
	groups, err := b.DescribeTargetGroupAttributes(b.ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &group})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range groups.Attributes {
		if *a.Key != "load_balancing.cross_zone.enabled" {
			got[*a.Key] = *a.Value
		}
	}
	listeners, err := b.DescribeListenerAttributes(b.ctx, &elbv2.DescribeListenerAttributesInput{ListenerArn: &listener})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range listeners.Attributes {
		got[*a.Key] = *a.Value
	}
	for key, want := range map[string]string{
		"load_balancing.cross_zone.enabled": "true", deletionProtection: "false",
		"proxy_protocol_v2.enabled": "true", "tcp.idle_timeout.seconds": "60",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}
