package ec2

import (
	"cmp"
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// CreateVpcEndpoint makes an interface endpoint with a network interface in
// each subnet. When it answers, the endpoint works; the answer nevertheless
// says pending, which is what clients expect of a new endpoint.
func (s *Service) CreateVpcEndpoint(ctx context.Context, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error) {
	caller := auth.CallerFrom(ctx)
	wanted, err := s.newEndpoint(caller, in)
	if err != nil {
		return nil, err
	}
	var answer *ec2.VpcEndpoint
	var earlier int64 // revision of the endpoint that an earlier request made
	revision, err := s.store.Update(ctx, func(tx *store.Tx) error {
		earlier = 0
		made, known, err := s.endpointByToken(tx, wanted)
		if err != nil {
			return err
		}
		if known {
			earlier = s.store.Endpoints.Revision(tx, s.store.Endpoints.Key(made))
			answer = s.endpointShape(tx, made, s.EndpointState(tx, made))
			return nil
		}
		made = wanted
		if err := s.placeEndpoint(tx, &made, in); err != nil {
			return err
		}
		s.store.Endpoints.Put(tx, made)
		answer = s.endpointShape(tx, made, endpointPending)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.store.WaitApplied(ctx, cmp.Or(earlier, revision), wanted.VPC); err != nil {
		return nil, err
	}
	return &ec2.CreateVpcEndpointOutput{VpcEndpoint: answer, ClientToken: in.ClientToken}, nil
}

// newEndpoint checks a request as far as that needs no records, and returns
// the endpoint that it asks for, without subnets and groups.
func (s *Service) newEndpoint(caller auth.Caller, in *ec2.CreateVpcEndpointInput) (vpc.Endpoint, error) {
	if err := checkEndpointRequest(caller, in); err != nil {
		return vpc.Endpoint{}, err
	}
	if err := s.checkPolicy(wire.Value(in.PolicyDocument)); err != nil {
		return vpc.Endpoint{}, err
	}
	if err := checkClientToken(wire.Value(in.ClientToken)); err != nil {
		return vpc.Endpoint{}, err
	}
	tags, err := s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeVpcEndpoint)
	if err != nil {
		return vpc.Endpoint{}, err
	}
	sum, err := tokenSum(in)
	if err != nil {
		return vpc.Endpoint{}, err
	}
	return vpc.Endpoint{
		Owner:          ownerOf(caller),
		ID:             vpc.NewID("vpce"),
		VPC:            wire.Value(in.VpcId),
		Service:        wire.Value(in.ServiceName),
		Policy:         wire.Value(in.PolicyDocument),
		IPAddressType:  ec2.IpAddressTypeIpv4,
		DNSRecordType:  ec2.DnsRecordIpTypeIpv4,
		Suffix:         vpc.NewSuffix(8),
		ClientToken:    wire.Value(in.ClientToken),
		ClientTokenSum: sum,
		Created:        s.now().UTC(),
		Tags:           tags,
	}, nil
}

// endpointByToken looks for the endpoint that an earlier request with the
// client token of e made.
func (s *Service) endpointByToken(tx *store.Tx, e vpc.Endpoint) (made vpc.Endpoint, known bool, err error) {
	if e.ClientToken == "" {
		return vpc.Endpoint{}, false, nil
	}
	for made := range s.store.Endpoints.By(tx, "token", e.ClientToken) {
		if made.Owner != e.Owner {
			continue
		}
		if made.ClientTokenSum != e.ClientTokenSum {
			return vpc.Endpoint{}, false, errIdempotentMismatch()
		}
		return made, true, nil
	}
	return vpc.Endpoint{}, false, nil
}

// placeEndpoint fits e into its VPC: groups, private names, and a network
// interface in each subnet of the request.
func (s *Service) placeEndpoint(tx *store.Tx, e *vpc.Endpoint, in *ec2.CreateVpcEndpointInput) error {
	network, ok := s.store.Networks.Get(tx, ownKey(e.Owner, e.VPC))
	if !ok {
		return errVpcNotFound(e.VPC)
	}
	if count(s.store.Endpoints.By(tx, "vpc", e.VPC)) >= s.limits.EndpointsPer {
		return errEndpointLimit()
	}
	subnets, addresses, err := configuredSubnets(in.SubnetIds, in.SubnetConfigurations)
	if err != nil {
		return err
	}
	rows, err := s.endpointSubnets(tx, *e, subnets)
	if err != nil {
		return err
	}
	if e.Groups, err = s.groupsOrDefault(tx, e.Owner, e.VPC, in.SecurityGroupIds); err != nil {
		return err
	}
	if kind := cmp.Or(wire.Value(in.IpAddressType), ec2.IpAddressTypeIpv4); kind != ec2.IpAddressTypeIpv4 {
		return errAddressTypeOf(kind, e.Service, subnets)
	}
	if wire.Value(in.PrivateDnsEnabled) || in.PrivateDnsEnabled == nil {
		if err := s.enablePrivateDNS(tx, e, network); err != nil {
			return err
		}
	}
	for _, sn := range rows {
		if err := s.addEndpointSubnet(tx, e, sn, addresses[sn.ID]); err != nil {
			return err
		}
	}
	return nil
}
