package ec2

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// The provider's side: a network load balancer with nodes in two zones, one for
// both families with a node in the second zone, and one of another account.
const (
	nlbA    = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/a/0a00000000000001"
	nlbDual = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/dual/0a00000000000002"
	nlbB    = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/b/0a00000000000003"
	theirs  = "arn:aws:elasticloadbalancing:us-east-1:444455556666:loadbalancer/net/a/0a00000000000001"
	absent  = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/none/0a0000000000000f"

	noService   = "vpce-svc-0f000000000000000"
	noEndpoint  = "vpce-0f000000000000000"
	consumerVPC = "vpc-0e000000000000001"
)

// consumer is another account.
var consumer = vpc.Owner{Account: "444455556666", Region: "us-east-1"}

// serviceFixture is endpointFixture with those load balancers, and a VPC of the
// consumer's.
func serviceFixture(t *testing.T) (*Service, context.Context) {
	t.Helper()
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	putLoadBalancers(t, s)
	return s, ctx
}

func putLoadBalancers(t *testing.T, s *Service) {
	t.Helper()
	if _, err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		s.store.Networks.Put(tx, vpc.Network{Owner: consumer, ID: consumerVPC})
		s.store.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: me, ARN: nlbA, VPC: vpcID, AddressType: "ipv4",
			Nodes: []vpc.LoadBalancerNode{{Zone: "us-east-1b", Subnet: subnetB}, {Zone: "us-east-1a", Subnet: subnetA}}})
		s.store.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: me, ARN: nlbDual, VPC: vpcID, AddressType: "dualstack",
			Nodes: []vpc.LoadBalancerNode{{Zone: "us-east-1b", Subnet: subnetB}}})
		s.store.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: me, ARN: nlbB, VPC: otherVPC, AddressType: "ipv4",
			Nodes: []vpc.LoadBalancerNode{{Zone: "us-east-1c", Subnet: otherSubnet}}})
		s.store.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: consumer, ARN: theirs, VPC: consumerVPC, AddressType: "ipv4"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

type (
	createService = ec2.CreateVpcEndpointServiceConfigurationInput
	modifyService = ec2.ModifyVpcEndpointServiceConfigurationInput
)

// behind asks for a service behind these load balancers.
func behind(arns ...string) func(*createService) {
	return func(in *createService) { in.NetworkLoadBalancerArns = arns }
}

func withPrivateName(privateName string) func(*createService) {
	return func(in *createService) { in.PrivateDnsName = &privateName }
}

func addresses(kinds ...string) func(*createService) {
	return func(in *createService) { in.SupportedIpAddressTypes = kinds }
}

// offerService makes a service and returns its id: behind nlbA where edit does
// not say otherwise.
func offerService(t *testing.T, s *Service, ctx context.Context, edit ...func(*createService)) string {
	t.Helper()
	in := &createService{NetworkLoadBalancerArns: []string{nlbA}}
	for _, e := range edit {
		e(in)
	}
	out, err := s.CreateVpcEndpointServiceConfiguration(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.ServiceConfiguration.ServiceId
}

// describeService is the service of that id as it is answered.
func describeService(t *testing.T, s *Service, ctx context.Context, id string) ec2.ServiceConfiguration {
	t.Helper()
	out, err := s.DescribeVpcEndpointServiceConfigurations(ctx, &ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.ServiceConfigurations[0]
}

// attach puts an endpoint of the consumer's to a service of ours, as
// CreateVpcEndpoint would, and returns its id.
func attach(t *testing.T, s *Service, service string, edit ...func(*vpc.Endpoint)) string {
	t.Helper()
	e, revision := putEndpoint(t, s, service, edit...)
	if err := s.store.WaitApplied(t.Context(), revision, e.VPC, vpcID); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func putEndpoint(t *testing.T, s *Service, service string, edit ...func(*vpc.Endpoint)) (e vpc.Endpoint, revision int64) {
	t.Helper()
	e = vpc.Endpoint{
		Owner: consumer, ID: vpc.NewID("vpce"), VPC: consumerVPC, Connection: vpc.NewID("vpce-con"), Suffix: "q1w2e3r4",
		Service: vpc.ServiceConfiguration{Owner: me, ID: service}.ServiceName(), Provider: me,
		IPAddressType: "ipv4", DNSRecordType: "ipv4", Created: then,
	}
	for _, change := range edit {
		change(&e)
	}
	revision, err := s.store.Update(t.Context(), func(tx *store.Tx) error { s.store.Endpoints.Put(tx, e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return e, revision
}

func answered(a vpc.Admission) func(*vpc.Endpoint) {
	return func(e *vpc.Endpoint) { e.Admission = a }
}

func madeBefore(d time.Duration) func(*vpc.Endpoint) {
	return func(e *vpc.Endpoint) { e.Created = then.Add(-d) }
}

// items are a bulk answer in the form id code.
func items(list []ec2.UnsuccessfulItem) []string {
	var all []string
	for _, item := range list {
		all = append(all, wire.Value(item.ResourceId)+" "+wire.Value(item.Error.Code))
	}
	slices.Sort(all)
	return all
}
