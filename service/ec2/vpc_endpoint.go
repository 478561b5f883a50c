package ec2

import (
	"cmp"
	"context"
	"slices"
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

// fullAccess is what an endpoint without a policy of its own answers, byte
// for byte.
const fullAccess = `{
  "Statement": [
    {
      "Action": "*", 
      "Effect": "Allow", 
      "Principal": "*", 
      "Resource": "*"
    }
  ]
}`

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
// in r says, pending until then.
func (s *Service) EndpointState(r store.Reader, e vpc.Endpoint) string {
	if admission := e.AdmissionAt(s.now()); admission != vpc.Admitted {
		return string(admission)
	}
	written := s.store.Endpoints.Revision(r, s.store.Endpoints.Key(e))
	if applied, err := s.store.Applied(e.VPC); err != nil || applied < written {
		return endpointPending
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
		ServiceRegion:       &e.Region,
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
	for _, id := range e.Groups {
		g, _ := s.store.SecurityGroups.Get(r, ownKey(e.Owner, id))
		v.Groups = append(v.Groups, ec2.SecurityGroupIdentifier{GroupId: &id, GroupName: &g.Name})
	}
	return v
}

// dnsEntries are an endpoint's names in AWS's order: the regional one, the
// zonal ones, the private ones.
func (s *Service) dnsEntries(r store.Reader, e vpc.Endpoint) []ec2.DnsEntry {
	service, ok := vpc.FindEndpointService(e.Service)
	if !ok {
		return nil
	}
	entry := func(name, zone string) ec2.DnsEntry { return ec2.DnsEntry{DnsName: &name, HostedZoneId: &zone} }
	public := vpc.EndpointZone(e.Region)
	entries := []ec2.DnsEntry{entry(e.RegionalName(service), public)}
	for _, zone := range s.endpointZones(r, e) {
		entries = append(entries, entry(e.ZonalName(service, zone), public))
	}
	if e.PrivateDNS {
		for _, name := range service.PrivateNames {
			entries = append(entries, entry(name, e.PrivateZones[name]))
		}
	}
	return entries
}

// endpointZones are the availability zones of an endpoint's subnets, ordered.
func (s *Service) endpointZones(r store.Reader, e vpc.Endpoint) []string {
	var zones []string
	for _, id := range e.Subnets {
		if sn, ok := s.store.Subnets.Get(r, ownKey(e.Owner, id)); ok {
			zones = append(zones, sn.Zone)
		}
	}
	slices.Sort(zones)
	return zones
}
