package ec2

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

var toCustomer = forService(customerService)

func TestCreateEndpointToCustomer(t *testing.T) {
	s, ctx := customerFixture(t, privateName("api.example.com", "verified"))
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, toCustomer, inSubnets(subnetC, subnetA))
	e := describeEndpoint(t, s, ctx, id)
	var names, zones []string
	for _, d := range e.DnsEntries {
		names, zones = append(names, *d.DnsName), append(zones, *d.HostedZoneId)
	}
	suffix := strings.TrimPrefix(strings.Split(names[0], ".")[0], id+"-")
	base := "." + serviceID + ".us-east-1.vpce.amazonaws.com"
	want := []string{id + "-" + suffix + base, id + "-" + suffix + "-us-east-1a" + base, id + "-" + suffix + "-us-east-1c" + base, "api.example.com"}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	if zones[0] != "Z7HUB22UULQXV" || zones[1] != zones[0] || zones[3] == zones[0] {
		t.Errorf("zones %v", zones)
	}
	if *e.State != "available" || !*e.PrivateDnsEnabled || *e.ServiceRegion != "us-east-1" || *e.PolicyDocument != fullAccess {
		t.Errorf("%s, private DNS %v, from %s, policy %s", *e.State, *e.PrivateDnsEnabled, *e.ServiceRegion, *e.PolicyDocument)
	}
	record, _ := s.store.Endpoints.Get(s.store.Snapshot(), ownKey(me, id))
	if record.Provider != provider || !vpc.ValidID("vpce-con", record.Connection) || record.Admission != vpc.Admitted || record.Legacy {
		t.Errorf("%+v", record)
	}
}

func TestCreateEndpointToCustomerRefuses(t *testing.T) {
	s, ctx := customerFixture(t, privateName("api.example.com", "pendingVerification"))
	applyAll(t, s.store)
	policy := func(p string) func(*ec2.CreateVpcEndpointInput) {
		return func(in *ec2.CreateVpcEndpointInput) { in.PolicyDocument = &p }
	}
	type edits = []func(*ec2.CreateVpcEndpointInput)
	for _, row := range []struct {
		edit          edits
		code, message string
	}{
		{edits{func(in *ec2.CreateVpcEndpointInput) { in.VpcEndpointType = nil }}, "InvalidServiceName", "The Vpc Endpoint Service '" + customerService + "' does not support the endpoint type 'Gateway'."},
		{edits{inSubnets(subnetA, subnetB)}, "InvalidParameter", "The VPC endpoint service " + customerService + " does not support the availability zone of the subnet: " + subnetB + "."},
		{edits{ofType("dualstack"), inSubnets(dualA)}, "InvalidParameter", "IpAddressType dualstack is not supported by service " + customerService},
		{edits{ofType("ipv6")}, "InvalidParameter", "IpAddressType ipv6 is not supported by service " + customerService},
		{edits{privateDNS(true)}, "InvalidParameter", "Private DNS can't be enabled because the service " + customerService + " does not provide a private DNS name."},
		{edits{policy(evil)}, "InvalidParameter", "The VPC endpoint service " + customerService + " does not support VPC endpoint policies"},
		{edits{func(in *ec2.CreateVpcEndpointInput) { in.ServiceRegion = wire.Ptr("us-west-1") }}, "InvalidServiceName", "The Vpc Endpoint Service '" + customerService + "' does not exist"},
	} {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(append(edits{toCustomer}, row.edit...)...))
		refused(t, row.message, err, row.code, row.message)
	}
	id := createEndpoint(t, s, ctx, toCustomer, policy(fullAccess), inSubnets(subnetA))
	for _, row := range []struct {
		edit    func(*ec2.ModifyVpcEndpointInput)
		message string
	}{
		{func(in *ec2.ModifyVpcEndpointInput) { in.AddSubnetIds = []string{subnetB} }, "The VPC endpoint service " + customerService + " does not support the availability zone of the subnet: " + subnetB + "."},
		{func(in *ec2.ModifyVpcEndpointInput) { in.PolicyDocument = wire.Ptr(evil) }, "The VPC endpoint service " + customerService + " does not support VPC endpoint policies"},
		{func(in *ec2.ModifyVpcEndpointInput) { in.IpAddressType = wire.Ptr("dualstack") }, "IpAddressType dualstack is not supported by service " + customerService},
		{func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) }, "Private DNS can't be enabled because the service " + customerService + " does not provide a private DNS name."},
	} {
		refused(t, row.message, modify(t, s, id, row.edit), "InvalidParameter", row.message)
	}
}

// TestEndpointAwaitsItsProvider: until it is accepted, an endpoint has all its
// parts but the private name.
func TestEndpointAwaitsItsProvider(t *testing.T) {
	s, ctx := customerFixture(t, privateName("api.example.com", "verified"), accept)
	applyAll(t, s.store)
	out, err := s.CreateVpcEndpoint(ctx, endpointRequest(toCustomer, inSubnets(subnetA)))
	if err != nil {
		t.Fatal(err)
	}
	e := *out.VpcEndpoint
	if *e.State != "pendingAcceptance" || len(e.NetworkInterfaceIds) != 1 || len(e.DnsEntries) != 2 || *e.PrivateDnsEnabled {
		t.Errorf("%s with %d interfaces and %d names, private DNS %v", *e.State, len(e.NetworkInterfaceIds), len(e.DnsEntries), *e.PrivateDnsEnabled)
	}
	on := func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) }
	const early = "Private DNS can only be enabled after the endpoint connection is accepted by the owner of " + customerService + "."
	_, err = s.CreateVpcEndpoint(ctx, endpointRequest(toCustomer, privateDNS(true)))
	refused(t, "create", err, "InvalidParameter", early)
	id := *e.VpcEndpointId
	refused(t, "modify", modify(t, s, id, on), "InvalidParameter", early)

	admit := func(a vpc.Admission, cause *vpc.EndpointError) {
		t.Helper()
		if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
			record, _ := s.store.Endpoints.Get(tx, ownKey(me, id))
			record.Admission, record.LastError = a, cause
			s.store.Endpoints.Put(tx, record)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	admit(vpc.Admitted, nil)
	if err := modify(t, s, id, on); err != nil {
		t.Fatal(err)
	}
	if got := endpointNames(describeEndpoint(t, s, ctx, id)); len(got) != 1 || got[0] != "api.example.com" {
		t.Errorf("private names %v", got)
	}
	for _, state := range []vpc.Admission{"rejected", "expired", "failed"} {
		admit(state, &vpc.EndpointError{Code: "c", Message: "m"})
		got := describeEndpoint(t, s, ctx, id)
		if *got.State != string(state) || got.LastError == nil || *got.LastError.Code != "c" || *got.LastError.Message != "m" {
			t.Errorf("%s, %+v, want %s", *got.State, got.LastError, state)
		}
		refused(t, string(state), modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.AddSubnetIds = []string{subnetC} }),
			"InvalidState", "The Vpc Endpoint Id '"+id+"' is in the state "+string(state)+" and can only be deleted")
	}
	if out, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id}}); err != nil || len(out.Unsuccessful) != 0 {
		t.Errorf("delete: %+v, %v", out, err)
	}
}

// TestEndpointExpires without anybody writing that down.
func TestEndpointExpires(t *testing.T) {
	s, ctx := customerFixture(t, accept)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, toCustomer)
	s.now = func() time.Time { return then.Add(vpc.AnswerTime) }
	if got := *describeEndpoint(t, s, ctx, id).State; got != "expired" {
		t.Errorf("state %s", got)
	}
}

// TestPrivateNamesOfCustomers: a wildcard is a zone too, and one name belongs
// to one endpoint of a VPC.
func TestPrivateNamesOfCustomers(t *testing.T) {
	for _, row := range []struct{ name, taken string }{
		{"*.api.example.com", "api.example.com"},
		{"api.example.com", "*.api.example.com"},
	} {
		s, ctx := customerFixture(t, privateName(row.name, "verified"))
		applyAll(t, s.store)
		id := createEndpoint(t, s, ctx, toCustomer)
		if got := endpointNames(describeEndpoint(t, s, ctx, id)); len(got) != 1 || got[0] != row.name {
			t.Errorf("names %v, want %s", got, row.name)
		}
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(toCustomer))
		refused(t, row.name, err, "InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "+row.name+" in the VPC "+vpcID)
		if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
			s.store.Endpoints.Put(tx, vpc.Endpoint{Owner: me, ID: "vpce-0e", VPC: otherVPC, Service: eksService, PrivateZones: map[string]string{row.taken: "Z1"}})
			n, _ := s.store.Networks.Get(tx, ownKey(me, otherVPC))
			n.DNSHostnames = true
			s.store.Networks.Put(tx, n)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		_, err = s.CreateVpcEndpoint(ctx, endpointRequest(toCustomer, func(in *ec2.CreateVpcEndpointInput) { in.VpcId = wire.Ptr(otherVPC) }))
		refused(t, row.taken+" is taken", err, "InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "+row.name+" in the VPC "+otherVPC)
		// What the provider changes later does not touch the endpoint.
		if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
			c, _ := s.store.ServiceConfigurations.Get(tx, ownKey(provider, serviceID))
			c.PrivateName, c.Verification, c.Permissions = "new.example.com", vpc.NewVerification(then), nil
			s.store.ServiceConfigurations.Put(tx, c)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.AddSubnetIds = []string{subnetA} }); err != nil {
			t.Errorf("a principal that is permitted no more keeps its endpoint: %v", err)
		}
		if got := endpointNames(describeEndpoint(t, s, ctx, id)); len(got) != 1 || got[0] != row.name {
			t.Errorf("names %v, want %s", got, row.name)
		}
	}
}

// TestCrossRegionEndpoint has no zonal names.
func TestCrossRegionEndpoint(t *testing.T) {
	s, _ := customerFixture(t, func(c *vpc.ServiceConfiguration) { c.Regions = []string{"us-east-1", "us-west-1"} })
	applyAll(t, s.store)
	west := vpc.Owner{Account: me.Account, Region: "us-west-1"}
	const network, first, second = "vpc-0c000000000000001", "subnet-0c000000000000011", "subnet-0c000000000000012"
	if _, err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		s.store.Networks.Put(tx, vpc.Network{Owner: west, ID: network})
		s.store.Subnets.Put(tx, vpc.Subnet{Owner: west, ID: first, VPC: network, CIDR: netip.MustParsePrefix("10.2.1.0/24"), Zone: "us-west-1a", ZoneID: "usw1-az1"})
		s.store.Subnets.Put(tx, vpc.Subnet{Owner: west, ID: second, VPC: network, CIDR: netip.MustParsePrefix("10.2.1.0/24"), Zone: "us-west-1c", ZoneID: "usw1-az2"})
		s.store.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: west, ID: "sg-0c000000000000001", VPC: network, Name: "default"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ctx := as(t, west.Account, west.Region)
	edit := func(in *ec2.CreateVpcEndpointInput) {
		in.VpcId, in.ServiceRegion, in.SubnetIds = wire.Ptr(network), wire.Ptr("us-east-1"), []string{first}
	}
	e := describeEndpoint(t, s, ctx, createEndpoint(t, s, ctx, toCustomer, edit))
	if *e.ServiceRegion != "us-east-1" || len(e.DnsEntries) != 1 || !strings.HasSuffix(*e.DnsEntries[0].DnsName, "."+serviceID+".us-west-1.vpce.amazonaws.com") {
		t.Errorf("from %s: %v", *e.ServiceRegion, e.DnsEntries)
	}
	_, err := s.CreateVpcEndpoint(ctx, endpointRequest(toCustomer, edit, inSubnets(second)))
	refused(t, "the zone without cross-Region services", err, "InvalidParameter",
		"The VPC endpoint service "+customerService+" does not support the availability zone of the subnet: "+second+".")
}

// TestEndpointWaitsForBothNetworks: it works when the provider's network leads
// to it too.
func TestEndpointWaitsForBothNetworks(t *testing.T) {
	s, ctx := customerFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, toCustomer)
	if got := *describeEndpoint(t, s, ctx, id).State; got != "available" {
		t.Fatalf("state %s", got)
	}
	record, _ := s.store.Endpoints.Get(s.store.Snapshot(), ownKey(me, id))
	if d := cmp.Diff([]string{vpcID, providerVPC}, s.endpointVPCs(s.store.Snapshot(), record)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	s.store.SetApplied(providerVPC, s.store.Snapshot().Revision()+1, context.DeadlineExceeded)
	if got := *describeEndpoint(t, s, ctx, id).State; got != "pending" {
		t.Errorf("state %s while the provider's network fails", got)
	}
}
