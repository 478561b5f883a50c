package elbv2

import (
	"context"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// ConditionKeys are those of the service's own.
func (s *Service) ConditionKeys() []wire.ConditionKey {
	return []wire.ConditionKey{
		{Name: api + ":ResourceTag/", From: "tags of the resource", Values: func(ctx context.Context, _ any, arn, tag string) []string {
			return wire.TagValues(s.ResourceTags(ctx, arn), tag)
		}},
		{Name: api + ":CreateAction", From: "the operation that tags what it makes, of " + api + ":AddTags"},
		wire.InputKey(api+":Scheme", "the request of CreateLoadBalancer", func(in *elbv2.CreateLoadBalancerInput) []string { return wire.Text(in.Scheme) }),
		wire.InputKey(api+":Subnet", "the request of CreateLoadBalancer", func(in *elbv2.CreateLoadBalancerInput) []string { return in.Subnets }),
		wire.InputKey(api+":SecurityGroup", "the request of CreateLoadBalancer", func(in *elbv2.CreateLoadBalancerInput) []string { return in.SecurityGroups }),
		wire.InputKey(api+":ListenerProtocol", "the request of CreateListener", func(in *elbv2.CreateListenerInput) []string { return wire.Text(in.Protocol) }),
	}
}

// ResourceTags are the tags of a resource by its ARN.
func (s *Service) ResourceTags(_ context.Context, arn string) vpc.Tags {
	named, _ := vpc.ParseARN(arn)
	t, err := s.tagged(s.store.Snapshot(), named.Owner, arn)
	if err != nil { // it does not exist, or not yet
		return nil
	}
	return t.tags
}

// tagsToCreate: tags of what an operation makes need a permission of their
// own.
func tagsToCreate(operation, resource string, tags []elbv2.Tag) []wire.Access {
	if len(tags) == 0 {
		return nil
	}
	return []wire.Access{{
		Action:   api + ":AddTags",
		Resource: resource,
		Keys:     map[string][]string{api + ":createaction": {operation}},
	}}
}
