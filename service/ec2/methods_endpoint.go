package ec2

import (
	"context"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// endpointMethods are the operations on endpoints, network interfaces and
// flow logs. Those that change something name the ARNs that AWS authorizes
// them on; descriptions are authorized on everything.
func (s *Service) endpointMethods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(ec2.OpCreateVpcEndpoint, s.CreateVpcEndpoint), createEndpointARNs), s.hiddenZones),
		wire.On(wire.Bind(ec2.OpModifyVpcEndpoint, s.ModifyVpcEndpoint), modifyEndpointARNs),
		wire.On(wire.Bind(ec2.OpDeleteVpcEndpoints, s.DeleteVpcEndpoints),
			func(ctx context.Context, in *ec2.DeleteVpcEndpointsInput) []string {
				return arns(ctx, "vpc-endpoint", in.VpcEndpointIds...)
			}),
		wire.Bind(ec2.OpDescribeVpcEndpoints, s.DescribeVpcEndpoints),
		wire.Bind(ec2.OpDescribeVpcEndpointServices, s.DescribeVpcEndpointServices),
		wire.Bind(ec2.OpDescribeVpcEndpointAssociations, s.DescribeVpcEndpointAssociations),
		wire.Bind(ec2.OpDescribeNetworkInterfaces, s.DescribeNetworkInterfaces),
		wire.Bind(ec2.OpDescribePrefixLists, s.DescribePrefixLists),
		wire.Needs(wire.On(wire.Bind(ec2.OpCreateFlowLogs, s.CreateFlowLogs), createFlowLogsARNs), passFlowLogsRole),
		wire.On(wire.Bind(ec2.OpDeleteFlowLogs, s.DeleteFlowLogs),
			func(ctx context.Context, in *ec2.DeleteFlowLogsInput) []string {
				return arns(ctx, "vpc-flow-log", in.FlowLogIds...)
			}),
		wire.Bind(ec2.OpDescribeFlowLogs, s.DescribeFlowLogs),
	}
}

// arns are those of the caller's resources of one type.
func arns(ctx context.Context, kind string, ids ...string) []string {
	owner := ownerOf(auth.CallerFrom(ctx))
	var all []string
	for _, id := range ids {
		all = append(all, arn(owner, kind, id))
	}
	return all
}

func createEndpointARNs(ctx context.Context, in *ec2.CreateVpcEndpointInput) []string {
	all := append(arns(ctx, "vpc", wire.Value(in.VpcId)), arns(ctx, "vpc-endpoint", "*")...)
	all = append(all, arns(ctx, "subnet", distinct(append(configured(in.SubnetConfigurations), in.SubnetIds...))...)...)
	return append(all, arns(ctx, "security-group", in.SecurityGroupIds...)...)
}

// hiddenZones: private names are in hosted zones that AWS hides, which the
// caller must be allowed to associate with the VPC.
func (s *Service) hiddenZones(ctx context.Context, in *ec2.CreateVpcEndpointInput) []wire.Access {
	caller := auth.CallerFrom(ctx)
	t, ok := s.target(s.store.Snapshot(), wire.Value(in.ServiceName), caller.Region)
	if !ok || !wantsPrivateDNS(t, in.PrivateDnsEnabled) {
		return nil
	}
	return []wire.Access{{
		Action:   "route53:AssociateVPCWithHostedZone",
		Resource: "arn:" + vpc.PartitionOf(caller.Region).Name + ":route53:::hostedzone/*",
	}}
}

// passFlowLogsRole: the role that delivers records is handed to the service.
func passFlowLogsRole(_ context.Context, in *ec2.CreateFlowLogsInput) []wire.Access {
	return wire.PassRole(in.DeliverLogsPermissionArn, "vpc-flow-logs.amazonaws.com")
}

func modifyEndpointARNs(ctx context.Context, in *ec2.ModifyVpcEndpointInput) []string {
	all := arns(ctx, "vpc-endpoint", wire.Value(in.VpcEndpointId))
	all = append(all, arns(ctx, "subnet", distinct(append(configured(in.SubnetConfigurations), in.AddSubnetIds...))...)...)
	return append(all, arns(ctx, "security-group", in.AddSecurityGroupIds...)...)
}

// configured are the subnets that a request designates addresses in.
func configured(configurations []ec2.SubnetConfiguration) []string {
	return texts(configurations, func(c ec2.SubnetConfiguration) *string { return c.SubnetId })
}

func createFlowLogsARNs(ctx context.Context, in *ec2.CreateFlowLogsInput) []string {
	all := arns(ctx, "vpc-flow-log", "*")
	for _, id := range in.ResourceIds {
		kind, _, _ := strings.Cut(id, "-")
		if kind == "eni" {
			kind = "network-interface"
		}
		all = append(all, arns(ctx, kind, id)...)
	}
	return all
}
