package ec2

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifyVpcEndpoint changes an endpoint: its subnets, groups, policy and
// private names. The next packet and the next call through the endpoint obey.
func (s *Service) ModifyVpcEndpoint(ctx context.Context, in *ec2.ModifyVpcEndpointInput) (*ec2.ModifyVpcEndpointOutput, error) {
	if err := s.checkModify(in); err != nil {
		return nil, err
	}
	caller := auth.CallerFrom(ctx)
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		e, err := s.endpoint(tx, caller, wire.Value(in.VpcEndpointId))
		if err != nil {
			return nil, err
		}
		for _, change := range []func(*store.Tx, *vpc.Endpoint, *ec2.ModifyVpcEndpointInput) error{
			s.modifySubnets, s.modifyGroups, modifyPolicy, s.modifyPrivateDNS, modifyAddressType,
		} {
			if err := change(tx, &e, in); err != nil {
				return nil, err
			}
		}
		s.store.Endpoints.Put(tx, e)
		return []string{e.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointOutput{Return: wire.Ptr(true)}, nil
}

// checkModify checks a request as far as that needs no records.
func (s *Service) checkModify(in *ec2.ModifyVpcEndpointInput) error {
	if len(in.AddRouteTableIds) > 0 || len(in.RemoveRouteTableIds) > 0 {
		return errRouteTables()
	}
	if wire.Value(in.ResetPolicy) && wire.Value(in.PolicyDocument) != "" {
		return errPolicyAndReset()
	}
	if err := s.checkPolicy(wire.Value(in.PolicyDocument)); err != nil {
		return err
	}
	return checkDNSOptions(in.DnsOptions)
}

// modifySubnets adds subnets, removes others, and moves the network
// interfaces for which the request designates addresses. As with AWS, a zone
// that this call frees is not free for this call.
func (s *Service) modifySubnets(tx *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	added, err := s.endpointSubnets(tx, *e, in.AddSubnetIds)
	if err != nil {
		return err
	}
	for _, id := range distinct(in.RemoveSubnetIds) {
		if err := s.removeEndpointSubnet(tx, e, id); err != nil {
			return err
		}
	}
	subnets := append(slices.Clone(e.Subnets), in.AddSubnetIds...)
	addresses, err := designated(subnets, in.SubnetConfigurations)
	if err != nil {
		return err
	}
	for _, id := range slices.Clone(e.Subnets) {
		if a, ok := addresses[id]; ok {
			if err := s.moveEndpointENI(tx, e, id, a); err != nil {
				return err
			}
		}
	}
	for _, sn := range added {
		if err := s.addEndpointSubnet(tx, e, sn, addresses[sn.ID]); err != nil {
			return err
		}
	}
	return nil
}

// designated are the addresses that a request designates for an endpoint that
// will have these subnets.
func designated(subnets []string, configurations []ec2.SubnetConfiguration) (map[string]netip.Addr, error) {
	if len(subnets) == 0 && len(configurations) > 0 {
		return nil, errSubnetConfiguration(wire.Value(configurations[0].SubnetId))
	}
	_, addresses, err := configuredSubnets(subnets, configurations)
	return addresses, err
}

func (s *Service) removeEndpointSubnet(tx *store.Tx, e *vpc.Endpoint, id string) error {
	i := slices.Index(e.Subnets, id)
	if i < 0 {
		if _, ok := s.store.Subnets.Get(tx, ownKey(e.Owner, id)); !ok {
			return errSubnetNotFound(id)
		}
		return errSubnetNotOfEndpoint(id, e.ID)
	}
	s.removeInterface(tx, ownKey(e.Owner, e.ENIs[i]))
	e.Subnets = slices.Delete(slices.Clone(e.Subnets), i, i+1)
	e.ENIs = slices.Delete(slices.Clone(e.ENIs), i, i+1)
	return nil
}

// moveEndpointENI replaces the network interface of e in a subnet with one at
// address a.
func (s *Service) moveEndpointENI(tx *store.Tx, e *vpc.Endpoint, subnet string, a netip.Addr) error {
	i := slices.Index(e.Subnets, subnet)
	k := ownKey(e.Owner, e.ENIs[i])
	if now, ok := s.store.ENIs.Get(tx, k); ok && now.Address == a {
		return nil
	}
	sn, ok := s.store.Subnets.Get(tx, ownKey(e.Owner, subnet))
	if !ok {
		return errSubnetNotFound(subnet)
	}
	s.removeInterface(tx, k)
	eni, err := s.newEndpointENI(tx, *e, sn, a)
	if err != nil {
		return err
	}
	e.ENIs = slices.Clone(e.ENIs)
	e.ENIs[i] = eni.ID
	return nil
}

// modifyGroups changes the groups of e and of all its network interfaces.
func (s *Service) modifyGroups(tx *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	if len(in.AddSecurityGroupIds) == 0 && len(in.RemoveSecurityGroupIds) == 0 {
		return nil
	}
	groups := append(slices.Clone(e.Groups), in.AddSecurityGroupIds...)
	for _, id := range distinct(in.RemoveSecurityGroupIds) {
		if !slices.Contains(e.Groups, id) {
			return errGroupNotOfEndpoint(id, e.ID)
		}
		groups = slices.DeleteFunc(groups, func(g string) bool { return g == id })
	}
	if len(groups) == 0 {
		return errLastGroup(e.ID)
	}
	groups, err := s.groups(tx, e.Owner, e.VPC, groups)
	if err != nil {
		return err
	}
	e.Groups = groups
	for _, id := range e.ENIs {
		if eni, ok := s.store.ENIs.Get(tx, ownKey(e.Owner, id)); ok {
			eni.Groups = groups
			s.store.ENIs.Put(tx, eni)
		}
	}
	return nil
}

func modifyPolicy(_ *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	switch {
	case wire.Value(in.ResetPolicy):
		e.Policy = ""
	case wire.Value(in.PolicyDocument) != "":
		e.Policy = *in.PolicyDocument
	}
	return nil
}

// modifyPrivateDNS switches the private names on, with new hidden zones, or
// off.
func (s *Service) modifyPrivateDNS(tx *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	if in.PrivateDnsEnabled == nil || *in.PrivateDnsEnabled == e.PrivateDNS {
		return nil
	}
	if !*in.PrivateDnsEnabled {
		e.PrivateDNS, e.PrivateZones = false, nil
		return nil
	}
	network, ok := s.store.Networks.Get(tx, ownKey(e.Owner, e.VPC))
	if !ok {
		return errVpcNotFound(e.VPC)
	}
	return s.enablePrivateDNS(tx, e, network)
}

func modifyAddressType(_ *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	if kind := cmp.Or(wire.Value(in.IpAddressType), e.IPAddressType); kind != e.IPAddressType {
		return errAddressTypeOf(kind, e.Service, e.Subnets)
	}
	return nil
}
