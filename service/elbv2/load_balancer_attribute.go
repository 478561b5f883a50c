package elbv2

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

const deletionProtection = "deletion_protection.enabled"

// Why some attributes have one value only.
const (
	noLogs      = "access logs are not available"
	noAffinity  = "names are answered with the addresses of all zones"
	noShift     = "zonal shifts are not available"
	noSecondary = "a node has one IPv4 address"
	noInternet  = "there is no internet gateway"
)

var loadBalancerAttributes = attributes{"load balancer", []attribute{
	{"access_logs.s3.enabled", "false", only("false", noLogs)},
	{"access_logs.s3.bucket", "", only("", noLogs)},
	{"access_logs.s3.prefix", "", only("", noLogs)},
	{deletionProtection, "false", boolean},
	{"ipv6.deny_all_igw_traffic", "true", only("true", noInternet)},
	{"load_balancing.cross_zone.enabled", "false", boolean},
	{"dns_record.client_routing_policy", "any_availability_zone", only("any_availability_zone", noAffinity)},
	{"secondary_ips.auto_assigned.per_subnet", "0", only("0", noSecondary)},
	{"zonal_shift.config.enabled", "false", only("false", noShift)},
}}

// DescribeLoadBalancerAttributes answers with all attributes of a load
// balancer.
func (s *Service) DescribeLoadBalancerAttributes(ctx context.Context, in *elbv2.DescribeLoadBalancerAttributesInput) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	l, err := s.loadBalancer(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: loadBalancerSettings(l)}, nil
}

// ModifyLoadBalancerAttributes changes the attributes that a request names, all
// or none of them, and answers with all.
func (s *Service) ModifyLoadBalancerAttributes(ctx context.Context, in *elbv2.ModifyLoadBalancerAttributesInput) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	var set []setting
	for _, a := range in.Attributes {
		set = append(set, setting{wire.Value(a.Key), wire.Value(a.Value)})
	}
	var l vpc.LoadBalancer
	err := s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		if l, err = s.loadBalancer(tx, ownerFrom(ctx), wire.Value(in.LoadBalancerArn)); err != nil {
			return nil, err
		}
		if l.Attributes, err = loadBalancerAttributes.change(l.Attributes, set); err != nil {
			return nil, err
		}
		s.store.LoadBalancers.Put(tx, l)
		return s.reach(tx.Snapshot(), l), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyLoadBalancerAttributesOutput{Attributes: loadBalancerSettings(l)}, nil
}

func loadBalancerSettings(l vpc.LoadBalancer) []elbv2.LoadBalancerAttribute {
	var list []elbv2.LoadBalancerAttribute
	for _, s := range loadBalancerAttributes.all(l.Attributes) {
		list = append(list, elbv2.LoadBalancerAttribute{Key: &s.key, Value: &s.value})
	}
	return list
}
