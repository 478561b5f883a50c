package elbv2

import (
	"context"
	"slices"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// DescribeTargetGroups answers with the caller's target groups: all, those of a
// load balancer, or those that a request names.
func (s *Service) DescribeTargetGroups(ctx context.Context, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	var rows []vpc.TargetGroup
	var err error
	switch {
	case len(in.TargetGroupArns) > 0 && len(in.Names) > 0:
		return nil, errBothNamed("target group")
	case in.LoadBalancerArn != nil && len(in.TargetGroupArns)+len(in.Names) > 0:
		return nil, errValidation("A load balancer ARN and target groups cannot be specified at the same time")
	case in.LoadBalancerArn != nil:
		rows, err = s.targetGroupsOf(r, o, *in.LoadBalancerArn)
	default:
		rows, err = s.namedTargetGroups(r, o, in)
	}
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTargetGroupsOutput{}
	for _, g := range rows {
		out.TargetGroups = append(out.TargetGroups, s.targetGroupShape(r, g))
	}
	return out, nil
}

// targetGroupsOf are those that a load balancer forwards to, ordered by ARN.
func (s *Service) targetGroupsOf(r store.Reader, o vpc.Owner, arn string) ([]vpc.TargetGroup, error) {
	if _, err := s.loadBalancer(r, o, arn); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for l := range s.store.Listeners.By(r, "loadbalancer", arn) {
		for _, f := range l.Forwards {
			used[f.TargetGroup] = true
		}
	}
	all := slices.Collect(s.store.TargetGroups.List(r, o.Account, o.Region))
	return slices.DeleteFunc(all, func(g vpc.TargetGroup) bool { return !used[g.ARN] }), nil
}

// namedTargetGroups are those that a request names, all where it names none,
// ordered by ARN.
func (s *Service) namedTargetGroups(r store.Reader, o vpc.Owner, in *elbv2.DescribeTargetGroupsInput) ([]vpc.TargetGroup, error) {
	all := slices.Collect(s.store.TargetGroups.List(r, o.Account, o.Region))
	if len(in.TargetGroupArns)+len(in.Names) == 0 {
		return all, nil
	}
	for _, arn := range in.TargetGroupArns {
		if _, err := s.targetGroup(r, o, arn); err != nil {
			return nil, err
		}
	}
	for _, name := range in.Names {
		if !slices.ContainsFunc(all, func(g vpc.TargetGroup) bool { return g.Name == name }) {
			return nil, errTargetGroupNotFound()
		}
	}
	return slices.DeleteFunc(all, func(g vpc.TargetGroup) bool {
		return !slices.Contains(in.TargetGroupArns, g.ARN) && !slices.Contains(in.Names, g.Name)
	}), nil
}

func (s *Service) targetGroupShape(r store.Reader, g vpc.TargetGroup) elbv2.TargetGroup {
	h := g.HealthCheck
	shape := elbv2.TargetGroup{
		TargetGroupArn:             &g.ARN,
		TargetGroupName:            &g.Name,
		Protocol:                   &g.Protocol,
		Port:                       wire.Ptr(int32(g.Port)),
		VpcId:                      &g.VPC,
		TargetType:                 &g.TargetType,
		IpAddressType:              &g.AddressType,
		HealthCheckEnabled:         wire.Ptr(true),
		HealthCheckProtocol:        &h.Protocol,
		HealthCheckPort:            &h.Port,
		HealthCheckIntervalSeconds: seconds(h.Interval),
		HealthCheckTimeoutSeconds:  seconds(h.Timeout),
		HealthyThresholdCount:      wire.Ptr(int32(h.Healthy)),
		UnhealthyThresholdCount:    wire.Ptr(int32(h.Unhealthy)),
	}
	if h.Protocol != elbv2.ProtocolEnumTcp {
		shape.HealthCheckPath = &h.Path
		shape.Matcher = &elbv2.Matcher{HttpCode: &h.Matcher}
	}
	for _, l := range s.loadBalancersOf(r, g) {
		shape.LoadBalancerArns = append(shape.LoadBalancerArns, l.ARN)
	}
	return shape
}

func seconds(d time.Duration) *int32 { return wire.Ptr(int32(d / time.Second)) }

// DeleteTargetGroup deletes a target group that no listener forwards to. One
// that does not exist is no error.
func (s *Service) DeleteTargetGroup(ctx context.Context, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	arn := wire.Value(in.TargetGroupArn)
	if !isARN(arn, "targetgroup") {
		return nil, errARN(arn, "target group")
	}
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		g, err := s.targetGroup(tx, ownerFrom(ctx), arn)
		if err != nil {
			return nil // gone already
		}
		for range s.store.Listeners.By(tx, "targetgroup", arn) {
			return errGroupInUse(arn)
		}
		for h := range s.store.TargetHealths.By(tx, "targetgroup", arn) {
			s.store.TargetHealths.Delete(tx, s.store.TargetHealths.Key(h))
		}
		s.store.TargetGroups.Delete(tx, s.store.TargetGroups.Key(g))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.DeleteTargetGroupOutput{}, nil
}
