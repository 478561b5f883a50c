package ec2

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// serviceMethods are the operations of the providers of endpoint services.
// Those that change something name the ARNs that AWS authorizes them on;
// descriptions, and changes of notifications, are authorized on everything.
func (s *Service) serviceMethods() []wire.Method {
	return []wire.Method{
		wire.On(wire.Bind(ec2.OpCreateVpcEndpointServiceConfiguration, s.CreateVpcEndpointServiceConfiguration),
			func(ctx context.Context, _ *ec2.CreateVpcEndpointServiceConfigurationInput) []string {
				return serviceARNs(ctx, "*")
			}),
		wire.On(wire.Bind(ec2.OpModifyVpcEndpointServiceConfiguration, s.ModifyVpcEndpointServiceConfiguration),
			func(ctx context.Context, in *ec2.ModifyVpcEndpointServiceConfigurationInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpModifyVpcEndpointServicePayerResponsibility, s.ModifyVpcEndpointServicePayerResponsibility),
			func(ctx context.Context, in *ec2.ModifyVpcEndpointServicePayerResponsibilityInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpDeleteVpcEndpointServiceConfigurations, s.DeleteVpcEndpointServiceConfigurations),
			func(ctx context.Context, in *ec2.DeleteVpcEndpointServiceConfigurationsInput) []string {
				return serviceARNs(ctx, in.ServiceIds...)
			}),
		wire.On(wire.Bind(ec2.OpModifyVpcEndpointServicePermissions, s.ModifyVpcEndpointServicePermissions),
			func(ctx context.Context, in *ec2.ModifyVpcEndpointServicePermissionsInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpStartVpcEndpointServicePrivateDnsVerification, s.StartVpcEndpointServicePrivateDnsVerification),
			func(ctx context.Context, in *ec2.StartVpcEndpointServicePrivateDnsVerificationInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpAcceptVpcEndpointConnections, s.AcceptVpcEndpointConnections),
			func(ctx context.Context, in *ec2.AcceptVpcEndpointConnectionsInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpRejectVpcEndpointConnections, s.RejectVpcEndpointConnections),
			func(ctx context.Context, in *ec2.RejectVpcEndpointConnectionsInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.On(wire.Bind(ec2.OpCreateVpcEndpointConnectionNotification, s.CreateVpcEndpointConnectionNotification), notificationARNs),
		wire.Bind(ec2.OpModifyVpcEndpointConnectionNotification, s.ModifyVpcEndpointConnectionNotification),
		wire.Bind(ec2.OpDeleteVpcEndpointConnectionNotifications, s.DeleteVpcEndpointConnectionNotifications),
		wire.Bind(ec2.OpDescribeVpcEndpointServiceConfigurations, s.DescribeVpcEndpointServiceConfigurations),
		wire.On(wire.Bind(ec2.OpDescribeVpcEndpointServicePermissions, s.DescribeVpcEndpointServicePermissions),
			func(ctx context.Context, in *ec2.DescribeVpcEndpointServicePermissionsInput) []string {
				return serviceARNs(ctx, wire.Value(in.ServiceId))
			}),
		wire.Bind(ec2.OpDescribeVpcEndpointConnections, s.DescribeVpcEndpointConnections),
		wire.Bind(ec2.OpDescribeVpcEndpointConnectionNotifications, s.DescribeVpcEndpointConnectionNotifications),
	}
}

func serviceARNs(ctx context.Context, ids ...string) []string {
	return arns(ctx, ec2.ResourceTypeVpcEndpointService, ids...)
}

func notificationARNs(ctx context.Context, in *ec2.CreateVpcEndpointConnectionNotificationInput) []string {
	if in.VpcEndpointId != nil {
		return arns(ctx, ec2.ResourceTypeVpcEndpoint, *in.VpcEndpointId)
	}
	return serviceARNs(ctx, wire.Value(in.ServiceId))
}
