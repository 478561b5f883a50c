package eks

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// createKey is a key of eks:CreateCluster.
func createKey(name string, values func(*eks.CreateClusterInput) []string) wire.ConditionKey {
	return wire.InputKey("eks:"+name, "the request of CreateCluster", values)
}

// ConditionKeys are those of the service's own ("Actions, resources, and
// condition keys for Amazon Elastic Kubernetes Service"), of the operations
// that there are.
func (s *Service) ConditionKeys() []wire.ConditionKey {
	type in = eks.CreateClusterInput
	return []wire.ConditionKey{
		createKey("authenticationMode", func(in *in) []string { return wire.Text(wire.Value(in.AccessConfig).AuthenticationMode) }),
		createKey("bootstrapClusterCreatorAdminPermissions", func(in *in) []string {
			return wire.Text(wire.Value(in.AccessConfig).BootstrapClusterCreatorAdminPermissions)
		}),
		createKey("bootstrapSelfManagedAddons", func(in *in) []string { return wire.Text(in.BootstrapSelfManagedAddons) }),
		createKey("blockStorageEnabled", func(in *in) []string {
			return wire.Text(wire.Value(wire.Value(in.StorageConfig).BlockStorage).Enabled)
		}),
		createKey("computeConfigEnabled", func(in *in) []string { return wire.Text(wire.Value(in.ComputeConfig).Enabled) }),
		createKey("controlPlaneEgressMode", func(in *in) []string {
			return wire.Text(wire.Value(in.ResourcesVpcConfig).ControlPlaneEgressMode)
		}),
		createKey("deletionProtection", func(in *in) []string { return wire.Text(in.DeletionProtection) }),
		createKey("elasticLoadBalancingEnabled", func(in *in) []string {
			return wire.Text(wire.Value(wire.Value(in.KubernetesNetworkConfig).ElasticLoadBalancing).Enabled)
		}),
		createKey("encryptionConfigProviderKeyArns", encryptionKeys),
		createKey("endpointPrivateAccess", func(in *in) []string { return wire.Text(wire.Value(in.ResourcesVpcConfig).EndpointPrivateAccess) }),
		createKey("endpointPublicAccess", func(in *in) []string { return wire.Text(wire.Value(in.ResourcesVpcConfig).EndpointPublicAccess) }),
		createKey("kubernetesVersion", func(in *in) []string { return wire.Text(in.Version) }),
		createKey("supportType", func(in *in) []string { return wire.Text(wire.Value(in.UpgradePolicy).SupportType) }),
		createKey("zonalShiftEnabled", func(in *in) []string { return wire.Text(wire.Value(in.ZonalShiftConfig).Enabled) }),
		{Name: "eks:loggingType/", From: "the request of CreateCluster: whether logs of that type are on", Values: loggingType},
	}
}

func encryptionKeys(in *eks.CreateClusterInput) []string {
	var keys []string
	for _, c := range in.EncryptionConfig {
		keys = append(keys, wire.Text(wire.Value(c.Provider).KeyArn)...)
	}
	return keys
}

func loggingType(_ context.Context, in any, _, logs string) []string {
	create, ok := in.(*eks.CreateClusterInput)
	if !ok {
		return nil
	}
	for _, setup := range wire.Value(create.Logging).ClusterLogging {
		if slices.ContainsFunc(setup.Types, func(t string) bool { return strings.EqualFold(t, logs) }) {
			return wire.Text(setup.Enabled)
		}
	}
	return nil
}

// ResourceTags are the tags of a cluster by its ARN.
func (s *Service) ResourceTags(_ context.Context, arn string) vpc.Tags {
	named, _ := vpc.ParseARN(arn)
	name, ok := strings.CutPrefix(named.Resource, "cluster/")
	if !ok {
		return nil
	}
	row, _ := s.store.Clusters.Get(s.store.Snapshot(), store.Key{Account: named.Account, Region: named.Region, ID: name})
	return row.Cluster.Tags
}

// createNeeds: the cluster's role is handed to the service, and its nodes' role
// to EC2; tags need a permission of their own.
func createNeeds(ctx context.Context, in *eks.CreateClusterInput) []wire.Access {
	all := wire.PassRole(in.RoleArn, "eks.amazonaws.com")
	all = append(all, wire.PassRole(wire.Value(in.ComputeConfig).NodeRoleArn, "ec2.amazonaws.com")...)
	if len(in.Tags) > 0 {
		all = append(all, wire.Access{Action: "eks:TagResource", Resource: clusterARN(auth.CallerFrom(ctx), wire.Value(in.Name))})
	}
	return all
}
