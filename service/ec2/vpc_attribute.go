package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifyVpcAttribute sets one attribute of a VPC. The resolver obeys when it
// answers.
func (s *Service) ModifyVpcAttribute(ctx context.Context, in *ec2.ModifyVpcAttributeInput) (*ec2.ModifyVpcAttributeOutput, error) {
	set, err := attributeChange(in)
	if err != nil {
		return nil, err
	}
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		n, err := s.network(tx, auth.CallerFrom(ctx), wire.Value(in.VpcId))
		if err != nil {
			return nil, err
		}
		set(&n)
		s.store.Networks.Put(tx, n)
		return []string{n.ID}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcAttributeOutput{}, nil
}

// attributeChange reads the one attribute that a request sets.
func attributeChange(in *ec2.ModifyVpcAttributeInput) (func(*vpc.Network), error) {
	var changes []func(*vpc.Network)
	add := func(given *ec2.AttributeBooleanValue, field func(*vpc.Network) *bool) {
		if given != nil && given.Value != nil {
			changes = append(changes, func(n *vpc.Network) { *field(n) = *given.Value })
		}
	}
	add(in.EnableDnsSupport, func(n *vpc.Network) *bool { return &n.DNSSupport })
	add(in.EnableDnsHostnames, func(n *vpc.Network) *bool { return &n.DNSHostnames })
	add(in.EnableNetworkAddressUsageMetrics, func(n *vpc.Network) *bool { return &n.UsageMetrics })
	switch len(changes) {
	case 0:
		return nil, errCombination("No attributes specified.")
	case 1:
		return changes[0], nil
	}
	return nil, errCombination("Fields for multiple attribute types specified")
}

// DescribeVpcAttribute answers with one attribute of a VPC.
func (s *Service) DescribeVpcAttribute(ctx context.Context, in *ec2.DescribeVpcAttributeInput) (*ec2.DescribeVpcAttributeOutput, error) {
	n, err := s.network(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.VpcId))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcAttributeOutput{VpcId: in.VpcId}
	switch attribute := wire.Value(in.Attribute); attribute {
	case ec2.VpcAttributeNameEnableDnsSupport:
		out.EnableDnsSupport = &ec2.AttributeBooleanValue{Value: &n.DNSSupport}
	case ec2.VpcAttributeNameEnableDnsHostnames:
		out.EnableDnsHostnames = &ec2.AttributeBooleanValue{Value: &n.DNSHostnames}
	case ec2.VpcAttributeNameEnableNetworkAddressUsageMetrics:
		out.EnableNetworkAddressUsageMetrics = &ec2.AttributeBooleanValue{Value: &n.UsageMetrics}
	default:
		return nil, errInvalid("Value (%s) for parameter attribute is invalid. Unknown attribute.", attribute)
	}
	return out, nil
}
