package ec2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestDescribeVpcEndpointServices(t *testing.T) {
	s, _ := endpointFixture(t)
	ctx := as(t, me.Account, "us-east-2")
	out, err := s.DescribeVpcEndpointServices(ctx, &ec2.DescribeVpcEndpointServicesInput{ServiceNames: []string{"com.amazonaws.us-east-2.eks"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &ec2.DescribeVpcEndpointServicesOutput{
		ServiceNames: []string{"com.amazonaws.us-east-2.eks"},
		ServiceDetails: []ec2.ServiceDetail{{
			ServiceName:                     wire.Ptr("com.amazonaws.us-east-2.eks"),
			ServiceId:                       out.ServiceDetails[0].ServiceId,
			ServiceType:                     []ec2.ServiceTypeDetail{{ServiceType: wire.Ptr("Interface")}},
			ServiceRegion:                   wire.Ptr("us-east-2"),
			AvailabilityZones:               []string{"us-east-2a", "us-east-2b", "us-east-2c"},
			AvailabilityZoneIds:             []string{"use2-az1", "use2-az2", "use2-az3"},
			Owner:                           wire.Ptr("amazon"),
			BaseEndpointDnsNames:            []string{"eks.us-east-2.vpce.amazonaws.com"},
			PrivateDnsName:                  wire.Ptr("eks.us-east-2.amazonaws.com"),
			PrivateDnsNames:                 []ec2.PrivateDnsDetails{{PrivateDnsName: wire.Ptr("eks.us-east-2.amazonaws.com")}, {PrivateDnsName: wire.Ptr("eks.us-east-2.api.aws")}},
			PrivateDnsNameVerificationState: wire.Ptr("verified"),
			VpcEndpointPolicySupported:      wire.Ptr(true),
			AcceptanceRequired:              wire.Ptr(false),
			ManagesVpcEndpoints:             wire.Ptr(false),
			SupportedIpAddressTypes:         []string{"ipv4", "ipv6"},
		}},
	}
	if d := cmp.Diff(want, out); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDescribeVpcEndpointServicesSelects(t *testing.T) {
	s, _ := endpointFixture(t)
	var all []string
	for _, short := range []string{"ec2", "eks", "eks-auth", "eks-fips", "elasticloadbalancing", "logs", "oidc-eks", "sts"} {
		all = append(all, "com.amazonaws.us-east-1."+short)
	}
	where := func(name, value string) ec2.DescribeVpcEndpointServicesInput {
		return ec2.DescribeVpcEndpointServicesInput{Filters: []ec2.Filter{{Name: &name, Values: []string{value}}}}
	}
	rows := []struct {
		in   ec2.DescribeVpcEndpointServicesInput
		want []string
	}{
		{ec2.DescribeVpcEndpointServicesInput{}, all},
		{ec2.DescribeVpcEndpointServicesInput{ServiceRegions: []string{"us-east-1", "us-east-2"}}, all},
		{ec2.DescribeVpcEndpointServicesInput{ServiceRegions: []string{"us-east-2"}}, nil},
		{where("service-name", "*.eks"), []string{eksService}},
		{where("service-name", "com.amazonaws.us-east-1.s3"), nil},
		{where("service-type", "Interface"), all},
		{where("service-type", "Gateway"), nil},
		{where("owner", "amazon"), all},
		{where("service-region", "us-east-1"), all},
		{where("supported-ip-address-types", "ipv6"), all},
		{where("supported-ip-address-types", "dualstack"), nil},
		{where("tag-key", "team"), nil},
	}
	for _, row := range rows {
		out, err := s.DescribeVpcEndpointServices(as(t, me.Account, "us-east-1"), &row.in)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(row.want, out.ServiceNames); d != "" {
			t.Errorf("%+v (-want +got):\n%s", row.in, d)
		}
		if len(out.ServiceDetails) != len(out.ServiceNames) {
			t.Errorf("%d details for %d names", len(out.ServiceDetails), len(out.ServiceNames))
		}
	}
	for _, name := range []string{"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-2.eks"} {
		_, err := s.DescribeVpcEndpointServices(as(t, me.Account, "us-east-1"), &ec2.DescribeVpcEndpointServicesInput{ServiceNames: []string{name}})
		refused(t, name, err, "InvalidServiceName", "The Vpc Endpoint Service '"+name+"' does not exist")
	}
}

func TestDescribePrefixLists(t *testing.T) {
	s := New(Config{})
	where := func(name string) []ec2.Filter { return []ec2.Filter{{Name: &name, Values: []string{eksService}}} }
	for _, filters := range [][]ec2.Filter{nil, where("prefix-list-name"), where("prefix-list-id")} {
		out, err := s.DescribePrefixLists(t.Context(), &ec2.DescribePrefixListsInput{Filters: filters})
		if err != nil || len(out.PrefixLists) != 0 {
			t.Errorf("%v: %v, %v", filters, out, err)
		}
	}
	_, err := s.DescribePrefixLists(t.Context(), &ec2.DescribePrefixListsInput{Filters: where("x")})
	refused(t, "unknown filter", err, "InvalidParameterValue", "The filter 'x' is invalid")
	_, err = s.DescribePrefixLists(t.Context(), &ec2.DescribePrefixListsInput{PrefixListIds: []string{"pl-63a5400a"}})
	refused(t, "unknown id", err, "InvalidPrefixListID.NotFound", "The prefix list ID 'pl-63a5400a' does not exist")
}

// A Region where AWS does not offer a service has no endpoints to it, unless the
// operator says otherwise.
func TestServiceIsNotOfferedEverywhere(t *testing.T) {
	s, _ := endpointFixture(t)
	ctx := as(t, me.Account, "ap-southeast-7")
	name := "com.amazonaws.ap-southeast-7.eks"
	ask := func() error {
		_, err := s.DescribeVpcEndpointServices(ctx, &ec2.DescribeVpcEndpointServicesInput{ServiceNames: []string{name}})
		return err
	}
	refusal := "The Vpc Endpoint Service '" + name + "' does not exist"
	wantError(t, "InvalidServiceName", refusal, ask)
	s.availability = vpc.Availability{}
	if err := ask(); err != nil {
		t.Errorf("offered by the operator's data: %v", err)
	}
}
