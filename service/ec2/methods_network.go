package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// networkMethods are the operations on VPCs, subnets, route tables,
// network ACLs, DHCP options, Regions and zones. Those that concern one resource
// name the ARNs that AWS authorizes them on; lists are authorized on everything.
func (s *Service) networkMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpCreateVpc, s.CreateVpc),
			func(ctx context.Context, _ *ec2.CreateVpcInput) []string { return arns(ctx, "vpc", "*") }),
		wire.On(wire.Bind(ec2.OpDeleteVpc, s.DeleteVpc),
			func(ctx context.Context, in *ec2.DeleteVpcInput) []string {
				return arns(ctx, "vpc", wire.Value(in.VpcId))
			}),
		wire.On(wire.Bind(ec2.OpModifyVpcAttribute, s.ModifyVpcAttribute),
			func(ctx context.Context, in *ec2.ModifyVpcAttributeInput) []string {
				return arns(ctx, "vpc", wire.Value(in.VpcId))
			}),
		wire.On(wire.Bind(ec2.OpAssociateVpcCidrBlock, s.AssociateVpcCidrBlock),
			func(ctx context.Context, in *ec2.AssociateVpcCidrBlockInput) []string {
				return arns(ctx, "vpc", wire.Value(in.VpcId))
			}),
		wire.On(wire.Bind(ec2.OpDisassociateVpcCidrBlock, s.DisassociateVpcCidrBlock),
			func(ctx context.Context, in *ec2.DisassociateVpcCidrBlockInput) []string {
				n, err := s.networkOfIPv6(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.AssociationId))
				return arns(ctx, "vpc", orAny(n.ID, err))
			}),
		wire.Bind(ec2.OpDescribeVpcs, s.DescribeVpcs),
		wire.On(wire.Bind(ec2.OpDescribeVpcAttribute, s.DescribeVpcAttribute),
			func(ctx context.Context, in *ec2.DescribeVpcAttributeInput) []string {
				return arns(ctx, "vpc", wire.Value(in.VpcId))
			}),
		wire.On(wire.Bind(ec2.OpCreateSubnet, s.CreateSubnet),
			func(ctx context.Context, in *ec2.CreateSubnetInput) []string {
				return append(arns(ctx, "vpc", wire.Value(in.VpcId)), arns(ctx, "subnet", "*")...)
			}),
		wire.On(wire.Bind(ec2.OpDeleteSubnet, s.DeleteSubnet),
			func(ctx context.Context, in *ec2.DeleteSubnetInput) []string {
				return arns(ctx, "subnet", wire.Value(in.SubnetId))
			}),
		wire.On(wire.Bind(ec2.OpModifySubnetAttribute, s.ModifySubnetAttribute),
			func(ctx context.Context, in *ec2.ModifySubnetAttributeInput) []string {
				return arns(ctx, "subnet", wire.Value(in.SubnetId))
			}),
		wire.On(wire.Bind(ec2.OpAssociateSubnetCidrBlock, s.AssociateSubnetCidrBlock),
			func(ctx context.Context, in *ec2.AssociateSubnetCidrBlockInput) []string {
				return arns(ctx, "subnet", wire.Value(in.SubnetId))
			}),
		wire.On(wire.Bind(ec2.OpDisassociateSubnetCidrBlock, s.DisassociateSubnetCidrBlock),
			func(ctx context.Context, in *ec2.DisassociateSubnetCidrBlockInput) []string {
				sn, err := s.subnetOfIPv6(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.AssociationId))
				return arns(ctx, "subnet", orAny(sn.ID, err))
			}),
		wire.Bind(ec2.OpDescribeSubnets, s.DescribeSubnets),
		wire.Bind(ec2.OpDescribeRouteTables, s.DescribeRouteTables),
		wire.Bind(ec2.OpDescribeNetworkAcls, s.DescribeNetworkAcls),
		wire.Bind(ec2.OpDescribeDhcpOptions, s.DescribeDhcpOptions),
		wire.Bind(ec2.OpDescribeRegions, s.DescribeRegions),
		wire.Bind(ec2.OpDescribeAvailabilityZones, s.DescribeAvailabilityZones),
		wire.Bind(ec2.OpDescribeAccountAttributes, s.DescribeAccountAttributes),
	}
}

// orAny is the id of a resource that was looked for; where there is none, it may
// be any.
func orAny(id string, err error) string {
	if err != nil {
		return "*"
	}
	return id
}
