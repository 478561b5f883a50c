package ec2

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifyVpcEndpoint changes an endpoint: its private names, address type,
// subnets, groups and policy. The next packet and the next call through the
// endpoint obey.
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
		if err := s.modifyEndpoint(tx, &e, in); err != nil {
			return nil, err
		}
		s.store.Endpoints.Put(tx, e)
		return s.endpointVPCs(tx, e), nil
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
	return checkDNSOptions(in.DnsOptions, ec2.VpcEndpointTypeInterface)
}

func (s *Service) modifyEndpoint(tx *store.Tx, e *vpc.Endpoint, in *ec2.ModifyVpcEndpointInput) error {
	switch state := e.AdmissionAt(s.now()); state {
	case vpc.AdmissionRejected, vpc.AdmissionExpired, vpc.AdmissionFailed:
		return errEndpointEnded(e.ID, string(state))
	}
	t, ok := s.targetOf(tx, *e)
	if !ok {
		return errServiceNotFound(e.Service)
	}
	for _, change := range []func(*store.Tx, *vpc.Endpoint, endpointTarget, *ec2.ModifyVpcEndpointInput) error{
		s.modifyPrivateDNS, modifyAddressType, s.modifySubnets, s.modifyGroups, modifyPolicy,
	} {
		if err := change(tx, e, t, in); err != nil {
			return err
		}
	}
	return nil
}

// modifyPrivateDNS switches the private names on, with new hidden zones, or
// off.
func (s *Service) modifyPrivateDNS(tx *store.Tx, e *vpc.Endpoint, t endpointTarget, in *ec2.ModifyVpcEndpointInput) error {
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
	return s.enablePrivateDNS(tx, e, t, network)
}

// modifyAddressType changes the address families and the types of the records
// under the endpoint's names; a new family brings the records that are its
// default. An old endpoint keeps its one private name, which has both families
// then.
func modifyAddressType(_ *store.Tx, e *vpc.Endpoint, t endpointTarget, in *ec2.ModifyVpcEndpointInput) error {
	kind := cmp.Or(wire.Value(in.IpAddressType), e.IPAddressType)
	changes := kind != e.IPAddressType
	if changes && !t.supports(kind) {
		return errAddressType(kind, "service "+e.Service)
	}
	if changes || in.DnsOptions != nil && in.DnsOptions.DnsRecordIpType != nil {
		var err error
		if e.DNSRecordType, err = recordType(kind, in.DnsOptions); err != nil {
			return err
		}
	}
	e.IPAddressType = kind
	return nil
}

// modifyGroups changes the groups of e and of all its network interfaces.
func (s *Service) modifyGroups(tx *store.Tx, e *vpc.Endpoint, _ endpointTarget, in *ec2.ModifyVpcEndpointInput) error {
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

func modifyPolicy(_ *store.Tx, e *vpc.Endpoint, t endpointTarget, in *ec2.ModifyVpcEndpointInput) error {
	document := wire.Value(in.PolicyDocument)
	switch {
	case wire.Value(in.ResetPolicy):
		e.Policy = ""
	case document != "":
		e.Policy = document
		return t.checkPolicy(document)
	}
	return nil
}
