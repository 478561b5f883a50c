package eks

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// row is the record of a new cluster in a VPC: the request with EKS's
// defaults. What only a control plane can know is left out; see the package
// comment.
func (s *Service) row(caller auth.Caller, in *eks.CreateClusterInput, network vpc.Network) store.Cluster {
	name := wire.Value(in.Name)
	return store.Cluster{
		Owner:       vpc.Owner{Account: caller.Account, Region: caller.Region},
		ClientToken: wire.Value(in.ClientRequestToken),
		Cluster: eks.Cluster{
			Name:                        in.Name,
			Arn:                         wire.Ptr(clusterARN(caller, name)),
			CreatedAt:                   wire.Ptr(s.now().UTC()),
			Version:                     wire.Ptr(orDefault(in.Version, "1."+strconv.Itoa(latestMinor))),
			RoleArn:                     in.RoleArn,
			ResourcesVpcConfig:          vpcConfig(in.ResourcesVpcConfig, network.ID),
			KubernetesNetworkConfig:     networkConfig(in.KubernetesNetworkConfig, network.CIDR),
			Logging:                     logging(in.Logging),
			Status:                      wire.Ptr(eks.ClusterStatusCreating),
			CertificateAuthority:        &eks.Certificate{},
			ClientRequestToken:          in.ClientRequestToken,
			Tags:                        in.Tags,
			EncryptionConfig:            in.EncryptionConfig,
			AccessConfig:                accessConfig(in.AccessConfig),
			UpgradePolicy:               upgradePolicy(in.UpgradePolicy),
			ZonalShiftConfig:            (*eks.ZonalShiftConfigResponse)(in.ZonalShiftConfig),
			RemoteNetworkConfig:         (*eks.RemoteNetworkConfigResponse)(in.RemoteNetworkConfig),
			ComputeConfig:               (*eks.ComputeConfigResponse)(in.ComputeConfig),
			StorageConfig:               (*eks.StorageConfigResponse)(in.StorageConfig),
			ControlPlaneScalingConfig:   scaling(in.ControlPlaneScalingConfig),
			DeletionProtection:          wire.Ptr(wire.Value(in.DeletionProtection)),
			KubeApiServerConfig:         (*eks.KubeApiServerConfigResponse)(in.KubeApiServerConfig),
			KubeControllerManagerConfig: controllerManager(in.KubeControllerManagerConfig),
			KubeSchedulerConfig:         (*eks.KubeSchedulerConfigResponse)(in.KubeSchedulerConfig),
		},
	}
}

// shape is a cluster as it is answered. Lists that EKS answers even when they
// are empty do not survive storage, so they are put back.
func shape(row store.Cluster) *eks.Cluster {
	c := row.Cluster
	if c.Health == nil || c.Health.Issues == nil {
		c.Health = &eks.ClusterHealth{Issues: []eks.ClusterIssue{}}
	}
	config := *c.ResourcesVpcConfig
	config.SecurityGroupIds = append([]string{}, config.SecurityGroupIds...)
	config.PublicAccessCidrs = append([]string{}, config.PublicAccessCidrs...)
	c.ResourcesVpcConfig = &config
	if c.Tags == nil {
		c.Tags = map[string]string{}
	}
	return &c
}

func vpcConfig(c *eks.VpcConfigRequest, vpcID string) *eks.VpcConfigResponse {
	out := &eks.VpcConfigResponse{
		SubnetIds:              c.SubnetIds,
		SecurityGroupIds:       c.SecurityGroupIds,
		VpcId:                  &vpcID,
		EndpointPublicAccess:   wire.Ptr(orDefault(c.EndpointPublicAccess, true)),
		EndpointPrivateAccess:  wire.Ptr(orDefault(c.EndpointPrivateAccess, false)),
		PublicAccessCidrs:      c.PublicAccessCidrs,
		ControlPlaneEgressMode: c.ControlPlaneEgressMode,
	}
	if len(out.PublicAccessCidrs) == 0 && *out.EndpointPublicAccess {
		out.PublicAccessCidrs = []string{"0.0.0.0/0"}
	}
	return out
}

func networkConfig(k *eks.KubernetesNetworkConfigRequest, network netip.Prefix) *eks.KubernetesNetworkConfigResponse {
	if k == nil {
		k = &eks.KubernetesNetworkConfigRequest{}
	}
	out := &eks.KubernetesNetworkConfigResponse{
		ServiceIpv4Cidr:      wire.Ptr(orDefault(k.ServiceIpv4Cidr, defaultServiceCIDR(network))),
		IpFamily:             wire.Ptr(eks.IpFamilyIpv4),
		ElasticLoadBalancing: k.ElasticLoadBalancing,
	}
	if out.ElasticLoadBalancing == nil {
		out.ElasticLoadBalancing = &eks.ElasticLoadBalancing{Enabled: wire.Ptr(false)}
	}
	return out
}

// defaultServiceCIDR is the one of EKS's two blocks for services that does
// not clash with the VPC.
func defaultServiceCIDR(network netip.Prefix) string {
	if network.Overlaps(netip.MustParsePrefix("10.0.0.0/8")) {
		return "172.20.0.0/16"
	}
	return "10.100.0.0/16"
}

// logging is a request's logging as EKS answers it: every type once, the
// enabled ones first.
func logging(l *eks.Logging) *eks.Logging {
	var on, off []string
	for _, t := range logTypes {
		if enabled(l, t) {
			on = append(on, t)
		} else {
			off = append(off, t)
		}
	}
	out := &eks.Logging{}
	if len(on) > 0 {
		out.ClusterLogging = append(out.ClusterLogging, eks.LogSetup{Types: on, Enabled: wire.Ptr(true)})
	}
	if len(off) > 0 {
		out.ClusterLogging = append(out.ClusterLogging, eks.LogSetup{Types: off, Enabled: wire.Ptr(false)})
	}
	return out
}

func enabled(l *eks.Logging, logType string) bool {
	return l != nil && slices.ContainsFunc(l.ClusterLogging, func(s eks.LogSetup) bool {
		return wire.Value(s.Enabled) && slices.Contains(s.Types, logType)
	})
}

func accessConfig(a *eks.CreateAccessConfigRequest) *eks.AccessConfigResponse {
	out := &eks.AccessConfigResponse{
		AuthenticationMode:                      wire.Ptr(authenticationMode(a)),
		BootstrapClusterCreatorAdminPermissions: wire.Ptr(true),
	}
	if a != nil && a.BootstrapClusterCreatorAdminPermissions != nil {
		out.BootstrapClusterCreatorAdminPermissions = a.BootstrapClusterCreatorAdminPermissions
	}
	return out
}

func upgradePolicy(u *eks.UpgradePolicyRequest) *eks.UpgradePolicyResponse {
	if u == nil || u.SupportType == nil {
		return &eks.UpgradePolicyResponse{SupportType: wire.Ptr(eks.SupportTypeExtended)}
	}
	return (*eks.UpgradePolicyResponse)(u)
}

func scaling(c *eks.ControlPlaneScalingConfig) *eks.ControlPlaneScalingConfig {
	if c == nil || c.Tier == nil {
		return &eks.ControlPlaneScalingConfig{Tier: wire.Ptr(eks.ProvisionedControlPlaneTierStandard)}
	}
	return c
}

func controllerManager(c *eks.KubeControllerManagerConfigRequest) *eks.KubeControllerManagerConfigResponse {
	if c == nil {
		return nil
	}
	return &eks.KubeControllerManagerConfigResponse{
		HorizontalPodAutoscalerControllerConfig: (*eks.HorizontalPodAutoscalerControllerConfigResponse)(c.HorizontalPodAutoscalerControllerConfig),
		PodGcControllerConfig:                   (*eks.PodGcControllerConfigResponse)(c.PodGcControllerConfig),
	}
}
