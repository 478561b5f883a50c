package ec2

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestCreateVpcEndpointRefuses(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	type in = ec2.CreateVpcEndpointInput
	kind := func(k string) func(*in) { return func(c *in) { c.VpcEndpointType = &k } }
	groups := func(ids ...string) func(*in) { return func(c *in) { c.SecurityGroupIds = ids } }
	policy := func(p string) func(*in) { return func(c *in) { c.PolicyDocument = &p } }
	dns := func(o ec2.DnsOptionsSpecification) func(*in) { return func(c *in) { c.DnsOptions = &o } }
	const syntax = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
	rows := []struct {
		what          string
		edit          []func(*in)
		code, message string
	}{
		// the service
		{"no type means Gateway", []func(*in){func(c *in) { c.VpcEndpointType = nil }}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.eks' does not support the endpoint type 'Gateway'."},
		{"GatewayLoadBalancer", []func(*in){kind("GatewayLoadBalancer")}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.eks' does not support the endpoint type 'GatewayLoadBalancer'."},
		{"unknown type", []func(*in){kind("interface")}, "InvalidVpcEndpointType", "The Vpc Endpoint Type 'interface' is not valid"},
		{"unknown service", []func(*in){forService("com.amazonaws.us-east-1.x")}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.x' does not exist"},
		{"service of another Region", []func(*in){forService("com.amazonaws.us-east-2.eks")}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-2.eks' does not exist"},
		{"another service Region", []func(*in){func(c *in) { c.ServiceRegion = wire.Ptr("us-east-2") }}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.eks' does not exist"},
		{"no service", []func(*in){func(c *in) { c.ServiceName = nil }}, "MissingParameter", "The request must contain the parameter ServiceName"},
		{"resource", []func(*in){kind("Resource"), func(c *in) { c.ResourceConfigurationArn = wire.Ptr("arn:r") }}, "InvalidParameter", "The ResourceConfigurationArn 'arn:r' does not exist"},
		{"service network", []func(*in){func(c *in) { c.ServiceNetworkArn = wire.Ptr("arn:n") }}, "InvalidParameter", "The ServiceNetworkArn 'arn:n' does not exist"},
		{"route tables", []func(*in){func(c *in) { c.RouteTableIds = []string{"rtb-1"} }}, "InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint."},
		// the VPC, subnets and groups
		{"no such VPC", []func(*in){func(c *in) { c.VpcId = wire.Ptr(noVPC) }}, "InvalidVpcID.NotFound", "The vpc ID '" + noVPC + "' does not exist"},
		{"no VPC id", []func(*in){func(c *in) { c.VpcId = wire.Ptr("net-1") }}, "InvalidVpcID.Malformed", `Invalid id: "net-1" (expecting "vpc-...")`},
		{"no subnet id", []func(*in){inSubnets("net-1")}, "InvalidSubnetID.Malformed", `Invalid id: "net-1" (expecting "subnet-...")`},
		{"service that the Region lacks", []func(*in){forService("com.amazonaws.mx-central-1.eks")}, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.mx-central-1.eks' does not exist"},
		{"no such subnet", []func(*in){inSubnets(subnetA, noSubnet)}, "InvalidSubnetID.NotFound", "The subnet ID '" + noSubnet + "' does not exist"},
		{"subnet of another VPC", []func(*in){inSubnets(otherSubnet)}, "InvalidParameter", "Subnet " + otherSubnet + " does not belong to VPC " + vpcID},
		{"two subnets in a zone", []func(*in){inSubnets(subnetB, subnetB2)}, "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of " + subnetB2},
		{"a subnet twice", []func(*in){inSubnets(subnetB, subnetB)}, "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of " + subnetB},
		{"no such group", []func(*in){groups("sg-0f")}, "InvalidGroup.NotFound", "The security group 'sg-0f' does not exist"},
		{"group of another VPC", []func(*in){groups(groupEp, otherGroup)}, "InvalidParameter", "Security group " + otherGroup + " does not belong to VPC " + vpcID},
		// the policy
		{"policy is no JSON", []func(*in){policy("{")}, "InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document."},
		{"policy is not an object", []func(*in){policy("[]")}, "InvalidPolicyDocument", syntax},
		{"policy without principal", []func(*in){policy(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}, "InvalidPolicyDocument", syntax},
		{"policy of a service without policies", []func(*in){forService("com.amazonaws.us-east-1.oidc-eks"), policy(evil)}, "InvalidParameter", "The VPC endpoint service com.amazonaws.us-east-1.oidc-eks does not support VPC endpoint policies"},
		{"policy too long", []func(*in){policy(strings.Repeat(" ", 20481))}, "InvalidParameter", "The policy document exceeds the limit of 20480 characters"},
		// names and addresses
		{"VPC without hostnames", []func(*in){func(c *in) { c.VpcId = wire.Ptr(otherVPC) }}, "InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for " + otherVPC},
		{"inbound only", []func(*in){dns(ec2.DnsOptionsSpecification{PrivateDnsOnlyForInboundResolverEndpoint: wire.Ptr(true)})}, "InvalidParameter", "PrivateDnsOnlyForInboundResolverEndpoint not supported for this service."},
		{"inbound only of a gateway", []func(*in){kind("Gateway"), dns(ec2.DnsOptionsSpecification{PrivateDnsOnlyForInboundResolverEndpoint: wire.Ptr(true)})}, "InvalidParameter", "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints."},
		{"specified domains", []func(*in){dns(ec2.DnsOptionsSpecification{PrivateDnsSpecifiedDomains: []string{"example.com"}})}, "InvalidParameter", "DnsOptions PrivateDnsSpecifiedDomains is applicable only to Resource and ServiceNetwork VPC Endpoints."},
		{"preference", []func(*in){dns(ec2.DnsOptionsSpecification{PrivateDnsPreference: wire.Ptr("ALL_DOMAINS")})}, "InvalidParameter", "DnsOptions PrivateDnsPreference is applicable only to Resource and ServiceNetwork VPC Endpoints."},
		// designated addresses
		{"outside", []func(*in){at(subnetA, "10.0.2.10")}, "InvalidParameterValue", "Address does not fall within the subnet's address range"},
		{"reserved for the router", []func(*in){at(subnetA, "10.0.1.1")}, "InvalidParameterValue", "Address 10.0.1.1 is in subnet's reserved address range"},
		{"reserved for broadcast", []func(*in){at(subnetA, "10.0.1.255")}, "InvalidParameterValue", "Address 10.0.1.255 is in subnet's reserved address range"},
		{"no address", []func(*in){at(subnetA, "10.0.1")}, "InvalidParameterValue", "invalid value for parameter address: 10.0.1"},
		{"subnet not named", []func(*in){inSubnets(subnetB), at(subnetA, "10.0.1.10")}, "InvalidParameter", "Subnet " + subnetA + " of SubnetConfigurations must also be a subnet of the VPC endpoint"},
		{"IPv4 missing", []func(*in){func(c *in) { c.SubnetConfigurations = []ec2.SubnetConfiguration{{SubnetId: wire.Ptr(subnetA)}} }}, "InvalidParameter", "SubnetConfigurations must supply an IPv4 address for subnet " + subnetA},
		{"IPv6 given", []func(*in){func(c *in) {
			c.SubnetConfigurations = []ec2.SubnetConfiguration{{SubnetId: wire.Ptr(subnetA), Ipv4: wire.Ptr("10.0.1.10"), Ipv6: wire.Ptr("2001:db8::1")}}
		}}, "InvalidParameter", "SubnetConfigurations can't supply an IPv6 address for subnet " + subnetA + " because the IpAddressType is ipv4"},
		{"tags for another kind", []func(*in){func(c *in) {
			c.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc")}}
		}}, "InvalidParameterValue", "'vpc' is not a valid taggable resource type for this operation."},
		{"token", []func(*in){func(c *in) { c.ClientToken = wire.Ptr(strings.Repeat("x", 65)) }}, "InvalidParameterValue", "Invalid value '" + strings.Repeat("x", 65) + "' for ClientToken. The token can have up to 64 ASCII characters."},
	}
	for _, row := range rows {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(row.edit...))
		refused(t, row.what, err, row.code, row.message)
	}
	s.limits.GroupsPerENI = 1
	_, err := s.CreateVpcEndpoint(ctx, endpointRequest(groups(groupEp, groupApp)))
	refused(t, "too many groups", err, "SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	if left := enis(s); len(left) != 0 {
		t.Errorf("refusals left %d network interfaces", len(left))
	}
}

func TestCreateVpcEndpointAtOwnAddress(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	createEndpoint(t, s, ctx, inSubnets(subnetB, subnetA), at(subnetA, "10.0.1.10"))
	createEndpoint(t, s, ctx, forService(stsService), at(subnetC, "10.0.4.14")) // names the subnet by itself
	var got []string
	for _, eni := range enis(s) {
		if eni.Subnet != subnetB {
			got = append(got, eni.Address.String())
		}
	}
	if d := cmp.Diff([]string{"10.0.1.10", "10.0.4.14"}, got); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	_, err := s.CreateVpcEndpoint(ctx, endpointRequest(privateDNS(false), at(subnetA, "10.0.1.10")))
	refused(t, "taken", err, "InvalidIPAddress.InUse", "Address 10.0.1.10 is in use.")
}

func TestCreateVpcEndpointFillsASubnet(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	for range 11 { // a /28 has 11 addresses for users
		createEndpoint(t, s, ctx, privateDNS(false), inSubnets(subnetC))
	}
	seen := map[string]bool{}
	for _, eni := range enis(s) {
		seen[eni.Address.String()] = true
	}
	for _, reserved := range []string{"10.0.4.0", "10.0.4.1", "10.0.4.2", "10.0.4.3", "10.0.4.15"} {
		if seen[reserved] {
			t.Errorf("the reserved address %s is used", reserved)
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d different addresses, want 11", len(seen))
	}
	_, err := s.CreateVpcEndpoint(ctx, endpointRequest(privateDNS(false), inSubnets(subnetA, subnetC)))
	refused(t, "full subnet", err, "InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
	if n := len(enis(s)); n != 11 {
		t.Errorf("%d network interfaces after a refusal, want 11", n)
	}
	s.limits.EndpointsPer = 11
	_, err = s.CreateVpcEndpoint(ctx, endpointRequest(privateDNS(false)))
	refused(t, "limit", err, "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
}

func TestCreateVpcEndpointToken(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	token := func(in *ec2.CreateVpcEndpointInput) { in.ClientToken = wire.Ptr("terraform-1") }
	first := createEndpoint(t, s, ctx, token, inSubnets(subnetA))
	again, err := s.CreateVpcEndpoint(ctx, endpointRequest(token, inSubnets(subnetA)))
	if err != nil {
		t.Fatal(err)
	}
	if got := *again.VpcEndpoint; *got.VpcEndpointId != first || *got.State != "available" || wire.Value(again.ClientToken) != "terraform-1" {
		t.Errorf("the same request again answers %s, %s", *got.VpcEndpointId, *got.State)
	}
	_, err = s.CreateVpcEndpoint(ctx, endpointRequest(token, inSubnets(subnetB)))
	refused(t, "other parameters", err, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	// Another account's token is another token.
	_, err = s.CreateVpcEndpoint(as(t, "444455556666", "us-east-1"), endpointRequest(token))
	refused(t, "another account", err, "InvalidVpcID.NotFound", "The vpc ID '"+vpcID+"' does not exist")
	if n := len(enis(s)); n != 1 {
		t.Errorf("%d network interfaces, want 1", n)
	}
}

// TestCreateVpcEndpointTokenWaitsForItsOwnRevision: a repeated request must not
// wait for a revision of another VPC, which its own is not going to reach.
func TestCreateVpcEndpointTokenWaitsForItsOwnRevision(t *testing.T) {
	s, ctx := endpointFixture(t)
	in := endpointRequest(func(in *ec2.CreateVpcEndpointInput) { in.ClientToken = wire.Ptr("t") })
	made, err := s.newEndpoint(auth.CallerFrom(ctx), in)
	if err != nil {
		t.Fatal(err)
	}
	put := func(fn func(tx *store.Tx)) int64 {
		revision, err := s.store.Update(ctx, func(tx *store.Tx) error { fn(tx); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	s.store.SetApplied(vpcID, put(func(tx *store.Tx) { s.store.Endpoints.Put(tx, made) }), nil)
	put(func(tx *store.Tx) { s.store.Networks.Delete(tx, ownKey(me, otherVPC)) })
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	again, err := s.CreateVpcEndpoint(ctx, in)
	if err != nil || *again.VpcEndpoint.VpcEndpointId != made.ID {
		t.Errorf("the same request again: %v", err)
	}
}

// race runs n calls at once and returns their errors' texts, sorted; "" is
// success.
func race(n int, call func(i int) error) []string {
	var wg sync.WaitGroup
	texts := make([]string, n)
	for i := range n {
		wg.Go(func() {
			err := call(i)
			if e, ok := errors.AsType[*wire.Error](err); ok {
				texts[i] = e.Code + ": " + e.Message
			} else if err != nil {
				texts[i] = err.Error()
			}
		})
	}
	wg.Wait()
	slices.Sort(texts)
	return texts
}

func TestCreateVpcEndpointRaced(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const n = 6
	oneWins := func(loser string) []string { return append([]string{""}, slices.Repeat([]string{loser}, n-1)...) }
	rows := []struct {
		what string
		edit []func(*ec2.CreateVpcEndpointInput)
		want []string
	}{
		{"one address", []func(*ec2.CreateVpcEndpointInput){privateDNS(false), at(subnetA, "10.0.1.10")},
			oneWins("InvalidIPAddress.InUse: Address 10.0.1.10 is in use.")},
		{"one private name", []func(*ec2.CreateVpcEndpointInput){inSubnets(subnetB)},
			oneWins("InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for eks.us-east-1.amazonaws.com in the VPC " + vpcID)},
		{"free addresses", []func(*ec2.CreateVpcEndpointInput){privateDNS(false), inSubnets(subnetC)}, make([]string, n)},
	}
	for _, row := range rows {
		got := race(n, func(int) error {
			_, err := s.CreateVpcEndpoint(ctx, endpointRequest(row.edit...))
			return err
		})
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.what, d)
		}
	}
	token := func(in *ec2.CreateVpcEndpointInput) { in.ClientToken = wire.Ptr("t") }
	before := len(enis(s))
	if got := race(n, func(int) error {
		_, err := s.CreateVpcEndpoint(ctx, endpointRequest(forService(stsService), inSubnets(subnetA), token))
		return err
	}); slices.ContainsFunc(got, func(e string) bool { return e != "" }) {
		t.Errorf("one token: %q", got)
	}
	if made := len(enis(s)) - before; made != 1 {
		t.Errorf("one token made %d endpoints", made)
	}
}
