package ec2

import (
	"cmp"
	"context"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// The states of an interface endpoint as the service sends them. The model
// spells them with a capital, which AWS sends for other types only.
const (
	endpointPending   = "pending"
	endpointAvailable = "available"
)

// DescribeVpcEndpoints answers with the caller's endpoints.
func (s *Service) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsOutput, error) {
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	match, err := compileFilters(endpointFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	rows, err := pick(in.VpcEndpointIds, s.store.Endpoints.List(r, caller.Account, caller.Region),
		func(id string) (vpc.Endpoint, error) { return s.endpoint(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointsOutput{}
	for _, e := range rows {
		if v := s.endpointShape(r, e, s.EndpointState(r, e)); match(v) {
			out.VpcEndpoints = append(out.VpcEndpoints, *v)
		}
	}
	return out, nil
}

var endpointFilters = filters[*ec2.VpcEndpoint]{
	"ip-address-type":    func(v *ec2.VpcEndpoint) []string { return one(v.IpAddressType) },
	"service-name":       func(v *ec2.VpcEndpoint) []string { return one(v.ServiceName) },
	"service-region":     func(v *ec2.VpcEndpoint) []string { return one(v.ServiceRegion) },
	"vpc-id":             func(v *ec2.VpcEndpoint) []string { return one(v.VpcId) },
	"vpc-endpoint-id":    func(v *ec2.VpcEndpoint) []string { return one(v.VpcEndpointId) },
	"vpc-endpoint-state": func(v *ec2.VpcEndpoint) []string { return one(v.State) },
	"vpc-endpoint-type":  func(v *ec2.VpcEndpoint) []string { return one(v.VpcEndpointType) },
	tagFilter:            func(v *ec2.VpcEndpoint) []string { return tagSetPairs(v.Tags) },
}

// endpoint reads the caller's endpoint of that id.
func (s *Service) endpoint(r store.Reader, caller auth.Caller, id string) (vpc.Endpoint, error) {
	if !strings.HasPrefix(id, "vpce-") {
		return vpc.Endpoint{}, errEndpointMalformed(id)
	}
	e, ok := s.store.Endpoints.Get(r, key(caller, id))
	if !ok {
		return vpc.Endpoint{}, errEndpointNotFound(id)
	}
	return e, nil
}

// EndpointState is what the service's provider says to an endpoint. One that
// is admitted is available once this node's data plane holds what its record
// in r says, in its VPC and in the provider's, and pending until then. Where
// the data plane fails, it tries again.
func (s *Service) EndpointState(r store.Reader, e vpc.Endpoint) string {
	if admission := e.AdmissionAt(s.now()); admission != vpc.Admitted {
		return string(admission)
	}
	written := s.store.Endpoints.Revision(r, s.store.Endpoints.Key(e))
	for _, id := range s.endpointVPCs(r, e) {
		if applied, err := s.store.Applied(id); err != nil || applied < written {
			return endpointPending
		}
	}
	return endpointAvailable
}

// endpointShape is an endpoint in that state as it is answered.
func (s *Service) endpointShape(r store.Reader, e vpc.Endpoint, state string) *ec2.VpcEndpoint {
	v := &ec2.VpcEndpoint{
		VpcEndpointId:       &e.ID,
		VpcEndpointType:     wire.Ptr(ec2.VpcEndpointTypeInterface),
		VpcId:               &e.VPC,
		ServiceName:         &e.Service,
		ServiceRegion:       wire.Ptr(cmp.Or(e.ServiceRegion, e.Region)),
		State:               &state,
		PolicyDocument:      wire.Ptr(cmp.Or(e.Policy, fullAccess)),
		SubnetIds:           e.Subnets,
		IpAddressType:       &e.IPAddressType,
		DnsOptions:          &ec2.DnsOptions{DnsRecordIpType: &e.DNSRecordType},
		PrivateDnsEnabled:   &e.PrivateDNS,
		RequesterManaged:    wire.Ptr(false),
		NetworkInterfaceIds: e.ENIs,
		DnsEntries:          s.dnsEntries(r, e),
		CreationTimestamp:   wire.Ptr(e.Created),
		Tags:                tagList(e.Tags),
		OwnerId:             &e.Account,
	}
	if e.LastError != nil {
		v.LastError = &ec2.LastError{Code: &e.LastError.Code, Message: &e.LastError.Message}
	}
	for _, id := range e.Groups {
		g, _ := s.store.SecurityGroups.Get(r, ownKey(e.Owner, id))
		v.Groups = append(v.Groups, ec2.SecurityGroupIdentifier{GroupId: &id, GroupName: &g.Name})
	}
	return v
}
