package elbv2

import (
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// DescribeLoadBalancers answers with the caller's load balancers.
func (s *Service) DescribeLoadBalancers(ctx context.Context, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	if len(in.LoadBalancerArns) > 0 && len(in.Names) > 0 {
		return nil, errBothNamed("load balancer")
	}
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	rows, err := s.namedLoadBalancers(r, o, in)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeLoadBalancersOutput{}
	for _, l := range rows {
		out.LoadBalancers = append(out.LoadBalancers, shapeOf(l, s.state(r, l)))
	}
	return out, nil
}

// namedLoadBalancers are those that a request names, all where it names none,
// ordered by ARN.
func (s *Service) namedLoadBalancers(r store.Reader, o vpc.Owner, in *elbv2.DescribeLoadBalancersInput) ([]vpc.LoadBalancer, error) {
	all := slices.Collect(s.store.LoadBalancers.List(r, o.Account, o.Region))
	if len(in.LoadBalancerArns)+len(in.Names) == 0 {
		return all, nil
	}
	for _, arn := range in.LoadBalancerArns {
		if !isARN(arn, "loadbalancer") {
			return nil, errARN(arn, "load balancer")
		}
		if !slices.ContainsFunc(all, func(l vpc.LoadBalancer) bool { return l.ARN == arn }) {
			return nil, errLoadBalancersNotFound(arn)
		}
	}
	for _, name := range in.Names {
		if !slices.ContainsFunc(all, func(l vpc.LoadBalancer) bool { return l.Name == name }) {
			return nil, errLoadBalancersNotFound(name)
		}
	}
	return slices.DeleteFunc(all, func(l vpc.LoadBalancer) bool {
		return !slices.Contains(in.LoadBalancerArns, l.ARN) && !slices.Contains(in.Names, l.Name)
	}), nil
}

// state is active once this node's data plane holds what the load balancer's
// record in r says, provisioning until then.
func (s *Service) state(r store.Reader, l vpc.LoadBalancer) string {
	written := s.store.LoadBalancers.Revision(r, s.store.LoadBalancers.Key(l))
	if applied, err := s.store.Applied(l.VPC); err != nil || applied < written {
		return elbv2.LoadBalancerStateEnumProvisioning
	}
	return elbv2.LoadBalancerStateEnumActive
}

// shapeOf is a load balancer in that state as it is answered.
func shapeOf(l vpc.LoadBalancer, state string) elbv2.LoadBalancer {
	shape := elbv2.LoadBalancer{
		LoadBalancerArn:              &l.ARN,
		LoadBalancerName:             &l.Name,
		DNSName:                      &l.DNSName,
		Type:                         wire.Ptr(elbv2.LoadBalancerTypeEnumNetwork),
		Scheme:                       &l.Scheme,
		State:                        &elbv2.LoadBalancerState{Code: &state},
		VpcId:                        &l.VPC,
		IpAddressType:                &l.AddressType,
		SecurityGroups:               l.Groups,
		EnablePrefixForIpv6SourceNat: wire.Ptr(elbv2.EnablePrefixForIpv6SourceNatEnumOff),
		CreatedTime:                  wire.Ptr(l.Created),
	}
	if zone, ok := hostedZones[l.Region]; ok {
		shape.CanonicalHostedZoneId = &zone
	}
	if len(l.Groups) > 0 {
		shape.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic = wire.Ptr("on")
	}
	for _, n := range l.Nodes {
		shape.AvailabilityZones = append(shape.AvailabilityZones, elbv2.AvailabilityZone{
			ZoneName:              &n.Zone,
			SubnetId:              &n.Subnet,
			LoadBalancerAddresses: askedAddresses(n),
		})
	}
	return shape
}

// askedAddresses are the addresses that a request wanted for a node. Those that
// were chosen for it are not answered, as AWS does.
func askedAddresses(n vpc.LoadBalancerNode) []elbv2.LoadBalancerAddress {
	if n.Asked == (vpc.AddressPair{}) {
		return nil
	}
	var a elbv2.LoadBalancerAddress
	if n.Asked.IPv4.IsValid() {
		a.PrivateIPv4Address = wire.Ptr(n.Asked.IPv4.String())
	}
	if n.Asked.IPv6.IsValid() {
		a.IPv6Address = wire.Ptr(n.Asked.IPv6.String())
	}
	return []elbv2.LoadBalancerAddress{a}
}

// DeleteLoadBalancer deletes a load balancer with its listeners and network
// interfaces. One that does not exist is no error.
func (s *Service) DeleteLoadBalancer(ctx context.Context, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	arn := wire.Value(in.LoadBalancerArn)
	if !isARN(arn, "loadbalancer") {
		return nil, errARN(arn, "load balancer")
	}
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		l, err := s.loadBalancer(tx, ownerFrom(ctx), arn)
		if err != nil {
			return nil, nil // gone already
		}
		if l.Attributes[deletionProtection] == "true" {
			return nil, errProtected(arn)
		}
		for range s.store.ServiceConfigurations.By(tx, "loadbalancer", arn) {
			return nil, errServes(arn)
		}
		s.removeLoadBalancer(tx, l)
		return []string{l.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.DeleteLoadBalancerOutput{}, nil
}

func (s *Service) removeLoadBalancer(tx *store.Tx, l vpc.LoadBalancer) {
	for listener := range s.store.Listeners.By(tx, "loadbalancer", l.ARN) {
		s.store.Listeners.Delete(tx, s.store.Listeners.Key(listener))
	}
	for eni := range s.store.ENIs.By(tx, "loadbalancer", l.ARN) {
		for f := range s.store.FlowLogs.By(tx, "resource", eni.ID) { // it could never see traffic again
			s.store.FlowLogs.Delete(tx, s.store.FlowLogs.Key(f))
		}
		s.store.ENIs.Delete(tx, s.store.ENIs.Key(eni))
	}
	s.store.LoadBalancers.Delete(tx, s.store.LoadBalancers.Key(l))
}
