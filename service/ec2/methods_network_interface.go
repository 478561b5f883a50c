package ec2

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// networkInterfaceMethods are the operations that change network interfaces.
func (s *Service) networkInterfaceMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpDescribeNetworkInterfaceAttribute, s.DescribeNetworkInterfaceAttribute),
			func(ctx context.Context, in *ec2.DescribeNetworkInterfaceAttributeInput) []string {
				return arns(ctx, "network-interface", wire.Value(in.NetworkInterfaceId))
			}),
		wire.On(wire.Bind(ec2.OpModifyNetworkInterfaceAttribute, s.ModifyNetworkInterfaceAttribute),
			func(ctx context.Context, in *ec2.ModifyNetworkInterfaceAttributeInput) []string {
				return append(arns(ctx, "network-interface", wire.Value(in.NetworkInterfaceId)), arns(ctx, "security-group", in.Groups...)...)
			}),
		wire.On(wire.Bind(ec2.OpResetNetworkInterfaceAttribute, s.ResetNetworkInterfaceAttribute),
			func(ctx context.Context, in *ec2.ResetNetworkInterfaceAttributeInput) []string {
				return arns(ctx, "network-interface", wire.Value(in.NetworkInterfaceId))
			}),
		wire.On(wire.Bind(ec2.OpAttachNetworkInterface, s.AttachNetworkInterface),
			func(ctx context.Context, in *ec2.AttachNetworkInterfaceInput) []string {
				return append(arns(ctx, "network-interface", wire.Value(in.NetworkInterfaceId)), arns(ctx, "instance", wire.Value(in.InstanceId))...)
			}),
		wire.On(wire.Bind(ec2.OpDetachNetworkInterface, s.DetachNetworkInterface),
			func(ctx context.Context, _ *ec2.DetachNetworkInterfaceInput) []string {
				return append(arns(ctx, "network-interface", "*"), arns(ctx, "instance", "*")...)
			}),
		wire.On(wire.Bind(ec2.OpDeleteNetworkInterface, s.DeleteNetworkInterface),
			func(ctx context.Context, in *ec2.DeleteNetworkInterfaceInput) []string {
				return arns(ctx, "network-interface", wire.Value(in.NetworkInterfaceId))
			}),
	}
}
