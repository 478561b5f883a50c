package eks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// CreateCluster records a cluster in subnets of the caller.
func (s *Service) CreateCluster(ctx context.Context, in *eks.CreateClusterInput) (*eks.CreateClusterOutput, error) {
	caller := auth.CallerFrom(ctx)
	if err := checkRequest(caller, in, s.limits); err != nil {
		return nil, err
	}
	sum, err := tokenSum(in)
	if err != nil {
		return nil, err
	}
	var row store.Cluster
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		var known bool
		if row, known, err = s.made(tx, caller, in, sum); known || err != nil {
			return err
		}
		place, err := s.place(tx, caller, in)
		if err != nil {
			return err
		}
		row = s.row(caller, in, place)
		row.ClientTokenSum = sum
		s.store.Clusters.Put(tx, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eks.CreateClusterOutput{Cluster: shape(row)}, nil
}

// made looks for what an earlier request did: known is true, with its
// cluster, where in repeats it. A name or token that is taken and a full
// account are errors.
func (s *Service) made(tx *store.Tx, caller auth.Caller, in *eks.CreateClusterInput, sum string) (row store.Cluster, known bool, err error) {
	name, token := wire.Value(in.Name), wire.Value(in.ClientRequestToken)
	count, taken := 0, false
	for c := range s.store.Clusters.List(tx, caller.Account, caller.Region) {
		if token != "" && c.ClientToken == token {
			if c.ClientTokenSum != sum {
				return store.Cluster{}, false, errTokenReused(name, token)
			}
			return c, true, nil
		}
		taken = taken || wire.Value(c.Cluster.Name) == name
		count++
	}
	switch {
	case taken:
		return store.Cluster{}, false, errClusterExists(name)
	case s.limits.Account && count >= s.limits.ClustersPerReg:
		return store.Cluster{}, false, errClusterLimit(name, s.limits.ClustersPerReg)
	}
	return store.Cluster{}, false, nil
}

// tokenSum is a digest of all that a request asks for, its token apart.
func tokenSum(in *eks.CreateClusterInput) (string, error) {
	bare := *in
	bare.ClientRequestToken = nil
	b, err := json.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// place finds the VPC that a cluster's subnets lie in, and checks that the
// subnets and groups can carry a cluster.
func (s *Service) place(r store.Reader, caller auth.Caller, in *eks.CreateClusterInput) (vpc.Network, error) {
	name, config := wire.Value(in.Name), in.ResourcesVpcConfig
	zones := map[string]bool{}
	id := ""
	for _, subnet := range config.SubnetIds {
		sn, ok := s.store.Subnets.Get(r, key(caller, subnet))
		if !ok {
			return vpc.Network{}, errSubnetNotFound(name, subnet)
		}
		if id != "" && sn.VPC != id {
			return vpc.Network{}, errSubnetVPC(name)
		}
		id = sn.VPC
		zones[sn.Zone] = true
	}
	if len(zones) < 2 {
		return vpc.Network{}, errSubnetZones(name)
	}
	if err := s.checkGroups(r, caller, name, config.SecurityGroupIds, id); err != nil {
		return vpc.Network{}, err
	}
	network, ok := s.store.Networks.Get(r, key(caller, id))
	if !ok {
		return vpc.Network{}, fmt.Errorf("read VPC %s of the cluster's subnets: absent", id)
	}
	return network, checkNetwork(in, network)
}

// checkGroups wants every group to exist in the VPC.
func (s *Service) checkGroups(r store.Reader, caller auth.Caller, name string, ids []string, vpcID string) error {
	var elsewhere []string
	for _, id := range ids {
		g, ok := s.store.SecurityGroups.Get(r, key(caller, id))
		if !ok {
			return errGroupNotFound(name, id)
		}
		if g.VPC != vpcID {
			elsewhere = append(elsewhere, id)
		}
	}
	if len(elsewhere) > 0 {
		return errGroupVPC(name, elsewhere, vpcID)
	}
	return nil
}

// checkNetwork checks what a request says about addresses against the VPC.
func checkNetwork(in *eks.CreateClusterInput, network vpc.Network) error {
	name, k := wire.Value(in.Name), in.KubernetesNetworkConfig
	if k == nil {
		return nil
	}
	if wire.Value(k.IpFamily) == eks.IpFamilyIpv6 {
		return errSubnetsIPv6(name, in.ResourcesVpcConfig.SubnetIds) // no subnet has an IPv6 block
	}
	if k.ServiceIpv4Cidr == nil {
		return nil
	}
	if cidr := serviceCIDR(*k.ServiceIpv4Cidr); cidr.Overlaps(network.CIDR) {
		return errServiceCIDROverlap(name, cidr, network.CIDR)
	}
	return nil
}
