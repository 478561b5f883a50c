package ec2

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// A network to put endpoints into. VPC "other" has neither private DNS nor
// anything in common with the first one.
const (
	vpcID    = "vpc-0a000000000000001"
	subnetA  = "subnet-0a000000000000001" // us-east-1a, 10.0.1.0/24
	subnetB  = "subnet-0b000000000000001" // us-east-1b, 10.0.2.0/24
	subnetB2 = "subnet-0b000000000000002" // us-east-1b, 10.0.3.0/24
	subnetC  = "subnet-0c000000000000001" // us-east-1c, 10.0.4.0/28
	groupDef = "sg-0a000000000000001"     // default
	groupEp  = "sg-0a000000000000002"     // ep
	groupApp = "sg-0a000000000000003"     // app

	otherVPC    = "vpc-0d000000000000001"
	otherSubnet = "subnet-0d000000000000001" // us-east-1c, 10.1.1.0/24
	otherGroup  = "sg-0d000000000000001"     // default

	// Those of dualFixture.
	dualA   = "subnet-0a000000000000002" // us-east-1a, 10.0.5.0/24 and 2001:db8:0:5::/64
	dualB   = "subnet-0b000000000000003" // us-east-1b, 10.0.6.0/28 and 2001:db8:0:6::/64
	nativeC = "subnet-0c000000000000002" // us-east-1c, 2001:db8:0:7::/64 only

	eksService = "com.amazonaws.us-east-1.eks"
	stsService = "com.amazonaws.us-east-1.sts"

	noSubnet = "subnet-0f000000000000000"
	noVPC    = "vpc-0f000000000000000"
)

var (
	me   = vpc.Owner{Account: "111122223333", Region: "us-east-1"}
	then = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
)

// endpointFixture is a service over a store that holds that network.
func endpointFixture(t *testing.T) (*Service, context.Context) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Update(t.Context(), func(tx *store.Tx) error { putNetwork(s, tx); return nil }); err != nil {
		t.Fatal(err)
	}
	service := New(Config{Store: s, Limits: vpc.DefaultLimits(), Now: func() time.Time { return then }})
	return service, as(t, me.Account, me.Region)
}

// dualFixture is endpointFixture with subnets that have IPv6.
func dualFixture(t *testing.T) (*Service, context.Context) {
	t.Helper()
	s, ctx := endpointFixture(t)
	if _, err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		for _, sn := range []struct{ id, ipv4, ipv6, zone, zoneID string }{
			{dualA, "10.0.5.0/24", "2001:db8:0:5::/64", "us-east-1a", "use1-az1"},
			{dualB, "10.0.6.0/28", "2001:db8:0:6::/64", "us-east-1b", "use1-az2"},
			{nativeC, "", "2001:db8:0:7::/64", "us-east-1c", "use1-az3"},
		} {
			ipv4, _ := netip.ParsePrefix(sn.ipv4) // not valid where the subnet has none
			s.store.Subnets.Put(tx, vpc.Subnet{Owner: me, ID: sn.id, VPC: vpcID, CIDR: ipv4, IPv6: vpc.IPv6Block{CIDR: netip.MustParsePrefix(sn.ipv6)},
				Native: sn.ipv4 == "", Zone: sn.zone, ZoneID: sn.zoneID})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s, ctx
}

func putNetwork(s *store.Store, tx *store.Tx) {
	s.Networks.Put(tx, vpc.Network{Owner: me, ID: vpcID, CIDR: netip.MustParsePrefix("10.0.0.0/16"), DNSSupport: true, DNSHostnames: true})
	s.Networks.Put(tx, vpc.Network{Owner: me, ID: otherVPC, CIDR: netip.MustParsePrefix("10.1.0.0/16"), DNSSupport: true})
	for _, sn := range []struct{ id, vpc, cidr, zone, zoneID string }{
		{subnetA, vpcID, "10.0.1.0/24", "us-east-1a", "use1-az1"},
		{subnetB, vpcID, "10.0.2.0/24", "us-east-1b", "use1-az2"},
		{subnetB2, vpcID, "10.0.3.0/24", "us-east-1b", "use1-az2"},
		{subnetC, vpcID, "10.0.4.0/28", "us-east-1c", "use1-az3"},
		{otherSubnet, otherVPC, "10.1.1.0/24", "us-east-1c", "use1-az3"},
	} {
		s.Subnets.Put(tx, vpc.Subnet{Owner: me, ID: sn.id, VPC: sn.vpc, CIDR: netip.MustParsePrefix(sn.cidr), Zone: sn.zone, ZoneID: sn.zoneID})
	}
	for _, g := range []struct{ id, vpc, name string }{
		{groupDef, vpcID, "default"}, {groupEp, vpcID, "ep"}, {groupApp, vpcID, "app"}, {otherGroup, otherVPC, "default"},
	} {
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: me, ID: g.id, VPC: g.vpc, Name: g.name})
	}
}

func as(t *testing.T, account, region string) context.Context {
	return auth.WithCaller(t.Context(), auth.Caller{Account: account, Region: region})
}

// endpointRequest asks for an interface endpoint for EKS; edit changes it.
func endpointRequest(edit ...func(*ec2.CreateVpcEndpointInput)) *ec2.CreateVpcEndpointInput {
	in := &ec2.CreateVpcEndpointInput{
		VpcId:           wire.Ptr(vpcID),
		VpcEndpointType: wire.Ptr("Interface"),
		ServiceName:     wire.Ptr(eksService),
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func inSubnets(ids ...string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) { in.SubnetIds = ids }
}

func forService(name string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) { in.ServiceName = &name }
}

func at(subnet, address string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) {
		in.SubnetConfigurations = append(in.SubnetConfigurations, ec2.SubnetConfiguration{SubnetId: &subnet, Ipv4: &address})
	}
}

// dualAt designates an address of each family.
func dualAt(subnet, ipv4, ipv6 string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) {
		in.SubnetConfigurations = append(in.SubnetConfigurations, ec2.SubnetConfiguration{SubnetId: &subnet, Ipv4: &ipv4, Ipv6: &ipv6})
	}
}

func ofType(kind string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) { in.IpAddressType = &kind }
}

func withRecords(kind string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) {
		in.DnsOptions = &ec2.DnsOptionsSpecification{DnsRecordIpType: &kind}
	}
}

func tagged(key, value string) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) {
		in.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-endpoint"), Tags: []ec2.Tag{{Key: &key, Value: &value}}}}
	}
}

func privateDNS(on bool) func(*ec2.CreateVpcEndpointInput) {
	return func(in *ec2.CreateVpcEndpointInput) { in.PrivateDnsEnabled = &on }
}

// createEndpoint makes an endpoint and returns its id.
func createEndpoint(t *testing.T, s *Service, ctx context.Context, edit ...func(*ec2.CreateVpcEndpointInput)) string {
	t.Helper()
	out, err := s.CreateVpcEndpoint(ctx, endpointRequest(edit...))
	if err != nil {
		t.Fatal(err)
	}
	return *out.VpcEndpoint.VpcEndpointId
}

// describeEndpoint is the endpoint of that id as it is answered.
func describeEndpoint(t *testing.T, s *Service, ctx context.Context, id string) ec2.VpcEndpoint {
	t.Helper()
	out, err := s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.VpcEndpoints[0]
}

// enis are all network interfaces of the account, ordered by address.
func enis(s *Service) []vpc.ENI {
	all := slices.Collect(s.store.ENIs.List(s.store.Snapshot(), me.Account, me.Region))
	slices.SortFunc(all, func(a, b vpc.ENI) int { return a.Address.Compare(b.Address) })
	return all
}

// refused wants a wire.Error of that code and text.
func refused(t *testing.T, what string, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || e.Code != code || e.Message != message {
		t.Errorf("%s: %v\nwant %s: %s", what, err, code, message)
	}
}
