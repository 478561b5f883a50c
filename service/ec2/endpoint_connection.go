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

// DescribeVpcEndpointConnections answers with the endpoints of all accounts
// that lead to the caller's services.
func (s *Service) DescribeVpcEndpointConnections(ctx context.Context, in *ec2.DescribeVpcEndpointConnectionsInput) (*ec2.DescribeVpcEndpointConnectionsOutput, error) {
	if err := checkPageSize(in.MaxResults); err != nil {
		return nil, err
	}
	match, err := compileFilters(connectionFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	out := &ec2.DescribeVpcEndpointConnectionsOutput{}
	for c := range s.store.ServiceConfigurations.List(r, caller.Account, caller.Region) {
		for e := range s.store.Endpoints.By(r, "service", c.ServiceName()) {
			if v := s.connectionShape(r, c, e); match(v) {
				out.VpcEndpointConnections = append(out.VpcEndpointConnections, *v)
			}
		}
	}
	slices.SortFunc(out.VpcEndpointConnections, func(a, b ec2.VpcEndpointConnection) int {
		return strings.Compare(*a.VpcEndpointConnectionId, *b.VpcEndpointConnectionId)
	})
	return out, nil
}

var connectionFilters = filters[*ec2.VpcEndpointConnection]{
	"ip-address-type":     func(v *ec2.VpcEndpointConnection) []string { return one(v.IpAddressType) },
	"service-id":          func(v *ec2.VpcEndpointConnection) []string { return one(v.ServiceId) },
	"vpc-endpoint-id":     func(v *ec2.VpcEndpointConnection) []string { return one(v.VpcEndpointId) },
	"vpc-endpoint-owner":  func(v *ec2.VpcEndpointConnection) []string { return one(v.VpcEndpointOwner) },
	"vpc-endpoint-region": func(v *ec2.VpcEndpointConnection) []string { return one(v.VpcEndpointRegion) },
	"vpc-endpoint-state":  func(v *ec2.VpcEndpointConnection) []string { return one(v.VpcEndpointState) },
}

// connectionShape is an endpoint as its provider sees it.
func (s *Service) connectionShape(r store.Reader, c vpc.ServiceConfiguration, e vpc.Endpoint) *ec2.VpcEndpointConnection {
	return &ec2.VpcEndpointConnection{
		VpcEndpointConnectionId: &e.Connection,
		VpcEndpointId:           &e.ID,
		VpcEndpointOwner:        &e.Account,
		VpcEndpointRegion:       &e.Region,
		VpcEndpointState:        wire.Ptr(s.EndpointState(r, e)),
		ServiceId:               &c.ID,
		CreationTimestamp:       &e.Created,
		DnsEntries:              s.publicEntries(r, e, s.customerTarget(r, c, e.Region)),
		IpAddressType:           &e.IPAddressType,
		NetworkLoadBalancerArns: c.LoadBalancers,
	}
}

// AcceptVpcEndpointConnections lets the traffic of endpoints in that wait for
// it. When it answers, their packets pass.
func (s *Service) AcceptVpcEndpointConnections(ctx context.Context, in *ec2.AcceptVpcEndpointConnectionsInput) (*ec2.AcceptVpcEndpointConnectionsOutput, error) {
	items, err := s.answerConnections(ctx, in.ServiceId, in.VpcEndpointIds, vpc.Admitted, vpc.AdmissionPending)
	if err != nil {
		return nil, err
	}
	return &ec2.AcceptVpcEndpointConnectionsOutput{Unsuccessful: items}, nil
}

// RejectVpcEndpointConnections keeps endpoints out, also those that were
// accepted before. When it answers, their packets do not pass any more.
func (s *Service) RejectVpcEndpointConnections(ctx context.Context, in *ec2.RejectVpcEndpointConnectionsInput) (*ec2.RejectVpcEndpointConnectionsOutput, error) {
	items, err := s.answerConnections(ctx, in.ServiceId, in.VpcEndpointIds, vpc.AdmissionRejected, vpc.AdmissionPending, vpc.Admitted)
	if err != nil {
		return nil, err
	}
	return &ec2.RejectVpcEndpointConnectionsOutput{Unsuccessful: items}, nil
}

// answerConnections gives an answer to endpoints of a service of the caller
// that have one of the expected admissions, and returns those that it was not
// given to.
func (s *Service) answerConnections(ctx context.Context, service *string, endpoints []string, answer vpc.Admission, expected ...vpc.Admission) ([]ec2.UnsuccessfulItem, error) {
	caller := auth.CallerFrom(ctx)
	var items []ec2.UnsuccessfulItem
	err := s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		c, err := s.serviceConfiguration(tx, caller, wire.Value(service))
		if err != nil {
			return nil, err
		}
		waiting := map[string]vpc.Endpoint{}
		for e := range s.store.Endpoints.By(tx, "service", c.ServiceName()) {
			waiting[e.ID] = e
		}
		items, err = eachOf(endpoints, func(id string) error {
			e, ok := waiting[id]
			if !ok {
				return errEndpointGone(id)
			}
			if now := e.AdmissionAt(s.now()); !slices.Contains(expected, now) {
				return errConnectionState(id, connectionState(now), expected)
			}
			e.Admission = answer
			s.store.Endpoints.Put(tx, e)
			vpcs = append(vpcs, e.VPC)
			return nil
		})
		if len(vpcs) > 0 {
			vpcs = append(vpcs, s.customerTarget(tx, c, c.Region).vpcs()...)
		}
		return distinct(vpcs), err
	})
	return items, err
}

// connectionState is an admission in the words of the API. Whether an endpoint
// that is admitted is pending yet makes no difference to its provider.
func connectionState(a vpc.Admission) string { return cmp.Or(string(a), endpointAvailable) }
