package ec2

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

const evil = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`

func modify(t *testing.T, s *Service, id string, edit func(*ec2.ModifyVpcEndpointInput)) error {
	t.Helper()
	in := &ec2.ModifyVpcEndpointInput{VpcEndpointId: &id}
	edit(in)
	out, err := s.ModifyVpcEndpoint(as(t, me.Account, me.Region), in)
	if err == nil && !wire.Value(out.Return) {
		t.Error("success answers false")
	}
	return err
}

func TestModifyVpcEndpoint(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, inSubnets(subnetA, subnetB))
	was := describeEndpoint(t, s, ctx, id)
	change := func(what string, edit func(*ec2.ModifyVpcEndpointInput)) ec2.VpcEndpoint {
		t.Helper()
		if err := modify(t, s, id, edit); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return describeEndpoint(t, s, ctx, id)
	}
	same := func(what string, want, got any) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}

	now := change("subnets", func(in *ec2.ModifyVpcEndpointInput) {
		in.RemoveSubnetIds = []string{subnetB}
		in.AddSubnetIds = []string{subnetC}
		in.SubnetConfigurations = []ec2.SubnetConfiguration{{SubnetId: wire.Ptr(subnetC), Ipv4: wire.Ptr("10.0.4.9")}}
	})
	same("subnets", []string{subnetA, subnetC}, now.SubnetIds)
	same("the interface that stays", was.NetworkInterfaceIds[0], now.NetworkInterfaceIds[0])
	same("the new interface's address", "10.0.4.9", enis(s)[1].Address.String())
	same("zones in the names", *was.DnsEntries[0].DnsName, *now.DnsEntries[0].DnsName)
	same("how many interfaces", 2, len(enis(s)))

	placed := now
	now = change("an interface moves", func(in *ec2.ModifyVpcEndpointInput) {
		in.SubnetConfigurations = []ec2.SubnetConfiguration{
			{SubnetId: wire.Ptr(subnetA), Ipv4: wire.Ptr("10.0.1.77")},
			{SubnetId: wire.Ptr(subnetC), Ipv4: wire.Ptr("10.0.4.9")}, // is there already
		}
	})
	same("the address", "10.0.1.77", enis(s)[0].Address.String())
	same("the interface that stays", placed.NetworkInterfaceIds[1], now.NetworkInterfaceIds[1])
	same("the ids", []string{enis(s)[0].ID, enis(s)[1].ID}, now.NetworkInterfaceIds)
	if now.NetworkInterfaceIds[0] == was.NetworkInterfaceIds[0] {
		t.Error("the interface with a new address has its old id")
	}

	change("groups", func(in *ec2.ModifyVpcEndpointInput) {
		in.AddSecurityGroupIds = []string{groupApp, groupApp, groupEp}
		in.RemoveSecurityGroupIds = []string{groupDef}
	})
	for _, eni := range enis(s) {
		same("groups of "+eni.ID, []string{groupApp, groupEp}, eni.Groups)
	}

	now = change("policy", func(in *ec2.ModifyVpcEndpointInput) { in.PolicyDocument = wire.Ptr(evil) })
	same("policy", evil, *now.PolicyDocument)
	now = change("no policy", func(in *ec2.ModifyVpcEndpointInput) { in.ResetPolicy = wire.Ptr(true) })
	same("policy after its reset", fullAccess, *now.PolicyDocument)

	now = change("private names off", func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(false) })
	same("names without the private ones", 3, len(now.DnsEntries))
	other := createEndpoint(t, s, ctx)
	err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) })
	refused(t, "private names on", err, "InvalidParameter",
		"private-dns-enabled cannot be set because there is already a conflicting DNS domain for eks.us-east-1.amazonaws.com in the VPC "+vpcID)
	if _, err := s.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{other}}); err != nil {
		t.Fatal(err)
	}
	now = change("private names on", func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) })
	same("names with the private ones", 5, len(now.DnsEntries))
	same("state", "available", *now.State)
	again := change("private names on again", func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) })
	same("hidden zones", now.DnsEntries, again.DnsEntries)
}

func TestModifyVpcEndpointRefuses(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, inSubnets(subnetB))
	taken := createEndpoint(t, s, ctx, forService(stsService), at(subnetA, "10.0.1.10"))
	before := enis(s)
	type in = ec2.ModifyVpcEndpointInput
	move := func(subnet, address string) func(*in) {
		return func(m *in) {
			m.SubnetConfigurations = []ec2.SubnetConfiguration{{SubnetId: &subnet, Ipv4: &address}}
		}
	}
	rows := []struct {
		what          string
		edit          func(*in)
		code, message string
	}{
		{"no such endpoint", func(m *in) { m.VpcEndpointId = wire.Ptr("vpce-0f") }, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id 'vpce-0f' does not exist"},
		{"malformed id", func(m *in) { m.VpcEndpointId = wire.Ptr("x") }, "InvalidVpcEndpointId.Malformed", "Invalid Id: 'x' (expecting 'vpce-...')"},
		{"zone taken, even where the call frees it", func(m *in) { m.AddSubnetIds, m.RemoveSubnetIds = []string{subnetB2}, []string{subnetB} }, "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of " + subnetB2},
		{"add an unknown subnet", func(m *in) { m.AddSubnetIds = []string{noSubnet} }, "InvalidSubnetID.NotFound", "The subnet ID '" + noSubnet + "' does not exist"},
		{"remove an unknown subnet", func(m *in) { m.RemoveSubnetIds = []string{noSubnet} }, "InvalidSubnetID.NotFound", "The subnet ID '" + noSubnet + "' does not exist"},
		{"remove a subnet of nobody", func(m *in) { m.RemoveSubnetIds = []string{subnetA} }, "InvalidParameter", "Subnet " + subnetA + " is not associated with the VPC endpoint " + id},
		{"address of another endpoint", func(m *in) { m.AddSubnetIds = []string{subnetA}; move(subnetA, "10.0.1.10")(m) }, "InvalidIPAddress.InUse", "Address 10.0.1.10 is in use."},
		{"address in a subnet that goes", func(m *in) { m.RemoveSubnetIds = []string{subnetB}; move(subnetB, "10.0.2.10")(m) }, "InvalidParameter", "Subnet " + subnetB + " of SubnetConfigurations must also be a subnet of the VPC endpoint"},
		{"reserved address", move(subnetB, "10.0.2.2"), "InvalidParameterValue", "Address 10.0.2.2 is in subnet's reserved address range"},
		{"last group", func(m *in) { m.RemoveSecurityGroupIds = []string{groupDef} }, "InvalidParameter", "The VPC endpoint " + id + " must have at least one security group"},
		{"remove a group of nobody", func(m *in) { m.RemoveSecurityGroupIds = []string{groupApp} }, "InvalidParameter", "Security group " + groupApp + " is not associated with the VPC endpoint " + id},
		{"group of another VPC", func(m *in) { m.AddSecurityGroupIds = []string{otherGroup} }, "InvalidParameter", "Security group " + otherGroup + " does not belong to VPC " + vpcID},
		{"unknown group", func(m *in) { m.AddSecurityGroupIds = []string{"sg-0f"} }, "InvalidGroup.NotFound", "The security group 'sg-0f' does not exist"},
		{"policy is no JSON", func(m *in) { m.PolicyDocument = wire.Ptr("x") }, "InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document."},
		{"policy too long", func(m *in) { m.PolicyDocument = wire.Ptr(strings.Repeat(" ", 20481)) }, "InvalidParameter", "The policy document exceeds the limit of 20480 characters"},
		{"inbound only", func(m *in) {
			m.DnsOptions = &ec2.DnsOptionsSpecification{PrivateDnsOnlyForInboundResolverEndpoint: wire.Ptr(true)}
		}, "InvalidParameter", "PrivateDnsOnlyForInboundResolverEndpoint not supported for this service."},
		{"policy and reset", func(m *in) { m.PolicyDocument, m.ResetPolicy = wire.Ptr(evil), wire.Ptr(true) }, "InvalidParameterCombination", "PolicyDocument and ResetPolicy can't be used together"},
		{"route tables", func(m *in) { m.AddRouteTableIds = []string{"rtb-1"} }, "InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint."},
		{"dual-stack", func(m *in) { m.IpAddressType = wire.Ptr("dualstack") }, "InvalidParameter", "IpAddressType dualstack is not supported by subnet " + subnetB},
		{"record type", func(m *in) { m.DnsOptions = &ec2.DnsOptionsSpecification{DnsRecordIpType: wire.Ptr("ipv6")} }, "InvalidParameter", "DnsRecordIpType ipv6 is not supported by the IpAddressType ipv4"},
	}
	for _, row := range rows {
		refused(t, row.what, modify(t, s, id, row.edit), row.code, row.message)
	}
	same := cmp.Comparer(func(a, b vpc.ENI) bool { return a.ID == b.ID && a.Address == b.Address })
	if d := cmp.Diff(before, enis(s), same); d != "" {
		t.Errorf("refusals changed network interfaces (-before +after):\n%s", d)
	}
	if got := *describeEndpoint(t, s, ctx, taken).State; got != "available" {
		t.Errorf("the other endpoint is %s", got)
	}
}

// TestModifyVpcEndpointOffWithoutAttributes: turning an attribute of the VPC
// off is allowed while names are private, and then only off is left.
func TestModifyVpcEndpointOffWithoutAttributes(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx, privateDNS(false), func(in *ec2.CreateVpcEndpointInput) { in.VpcId = wire.Ptr(otherVPC) })
	on := func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(true) }
	refused(t, "on", modify(t, s, id, on), "InvalidParameter",
		"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "+otherVPC)
	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(false) }); err != nil {
		t.Errorf("off again: %v", err)
	}
}
