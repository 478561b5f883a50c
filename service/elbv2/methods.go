package elbv2

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// Methods are the operations that the service implements. Those that change
// something name the ARNs that AWS authorizes them on; descriptions are
// authorized on everything.
func (s *Service) Methods() []wire.Method {
	return slices.Concat(s.loadBalancerMethods(), s.listenerMethods(), s.targetGroupMethods(), []wire.Method{
		wire.On(wire.Bind(elbv2.OpAddTags, s.AddTags),
			func(_ context.Context, in *elbv2.AddTagsInput) []string { return in.ResourceArns }),
		wire.On(wire.Bind(elbv2.OpRemoveTags, s.RemoveTags),
			func(_ context.Context, in *elbv2.RemoveTagsInput) []string { return in.ResourceArns }),
		wire.Bind(elbv2.OpDescribeTags, s.DescribeTags),
	})
}

func (s *Service) loadBalancerMethods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(elbv2.OpCreateLoadBalancer, s.CreateLoadBalancer),
			func(ctx context.Context, in *elbv2.CreateLoadBalancerInput) []string {
				return []string{newLoadBalancer(ctx, in)}
			}), func(ctx context.Context, in *elbv2.CreateLoadBalancerInput) []wire.Access {
			return tagsToCreate("CreateLoadBalancer", newLoadBalancer(ctx, in), in.Tags)
		}),
		wire.On(wire.Bind(elbv2.OpDeleteLoadBalancer, s.DeleteLoadBalancer),
			func(_ context.Context, in *elbv2.DeleteLoadBalancerInput) []string { return one(in.LoadBalancerArn) }),
		wire.On(wire.Bind(elbv2.OpModifyLoadBalancerAttributes, s.ModifyLoadBalancerAttributes),
			func(_ context.Context, in *elbv2.ModifyLoadBalancerAttributesInput) []string {
				return one(in.LoadBalancerArn)
			}),
		wire.Bind(elbv2.OpDescribeLoadBalancers, s.DescribeLoadBalancers),
		wire.Bind(elbv2.OpDescribeLoadBalancerAttributes, s.DescribeLoadBalancerAttributes),
	}
}

func (s *Service) listenerMethods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(elbv2.OpCreateListener, s.CreateListener),
			func(_ context.Context, in *elbv2.CreateListenerInput) []string { return one(in.LoadBalancerArn) }),
			func(_ context.Context, in *elbv2.CreateListenerInput) []wire.Access {
				listener := strings.Replace(wire.Value(in.LoadBalancerArn), ":loadbalancer/", ":listener/", 1) + "/*"
				return tagsToCreate("CreateListener", listener, in.Tags)
			}),
		wire.On(wire.Bind(elbv2.OpModifyListener, s.ModifyListener),
			func(_ context.Context, in *elbv2.ModifyListenerInput) []string { return one(in.ListenerArn) }),
		wire.On(wire.Bind(elbv2.OpDeleteListener, s.DeleteListener),
			func(_ context.Context, in *elbv2.DeleteListenerInput) []string { return one(in.ListenerArn) }),
		wire.On(wire.Bind(elbv2.OpModifyListenerAttributes, s.ModifyListenerAttributes),
			func(_ context.Context, in *elbv2.ModifyListenerAttributesInput) []string { return one(in.ListenerArn) }),
		wire.On(wire.Bind(elbv2.OpAddListenerCertificates, s.AddListenerCertificates),
			func(_ context.Context, in *elbv2.AddListenerCertificatesInput) []string { return one(in.ListenerArn) }),
		wire.On(wire.Bind(elbv2.OpRemoveListenerCertificates, s.RemoveListenerCertificates),
			func(_ context.Context, in *elbv2.RemoveListenerCertificatesInput) []string {
				return one(in.ListenerArn)
			}),
		wire.Bind(elbv2.OpDescribeListeners, s.DescribeListeners),
		wire.Bind(elbv2.OpDescribeListenerAttributes, s.DescribeListenerAttributes),
		wire.Bind(elbv2.OpDescribeListenerCertificates, s.DescribeListenerCertificates),
	}
}

func (s *Service) targetGroupMethods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(elbv2.OpCreateTargetGroup, s.CreateTargetGroup),
			func(ctx context.Context, in *elbv2.CreateTargetGroupInput) []string {
				return []string{newTargetGroup(ctx, in)}
			}), func(ctx context.Context, in *elbv2.CreateTargetGroupInput) []wire.Access {
			return tagsToCreate("CreateTargetGroup", newTargetGroup(ctx, in), in.Tags)
		}),
		wire.On(wire.Bind(elbv2.OpModifyTargetGroup, s.ModifyTargetGroup),
			func(_ context.Context, in *elbv2.ModifyTargetGroupInput) []string { return one(in.TargetGroupArn) }),
		wire.On(wire.Bind(elbv2.OpDeleteTargetGroup, s.DeleteTargetGroup),
			func(_ context.Context, in *elbv2.DeleteTargetGroupInput) []string { return one(in.TargetGroupArn) }),
		wire.On(wire.Bind(elbv2.OpModifyTargetGroupAttributes, s.ModifyTargetGroupAttributes),
			func(_ context.Context, in *elbv2.ModifyTargetGroupAttributesInput) []string {
				return one(in.TargetGroupArn)
			}),
		wire.On(wire.Bind(elbv2.OpRegisterTargets, s.RegisterTargets),
			func(_ context.Context, in *elbv2.RegisterTargetsInput) []string { return one(in.TargetGroupArn) }),
		wire.On(wire.Bind(elbv2.OpDeregisterTargets, s.DeregisterTargets),
			func(_ context.Context, in *elbv2.DeregisterTargetsInput) []string { return one(in.TargetGroupArn) }),
		wire.Bind(elbv2.OpDescribeTargetGroups, s.DescribeTargetGroups),
		wire.Bind(elbv2.OpDescribeTargetGroupAttributes, s.DescribeTargetGroupAttributes),
		wire.Bind(elbv2.OpDescribeTargetHealth, s.DescribeTargetHealth),
	}
}

// newLoadBalancer and newTargetGroup are what policies see of what is not made
// yet.
func newLoadBalancer(ctx context.Context, in *elbv2.CreateLoadBalancerInput) string {
	return newARN(ownerFrom(ctx), "loadbalancer/net/"+wire.Value(in.Name)+"/*")
}

func newTargetGroup(ctx context.Context, in *elbv2.CreateTargetGroupInput) string {
	return newARN(ownerFrom(ctx), "targetgroup/"+wire.Value(in.Name)+"/*")
}

// one is the ARN of a member that must be there.
func one(arn *string) []string { return []string{wire.Value(arn)} }
