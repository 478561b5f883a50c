package elbv2

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// maxDelay bounds the deregistration delay, in seconds.
const maxDelay = 3600

// Why some attributes have one value only.
const (
	noClientIP    = "targets see the address of the load balancer's node"
	noTermination = "connections are not ended before their time"
	noStickiness  = "connections are spread one by one"
	noThreshold   = "one healthy target is what keeps traffic from the others"
	noHeader      = "the header is for TCP connections"
)

// targetGroupAttributes are those of a target group.
func targetGroupAttributes(g vpc.TargetGroup) attributes {
	header := boolean
	if g.Protocol == elbv2.ProtocolEnumUdp || g.Protocol == elbv2.ProtocolEnumTcpUdp {
		header = only("false", noHeader)
	}
	return attributes{"target group", []attribute{
		{"deregistration_delay.timeout_seconds", "300", number(0, maxDelay)},
		{"deregistration_delay.connection_termination.enabled", "false", only("false", noTermination)},
		{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", oneOf("true", "false", "use_load_balancer_configuration")},
		{"preserve_client_ip.enabled", "false", only("false", noClientIP)},
		{"proxy_protocol_v2.enabled", "false", header},
		{"stickiness.enabled", "false", only("false", noStickiness)},
		{"stickiness.type", "source_ip", only("source_ip", noStickiness)},
		{"target_group_health.dns_failover.minimum_healthy_targets.count", "1", only("1", noThreshold)},
		{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", only("off", noThreshold)},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", only("1", noThreshold)},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", only("off", noThreshold)},
		{"target_health_state.unhealthy.connection_termination.enabled", "false", only("false", noTermination)},
		{"target_health_state.unhealthy.draining_interval_seconds", "0", only("0", noTermination)},
	}}
}

// DescribeTargetGroupAttributes answers with all attributes of a target group.
func (s *Service) DescribeTargetGroupAttributes(ctx context.Context, in *elbv2.DescribeTargetGroupAttributesInput) (*elbv2.DescribeTargetGroupAttributesOutput, error) {
	g, err := s.targetGroup(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeTargetGroupAttributesOutput{Attributes: targetGroupSettings(g)}, nil
}

// ModifyTargetGroupAttributes changes the attributes that a request names, all
// or none of them, and answers with all.
func (s *Service) ModifyTargetGroupAttributes(ctx context.Context, in *elbv2.ModifyTargetGroupAttributesInput) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	var set []setting
	for _, a := range in.Attributes {
		set = append(set, setting{wire.Value(a.Key), wire.Value(a.Value)})
	}
	var g vpc.TargetGroup
	err := s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		if g, err = s.targetGroup(tx, ownerFrom(ctx), wire.Value(in.TargetGroupArn)); err != nil {
			return nil, err
		}
		g.Targets = g.Present(s.now()) // a longer delay brings nobody back
		if g.Attributes, err = targetGroupAttributes(g).change(g.Attributes, set); err != nil {
			return nil, err
		}
		s.putTargetGroup(tx, g)
		return s.reachOfGroup(tx.Snapshot(), g), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyTargetGroupAttributesOutput{Attributes: targetGroupSettings(g)}, nil
}

func targetGroupSettings(g vpc.TargetGroup) []elbv2.TargetGroupAttribute {
	var list []elbv2.TargetGroupAttribute
	for _, s := range targetGroupAttributes(g).all(g.Attributes) {
		list = append(list, elbv2.TargetGroupAttribute{Key: &s.key, Value: &s.value})
	}
	return list
}
