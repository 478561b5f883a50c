package ec2

import (
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestCreateServiceConfigurationRefuses(t *testing.T) {
	s, ctx := serviceFixture(t)
	taken := offerService(t, s, ctx)
	regions := func(names ...string) func(*createService) {
		return func(in *createService) { in.SupportedRegions = names }
	}
	gateway := func(arn string) func(*createService) {
		return func(in *createService) { in.GatewayLoadBalancerArns = []string{arn} }
	}
	const gwlb = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/gwy/g/0a00000000000004"
	name := func(n string) string {
		return "The private DNS name '" + n + "' is not valid. Expecting a domain name in lower case; its first label may be *."
	}
	const arnForm = "' (expecting 'arn:aws:elasticloadbalancing:region:account-id:loadbalancer/net/load-balancer-name/load-balancer-id')"
	rows := []struct {
		what          string
		edit          []func(*createService)
		code, message string
	}{
		// load balancers
		{"no load balancer", []func(*createService){behind()}, "InvalidParameter", "exactly one of network_load_balancer_arn or gateway_load_balancer_arn is a required member"},
		{"both kinds", []func(*createService){gateway(gwlb)}, "InvalidParameter", "exactly one of network_load_balancer_arn or gateway_load_balancer_arn is a required member"},
		{"gateway load balancer", []func(*createService){behind(), gateway(gwlb)}, "InvalidParameter", "The GatewayLoadBalancerArn '" + gwlb + "' does not exist"},
		{"absent", []func(*createService){behind(nlbDual, absent)}, "InvalidNetworkLoadBalancerArn.NotFound", "The Network Load Balancer '" + absent + "' does not exist"},
		{"of another account", []func(*createService){behind(theirs)}, "InvalidNetworkLoadBalancerArn.NotFound", "The Network Load Balancer '" + theirs + "' does not exist"},
		{"of another Region", []func(*createService){behind(strings.Replace(nlbDual, "us-east-1", "us-east-2", 1))}, "InvalidNetworkLoadBalancerArn.NotFound", "The Network Load Balancer '" + strings.Replace(nlbDual, "us-east-1", "us-east-2", 1) + "' does not exist"},
		{"application load balancer", []func(*createService){behind(strings.Replace(nlbDual, "/net/", "/app/", 1))}, "InvalidNetworkLoadBalancerArn.Malformed", "Invalid ARN: '" + strings.Replace(nlbDual, "/net/", "/app/", 1) + arnForm},
		{"gateway load balancer as network", []func(*createService){behind(gwlb)}, "InvalidNetworkLoadBalancerArn.Malformed", "Invalid ARN: '" + gwlb + arnForm},
		{"name instead of ARN", []func(*createService){behind("dual")}, "InvalidNetworkLoadBalancerArn.Malformed", "Invalid ARN: 'dual" + arnForm},
		{"one of another service", []func(*createService){behind(nlbDual, nlbA)}, "InvalidParameter", "The Network Load Balancer " + nlbA + " is already associated with the VPC endpoint service " + taken},
		// address types
		{"unknown type", []func(*createService){behind(nlbB), addresses("dualstack")}, "InvalidParameterValue", "Value (dualstack) for parameter SupportedIpAddressTypes is invalid. Expecting ipv4 or ipv6."},
		{"ipv6 behind an ipv4 load balancer", []func(*createService){behind(nlbDual, nlbB), addresses("ipv4", "ipv6")}, "InvalidParameter", "The IP address type ipv6 is not supported by the Network Load Balancer " + nlbB + ": its IP address type is not dualstack"},
		// Regions
		{"without the host Region", []func(*createService){behind(nlbB), regions("us-east-2")}, "InvalidParameter", "The supported Regions must include us-east-1, the Region of the VPC endpoint service"},
		{"unknown Region", []func(*createService){behind(nlbB), regions("us-east-1", "us-east-9")}, "InvalidParameterValue", "Value (us-east-9) for parameter SupportedRegions is invalid. It is not a Region."},
		{"Region of another partition", []func(*createService){behind(nlbB), regions("us-east-1", "cn-north-1")}, "InvalidParameterValue", "Value (cn-north-1) for parameter SupportedRegions is invalid. It is not a Region."},
		// private names
		{"upper case", []func(*createService){behind(nlbB), withPrivateName("Api.example.com")}, "InvalidParameter", name("Api.example.com")},
		{"one label", []func(*createService){behind(nlbB), withPrivateName("example")}, "InvalidParameter", name("example")},
		{"wildcard over one label", []func(*createService){behind(nlbB), withPrivateName("*.com")}, "InvalidParameter", name("*.com")},
		{"wildcard inside", []func(*createService){behind(nlbB), withPrivateName("api.*.example.com")}, "InvalidParameter", name("api.*.example.com")},
		{"wildcard in a label", []func(*createService){behind(nlbB), withPrivateName("a*.example.com")}, "InvalidParameter", name("a*.example.com")},
		{"trailing dot", []func(*createService){behind(nlbB), withPrivateName("example.com.")}, "InvalidParameter", name("example.com.")},
		{"underscore", []func(*createService){behind(nlbB), withPrivateName("_a.example.com")}, "InvalidParameter", name("_a.example.com")},
		{"hyphen at the end", []func(*createService){behind(nlbB), withPrivateName("a-.example.com")}, "InvalidParameter", name("a-.example.com")},
		{"label of 64", []func(*createService){behind(nlbB), withPrivateName(strings.Repeat("a", 64) + ".com")}, "InvalidParameter", name(strings.Repeat("a", 64) + ".com")},
		{"name of 254", []func(*createService){behind(nlbB), withPrivateName(strings.Repeat("a.", 125) + "abcd")}, "InvalidParameter", name(strings.Repeat("a.", 125) + "abcd")},
		// what all resources have
		{"tags of another kind", []func(*createService){behind(nlbB), func(in *createService) {
			in.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-endpoint")}}
		}}, "InvalidParameterValue", "'vpc-endpoint' is not a valid taggable resource type for this operation."},
		{"long token", []func(*createService){behind(nlbB), func(in *createService) { in.ClientToken = wire.Ptr(strings.Repeat("x", 65)) }},
			"InvalidParameterValue", "Invalid value '" + strings.Repeat("x", 65) + "' for ClientToken. The token can have up to 64 ASCII characters."},
	}
	for _, row := range rows {
		in := &createService{NetworkLoadBalancerArns: []string{nlbA}}
		for _, e := range row.edit {
			e(in)
		}
		_, err := s.CreateVpcEndpointServiceConfiguration(ctx, in)
		refused(t, row.what, err, row.code, row.message)
	}
	if n := count(s.store.ServiceConfigurations.List(s.store.Snapshot(), "", "")); n != 1 {
		t.Errorf("the refused requests left %d services, want the first one only", n)
	}
}

func TestCheckPrivateName(t *testing.T) {
	for _, good := range []string{"", "example.com", "*.example.com", "a-b.0.example.com", "xn--nxasmq6b.example", strings.Repeat("a", 63) + ".com"} {
		if err := checkPrivateName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// A service is answered as it was asked for, with what follows from its load
// balancers.
func TestCreateServiceConfiguration(t *testing.T) {
	s, ctx := serviceFixture(t)
	out, err := s.CreateVpcEndpointServiceConfiguration(ctx, &createService{
		NetworkLoadBalancerArns: []string{nlbDual, nlbDual},
		AcceptanceRequired:      wire.Ptr(false),
		PrivateDnsName:          wire.Ptr("*.example.com"),
		SupportedIpAddressTypes: []string{"ipv6", "ipv4"},
		SupportedRegions:        []string{"us-west-2", "us-east-1"},
		TagSpecifications:       []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-endpoint-service"), Tags: []ec2.Tag{{Key: wire.Ptr("Name"), Value: wire.Ptr("shop")}}}},
		ClientToken:             wire.Ptr("once"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := out.ServiceConfiguration
	id, proof := *got.ServiceId, got.PrivateDnsNameConfiguration
	if !vpc.ValidID("vpce-svc", id) || wire.Value(out.ClientToken) != "once" {
		t.Errorf("id %q, token %q", id, wire.Value(out.ClientToken))
	}
	want := &ec2.ServiceConfiguration{
		ServiceId:                   &id,
		ServiceName:                 wire.Ptr("com.amazonaws.vpce.us-east-1." + id),
		ServiceState:                wire.Ptr("Available"),
		ServiceType:                 []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr("Interface")}},
		AvailabilityZones:           []string{"us-east-1b"},
		AvailabilityZoneIds:         []string{"use1-az2"},
		AcceptanceRequired:          wire.Ptr(false),
		ManagesVpcEndpoints:         wire.Ptr(false),
		NetworkLoadBalancerArns:     []string{nlbDual},
		BaseEndpointDnsNames:        []string{id + ".us-east-1.vpce.amazonaws.com"},
		PrivateDnsName:              wire.Ptr("*.example.com"),
		PrivateDnsNameConfiguration: &ec2.PrivateDnsNameConfiguration{Name: proof.Name, Value: proof.Value, State: wire.Ptr("pendingVerification"), Type: wire.Ptr("TXT")},
		SupportedIpAddressTypes:     []string{"ipv4", "ipv6"},
		SupportedRegions: []ec2.SupportedRegionDetail{
			{Region: wire.Ptr("us-east-1"), ServiceState: wire.Ptr("Available")}, {Region: wire.Ptr("us-west-2"), ServiceState: wire.Ptr("Available")}},
		RemoteAccessEnabled: wire.Ptr(true),
		Tags:                []ec2.Tag{{Key: wire.Ptr("Name"), Value: wire.Ptr("shop")}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// What a request does not say: acceptance is required, IPv4, the own Region.
func TestServiceConfigurationDefaults(t *testing.T) {
	s, ctx := serviceFixture(t)
	v := describeService(t, s, ctx, offerService(t, s, ctx, behind(nlbA, nlbB)))
	if !*v.AcceptanceRequired || *v.RemoteAccessEnabled || v.PrivateDnsName != nil || v.PayerResponsibility != nil ||
		!slices.Equal(v.SupportedIpAddressTypes, []string{"ipv4"}) || len(v.SupportedRegions) != 1 ||
		!slices.Equal(v.AvailabilityZones, []string{"us-east-1a", "us-east-1b", "us-east-1c"}) ||
		!slices.Equal(v.AvailabilityZoneIds, []string{"use1-az1", "use1-az2", "use1-az3"}) {
		t.Errorf("%+v", v)
	}
}

func TestCreateServiceConfigurationOnce(t *testing.T) {
	s, ctx := serviceFixture(t)
	once := func(in *createService) { in.ClientToken = wire.Ptr("once") }
	first := offerService(t, s, ctx, once)
	if again := offerService(t, s, ctx, once); again != first {
		t.Errorf("the same request made %s and %s", first, again)
	}
	_, err := s.CreateVpcEndpointServiceConfiguration(ctx, &createService{NetworkLoadBalancerArns: []string{nlbB}, ClientToken: wire.Ptr("once")})
	refused(t, "another request", err, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	// The token of one account is nothing to another.
	other := offerService(t, s, as(t, consumer.Account, consumer.Region), once, behind(theirs))
	if other == first {
		t.Errorf("the other account got %s of ours", other)
	}
}

func TestDescribeServiceConfigurations(t *testing.T) {
	s, ctx := serviceFixture(t)
	a := offerService(t, s, ctx)
	dual := offerService(t, s, ctx, behind(nlbDual), addresses("ipv6"), func(in *createService) {
		in.TagSpecifications = []ec2.TagSpecification{{ResourceType: wire.Ptr("vpc-endpoint-service"), Tags: []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("net")}}}}
	})
	other := offerService(t, s, as(t, consumer.Account, consumer.Region), behind(theirs))
	both := slices.Sorted(slices.Values([]string{a, dual}))
	where := func(name, value string) ec2.DescribeVpcEndpointServiceConfigurationsInput {
		return ec2.DescribeVpcEndpointServiceConfigurationsInput{Filters: []ec2.Filter{{Name: &name, Values: []string{value}}}}
	}
	rows := []struct {
		in   ec2.DescribeVpcEndpointServiceConfigurationsInput
		want []string
	}{
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{}, both},
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{MaxResults: wire.Ptr(int32(5))}, both},
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{dual}}, []string{dual}},
		{where("service-id", a), []string{a}},
		{where("service-id", other), nil},
		{where("service-name", "*."+dual), []string{dual}},
		{where("service-state", "Available"), both},
		{where("service-state", "Deleting"), nil},
		{where("supported-ip-address-types", "ipv4"), []string{a}},
		{where("supported-ip-address-types", "ipv6"), []string{dual}},
		{where("tag:team", "net"), []string{dual}},
		{where("tag-key", "team"), []string{dual}},
	}
	for _, row := range rows {
		out, err := s.DescribeVpcEndpointServiceConfigurations(ctx, &row.in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range out.ServiceConfigurations {
			got = append(got, *v.ServiceId)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%+v (-want +got):\n%s", row.in, d)
		}
	}
	for _, row := range []struct {
		in            ec2.DescribeVpcEndpointServiceConfigurationsInput
		code, message string
	}{
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{a, noService}}, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + noService + "' does not exist"},
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{other}}, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + other + "' does not exist"},
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{"vpce-0a1b2c3d4e5f60718"}}, "InvalidVpcEndpointServiceIdId.Malformed", "Invalid Id: 'vpce-0a1b2c3d4e5f60718' (expecting 'vpce-svc-...')"},
		{ec2.DescribeVpcEndpointServiceConfigurationsInput{MaxResults: wire.Ptr(int32(4))}, "InvalidParameterValue", "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than or equal to 5."},
		{where("owner", "me"), "InvalidParameterValue", "The filter 'owner' is invalid"},
	} {
		_, err := s.DescribeVpcEndpointServiceConfigurations(ctx, &row.in)
		refused(t, row.code, err, row.code, row.message)
	}
}

// A Region that is closed to new endpoints is shown as long as there are old
// ones.
func TestSupportedRegionsClose(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx, func(in *createService) { in.SupportedRegions = []string{"us-east-1", "us-west-2", "eu-west-1"} })
	attach(t, s, id, func(e *vpc.Endpoint) { e.Region = "us-west-2" })
	_, err := s.ModifyVpcEndpointServiceConfiguration(ctx, &modifyService{ServiceId: &id, RemoveSupportedRegions: []string{"us-west-2", "eu-west-1"}})
	if err != nil {
		t.Fatal(err)
	}
	v := describeService(t, s, ctx, id)
	want := []ec2.SupportedRegionDetail{
		{Region: wire.Ptr("us-east-1"), ServiceState: wire.Ptr("Available")},
		{Region: wire.Ptr("us-west-2"), ServiceState: wire.Ptr("Closed")},
	}
	if d := cmp.Diff(want, v.SupportedRegions); d != "" || *v.RemoteAccessEnabled {
		t.Errorf("remote access %v (-want +got):\n%s", *v.RemoteAccessEnabled, d)
	}
}

// TestDescribeServiceConfigurationsXML compares the bytes on the wire with a
// file.
func TestDescribeServiceConfigurationsXML(t *testing.T) {
	s, ctx := serviceFixture(t)
	const golden = "testdata/describe_vpc_endpoint_service_configurations.xml"
	if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
		s.store.ServiceConfigurations.Put(tx, vpc.ServiceConfiguration{
			Owner: me, ID: "vpce-svc-0a1b2c3d4e5f60718", AcceptanceRequired: true, LoadBalancers: []string{nlbA},
			AddressTypes: []string{"ipv4"}, Regions: []string{"us-east-1"}, PrivateName: "api.example.com",
			Verification: &vpc.Verification{State: "verified", Name: "_q1w2e3r4t5y6u7i8o9p0", Value: "vpce:Q1W2e3r4T5y6u7i8o9P0", Since: then},
			Payer:        "ServiceOwner", Created: then, Tags: vpc.Tags{"Name": "shop"},
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeVpcEndpointServiceConfigurations(ctx, &ec2.DescribeVpcEndpointServiceConfigurationsInput{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := ec2.Model.Encode(w, ec2.OpDescribeVpcEndpointServiceConfigurations, "5a6b7c8d-0000-4000-8000-000000000000", out); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), w.Body.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
