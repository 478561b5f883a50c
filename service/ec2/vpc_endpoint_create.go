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

// legacyTag marks, with the value true at creation, an endpoint as one that
// was made before August 2024. It decides once: what is done with the tag
// later changes nothing.
const legacyTag = "postern:legacy"

// CreateVpcEndpoint makes an interface endpoint with a network interface in
// each subnet. When it answers, the endpoint works, if its provider admits it;
// the answer nevertheless says pending, which is what clients expect of a new
// endpoint.
func (s *Service) CreateVpcEndpoint(ctx context.Context, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error) {
	caller := auth.CallerFrom(ctx)
	wanted, err := s.newEndpoint(caller, in)
	if err != nil {
		return nil, err
	}
	var answer *ec2.VpcEndpoint
	var vpcs []string
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
			vpcs = s.endpointVPCs(tx, made)
			return nil
		}
		made = wanted
		if err := s.placeEndpoint(tx, caller, &made, in); err != nil {
			return err
		}
		s.store.Endpoints.Put(tx, made)
		answer = s.endpointShape(tx, made, cmp.Or(string(made.Admission), endpointPending))
		vpcs = s.endpointVPCs(tx, made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.store.WaitApplied(ctx, cmp.Or(earlier, revision), vpcs...); err != nil {
		return nil, err
	}
	return &ec2.CreateVpcEndpointOutput{VpcEndpoint: answer, ClientToken: in.ClientToken}, nil
}

// newEndpoint checks a request as far as that needs no records, and returns
// the endpoint that it asks for, without what depends on its service, subnets
// and groups.
func (s *Service) newEndpoint(caller auth.Caller, in *ec2.CreateVpcEndpointInput) (vpc.Endpoint, error) {
	if err := checkEndpointRequest(in); err != nil {
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
	kind := cmp.Or(wire.Value(in.IpAddressType), ec2.IpAddressTypeIpv4)
	records, err := recordType(kind, in.DnsOptions)
	if err != nil {
		return vpc.Endpoint{}, err
	}
	return vpc.Endpoint{
		Owner:          ownerOf(caller),
		ID:             vpc.NewID("vpce"),
		VPC:            wire.Value(in.VpcId),
		Service:        wire.Value(in.ServiceName),
		Legacy:         tags[legacyTag] == "true",
		Policy:         wire.Value(in.PolicyDocument),
		IPAddressType:  kind,
		DNSRecordType:  records,
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
	return byToken(s.store.Endpoints.By(tx, "token", e.ClientToken), e.Owner, e.ClientTokenSum,
		func(made vpc.Endpoint) (vpc.Owner, string) { return made.Owner, made.ClientTokenSum })
}

// placeEndpoint connects e to its service and fits it into its VPC: groups,
// private names, and a network interface in each subnet of the request.
func (s *Service) placeEndpoint(tx *store.Tx, caller auth.Caller, e *vpc.Endpoint, in *ec2.CreateVpcEndpointInput) error {
	t, err := s.findTarget(tx, caller, e.Service, wire.Value(in.ServiceRegion))
	if err != nil {
		return err
	}
	if err := connect(e, t, in); err != nil {
		return err
	}
	network, err := s.network(tx, caller, e.VPC)
	if err != nil {
		return err
	}
	if count(s.store.Endpoints.By(tx, "vpc", e.VPC)) >= s.limits.EndpointsPer {
		return errEndpointLimit()
	}
	if e.Groups, err = s.groupsOrDefault(tx, e.Owner, e.VPC, in.SecurityGroupIds); err != nil {
		return err
	}
	if wantsPrivateDNS(t, in.PrivateDnsEnabled) {
		if err := s.enablePrivateDNS(tx, e, t, network); err != nil {
			return err
		}
	}
	ids, addresses, err := configuredSubnets(in.SubnetIds, in.SubnetConfigurations, e.IPAddressType)
	if err != nil {
		return err
	}
	subnets, err := s.newSubnets(tx, *e, t, ids)
	if err != nil {
		return err
	}
	return s.addEndpointSubnets(tx, e, subnets, addresses)
}

// connect binds a new endpoint to its service, which must be able to do what
// the endpoint wants of it.
func connect(e *vpc.Endpoint, t endpointTarget, in *ec2.CreateVpcEndpointInput) error {
	if kind := cmp.Or(wire.Value(in.VpcEndpointType), endpointTypes[0]); kind != ec2.VpcEndpointTypeInterface {
		return errServiceType(e.Service, kind)
	}
	if err := t.checkPolicy(e.Policy); err != nil {
		return err
	}
	if !t.supports(e.IPAddressType) {
		return errAddressType(e.IPAddressType, "service "+e.Service)
	}
	if t.crossRegion() {
		e.ServiceRegion = t.home()
	}
	if t.configuration == nil {
		return checkLegacy(*e)
	}
	e.Legacy = false
	e.Provider = t.configuration.Owner
	e.Connection = vpc.NewID("vpce-con")
	if t.configuration.AcceptanceRequired {
		e.Admission = vpc.AdmissionPending
	}
	return nil
}

// checkLegacy wants of an old endpoint that it has IPv4 only.
func checkLegacy(e vpc.Endpoint) error {
	if e.Legacy && e.IPAddressType != ec2.IpAddressTypeIpv4 {
		return errAddressType(e.IPAddressType, "a VPC endpoint with the tag "+legacyTag)
	}
	return nil
}
