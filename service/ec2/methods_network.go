package ec2

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// networkMethods are the operations on VPCs, subnets, route tables,
// network ACLs, DHCP options, Regions and zones. Those that change something name the ARNs that AWS authorizes
// them on; descriptions are authorized on everything.
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
			func(ctx context.Context, _ *ec2.DisassociateVpcCidrBlockInput) []string { return arns(ctx, "vpc", "*") }),
		wire.Bind(ec2.OpDescribeVpcs, s.DescribeVpcs),
		wire.Bind(ec2.OpDescribeVpcAttribute, s.DescribeVpcAttribute),
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
			func(ctx context.Context, _ *ec2.DisassociateSubnetCidrBlockInput) []string {
				return arns(ctx, "subnet", "*")
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
