package ec2

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// A provider of another account, with a load balancer in two zones.
const (
	providerAccount = "444455556666"
	providerVPC     = "vpc-0e000000000000001"
	serviceID       = "vpce-svc-0e000000000000001"
	customerService = "com.amazonaws.vpce.us-east-1." + serviceID
	balancerARN     = "arn:aws:elasticloadbalancing:us-east-1:444455556666:loadbalancer/net/nlb/0e00000000000001"
)

var provider = vpc.Owner{Account: providerAccount, Region: "us-east-1"}

// customerFixture is the network of dualFixture and a service that the
// provider offers to everybody; edit changes it.
func customerFixture(t *testing.T, edit ...func(*vpc.ServiceConfiguration)) (*Service, context.Context) {
	t.Helper()
	s, ctx := dualFixture(t)
	c := vpc.ServiceConfiguration{
		Owner: provider, ID: serviceID, LoadBalancers: []string{balancerARN}, AddressTypes: []string{"ipv4"}, Regions: []string{"us-east-1"},
		Permissions: []vpc.ServicePermission{{ID: "vpce-svc-perm-0e000000000000001", Principal: "*", Kind: "All"}},
	}
	for _, e := range edit {
		e(&c)
	}
	if _, err := s.store.Update(ctx, func(tx *store.Tx) error {
		s.store.Networks.Put(tx, vpc.Network{Owner: provider, ID: providerVPC})
		s.store.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: provider, ARN: balancerARN, Name: "nlb", VPC: providerVPC,
			Nodes: []vpc.LoadBalancerNode{{Zone: "us-east-1c"}, {Zone: "us-east-1a"}}})
		s.store.ServiceConfigurations.Put(tx, c)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s, ctx
}

func permit(principals ...string) func(*vpc.ServiceConfiguration) {
	return func(c *vpc.ServiceConfiguration) {
		c.Permissions = nil
		for _, p := range principals {
			c.Permissions = append(c.Permissions, vpc.ServicePermission{Principal: p})
		}
	}
}

func accept(c *vpc.ServiceConfiguration) { c.AcceptanceRequired = true }

// privateName gives the service a private name in a state of its proof.
func privateName(name, state string) func(*vpc.ServiceConfiguration) {
	return func(c *vpc.ServiceConfiguration) {
		c.PrivateName = name
		c.Verification = vpc.NewVerification(then)
		c.Verification.State = state
	}
}

// TestCustomerServiceIsOfferedByPermission: to whom a service does not permit
// anything it does not exist.
func TestCustomerServiceIsOfferedByPermission(t *testing.T) {
	const user, session = "arn:aws:iam::111122223333:user/ana", "arn:aws:sts::111122223333:assumed-role/dev/ana"
	for _, row := range []struct {
		permissions []string
		arn         string
		account     string
		want        bool
	}{
		{nil, user, me.Account, false},
		{nil, "arn:aws:iam::444455556666:root", providerAccount, true}, // the owner's own
		{[]string{"*"}, user, me.Account, true},
		{[]string{"arn:aws:iam::111122223333:root"}, user, me.Account, true},
		{[]string{"arn:aws:iam::111122223333:root"}, session, me.Account, true},
		{[]string{"arn:aws:iam::777788889999:root"}, user, me.Account, false},
		{[]string{"arn:aws:iam::777788889999:root", user}, user, me.Account, true},
		{[]string{"arn:aws:iam::111122223333:user/anastasia"}, user, me.Account, false},
		{[]string{"arn:aws:iam::111122223333:role/dev"}, session, me.Account, true},
		{[]string{"arn:aws:iam::111122223333:role/ana"}, session, me.Account, false},
		{[]string{"arn:aws:iam::777788889999:role/dev"}, session, me.Account, false},
		{[]string{"arn:aws:iam::111122223333:user/*"}, user, me.Account, false}, // no wildcards but *
	} {
		s, _ := customerFixture(t, permit(row.permissions...))
		caller := auth.Caller{Account: row.account, Region: "us-east-1", ARN: row.arn}
		_, err := s.findTarget(s.store.Snapshot(), caller, customerService, "")
		if row.want {
			if err != nil {
				t.Errorf("%+v: %v", row, err)
			}
		} else {
			refused(t, row.arn, err, "InvalidServiceName", "The Vpc Endpoint Service '"+customerService+"' does not exist")
		}
		out, err := s.DescribeVpcEndpointServices(auth.WithCaller(t.Context(), caller), &ec2.DescribeVpcEndpointServicesInput{})
		if err != nil {
			t.Fatal(err)
		}
		if listed := len(out.ServiceNames) == 9; listed != row.want {
			t.Errorf("%+v: %d services are listed", row, len(out.ServiceNames))
		}
	}
}

// TestTargetRegion: a customer's service is reached from the Regions that it
// names, by its own Region; a service of AWS from its own Region only.
func TestTargetRegion(t *testing.T) {
	regions := func(c *vpc.ServiceConfiguration) { c.Regions = []string{"us-east-1", "us-west-1"} }
	s, _ := customerFixture(t, regions)
	for _, row := range []struct {
		from, name, serviceRegion string
		want                      bool
	}{
		{"us-east-1", customerService, "", true},
		{"us-east-1", customerService, "us-east-1", true},
		{"us-east-1", customerService, "us-west-1", false},
		{"us-west-1", customerService, "us-east-1", true},
		{"us-west-1", customerService, "", false},
		{"eu-west-1", customerService, "us-east-1", false},
		{"us-east-1", "com.amazonaws.vpce.us-west-1." + serviceID, "", false},
		{"us-east-1", "com.amazonaws.vpce.us-east-1.vpce-svc-0f", "", false},
		{"us-east-1", serviceID, "", false},
		{"us-east-1", eksService, "us-east-1", true},
		{"us-west-1", eksService, "us-east-1", false},
		{"us-east-1", eksService, "us-west-1", false},
		{"us-east-1", "", "", false},
	} {
		_, err := s.findTarget(s.store.Snapshot(), auth.Caller{Account: me.Account, Region: row.from}, row.name, row.serviceRegion)
		if (err == nil) != row.want {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

func TestTargetZones(t *testing.T) {
	regions := func(c *vpc.ServiceConfiguration) { c.Regions = []string{"us-east-1", "us-west-1"} }
	s, _ := customerFixture(t, regions)
	for _, row := range []struct {
		name, region string
		want         []string
	}{
		{eksService, "us-east-1", []string{"use1-az1", "use1-az2", "use1-az3", "use1-az4", "use1-az5", "use1-az6"}},
		{customerService, "us-east-1", []string{"use1-az1", "use1-az3"}}, // where the load balancer stands
		{customerService, "us-west-1", []string{"usw1-az1"}},             // all but usw1-az2
	} {
		target, ok := s.target(s.store.Snapshot(), row.name, row.region)
		if !ok {
			t.Fatalf("no %s", row.name)
		}
		var got []string
		for _, z := range target.zones() {
			got = append(got, z.ID)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s from %s (-want +got):\n%s", row.name, row.region, d)
		}
	}
}

func TestDescribeCustomerService(t *testing.T) {
	s, ctx := customerFixture(t, privateName("*.api.example.com", "pendingVerification"), accept, func(c *vpc.ServiceConfiguration) {
		c.AddressTypes, c.Payer, c.Tags = []string{"ipv4", "ipv6"}, "ServiceOwner", vpc.Tags{"team": "api"}
	})
	in := &ec2.DescribeVpcEndpointServicesInput{ServiceNames: []string{customerService}}
	out, err := s.DescribeVpcEndpointServices(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	want := ec2.ServiceDetail{
		ServiceName:                     wire.Ptr(customerService),
		ServiceId:                       wire.Ptr(serviceID),
		ServiceType:                     []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr("Interface")}},
		ServiceRegion:                   wire.Ptr("us-east-1"),
		AvailabilityZones:               []string{"us-east-1a", "us-east-1c"},
		AvailabilityZoneIds:             []string{"use1-az1", "use1-az3"},
		Owner:                           wire.Ptr(providerAccount),
		BaseEndpointDnsNames:            []string{serviceID + ".us-east-1.vpce.amazonaws.com"},
		PrivateDnsName:                  wire.Ptr("*.api.example.com"),
		PrivateDnsNames:                 []ec2.PrivateDnsDetails{{PrivateDnsName: wire.Ptr("*.api.example.com")}},
		PrivateDnsNameVerificationState: wire.Ptr("pendingVerification"),
		PayerResponsibility:             wire.Ptr("ServiceOwner"),
		VpcEndpointPolicySupported:      wire.Ptr(false),
		AcceptanceRequired:              wire.Ptr(true),
		ManagesVpcEndpoints:             wire.Ptr(false),
		SupportedIpAddressTypes:         []string{"ipv4", "ipv6"},
	}
	if d := cmp.Diff([]ec2.ServiceDetail{want}, out.ServiceDetails); d != "" {
		t.Errorf("to a consumer (-want +got):\n%s", d)
	}
	// The owner sees the tags, and may filter by them.
	in.Filters = []ec2.Filter{{Name: wire.Ptr("tag:team"), Values: []string{"api"}}}
	if out, err = s.DescribeVpcEndpointServices(as(t, providerAccount, "us-east-1"), in); err != nil || len(out.ServiceDetails) != 1 {
		t.Fatalf("to the owner: %v, %v", out, err)
	}
	want.Tags = []ec2.Tag{{Key: wire.Ptr("team"), Value: wire.Ptr("api")}}
	if d := cmp.Diff(want, out.ServiceDetails[0]); d != "" {
		t.Errorf("to the owner (-want +got):\n%s", d)
	}
	if out, err = s.DescribeVpcEndpointServices(ctx, in); err != nil || len(out.ServiceDetails) != 0 {
		t.Errorf("a consumer finds the owner's tags: %v, %v", out, err)
	}
}
