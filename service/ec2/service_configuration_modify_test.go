package ec2

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestModifyServiceConfiguration(t *testing.T) {
	s, ctx := serviceFixture(t)
	rows := []struct {
		what string
		in   modifyService
		want func(v *ec2.ServiceConfiguration) bool
	}{
		{"nothing", modifyService{}, func(v *ec2.ServiceConfiguration) bool { return *v.AcceptanceRequired }},
		{"acceptance", modifyService{AcceptanceRequired: wire.Ptr(false)}, func(v *ec2.ServiceConfiguration) bool { return !*v.AcceptanceRequired }},
		{"one more load balancer, with its zone", modifyService{AddNetworkLoadBalancerArns: []string{nlbB, nlbDual}}, func(v *ec2.ServiceConfiguration) bool {
			return slices.Equal(v.NetworkLoadBalancerArns, []string{nlbDual, nlbB}) && slices.Equal(v.AvailabilityZones, []string{"us-east-1b", "us-east-1c"})
		}},
		{"another load balancer", modifyService{AddNetworkLoadBalancerArns: []string{nlbB}, RemoveNetworkLoadBalancerArns: []string{nlbDual}}, func(v *ec2.ServiceConfiguration) bool {
			return slices.Equal(v.NetworkLoadBalancerArns, []string{nlbB})
		}},
		{"both families", modifyService{AddSupportedIpAddressTypes: []string{"ipv6"}}, func(v *ec2.ServiceConfiguration) bool {
			return slices.Equal(v.SupportedIpAddressTypes, []string{"ipv4", "ipv6"})
		}},
		{"the other family", modifyService{AddSupportedIpAddressTypes: []string{"ipv6"}, RemoveSupportedIpAddressTypes: []string{"ipv4"}}, func(v *ec2.ServiceConfiguration) bool {
			return slices.Equal(v.SupportedIpAddressTypes, []string{"ipv6"})
		}},
		{"a Region", modifyService{AddSupportedRegions: []string{"eu-west-1"}}, func(v *ec2.ServiceConfiguration) bool {
			return len(v.SupportedRegions) == 2 && *v.RemoteAccessEnabled
		}},
		{"another private name", modifyService{PrivateDnsName: wire.Ptr("new.example.com")}, func(v *ec2.ServiceConfiguration) bool {
			return *v.PrivateDnsName == "new.example.com" && *v.PrivateDnsNameConfiguration.State == "pendingVerification"
		}},
		{"no private name", modifyService{RemovePrivateDnsName: wire.Ptr(true)}, func(v *ec2.ServiceConfiguration) bool {
			return v.PrivateDnsName == nil && v.PrivateDnsNameConfiguration == nil
		}},
	}
	for _, row := range rows {
		id := offerService(t, s, ctx, behind(nlbDual), withPrivateName("old.example.com"))
		row.in.ServiceId = &id
		out, err := s.ModifyVpcEndpointServiceConfiguration(ctx, &row.in)
		if err != nil || !*out.Return {
			t.Fatalf("%s: %v", row.what, err)
		}
		if v := describeService(t, s, ctx, id); !row.want(&v) {
			t.Errorf("%s: %+v", row.what, v)
		}
		gone, err := s.DeleteVpcEndpointServiceConfigurations(ctx, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{id}})
		if err != nil || len(gone.Unsuccessful) != 0 {
			t.Fatalf("%s: %v, not deleted: %v", row.what, err, items(gone.Unsuccessful))
		}
	}
}

func TestModifyServiceConfigurationRefuses(t *testing.T) {
	s, ctx := serviceFixture(t)
	free := offerService(t, s, ctx, behind(nlbB), withPrivateName("old.example.com"))
	used := offerService(t, s, ctx, behind(nlbDual, nlbA), withPrivateName("old.example.com"))
	dual := attach(t, s, used, func(e *vpc.Endpoint) { e.IPAddressType = "dualstack" })
	const inUse = "Service has existing active VPC Endpoint connections!"
	rows := []struct {
		what, id      string
		in            modifyService
		code, message string
	}{
		{"absent", noService, modifyService{}, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + noService + "' does not exist"},
		{"malformed", "svc", modifyService{}, "InvalidVpcEndpointServiceIdId.Malformed", "Invalid Id: 'svc' (expecting 'vpce-svc-...')"},
		// load balancers
		{"the last one", free, modifyService{RemoveNetworkLoadBalancerArns: []string{nlbB}}, "ExistingVpcEndpointConnections", "The VPC endpoint service " + free + " must have at least one load balancer"},
		{"not its own", free, modifyService{RemoveNetworkLoadBalancerArns: []string{nlbA}}, "InvalidParameter", "The Network Load Balancer " + nlbA + " is not associated with the VPC endpoint service " + free},
		{"of another service", free, modifyService{AddNetworkLoadBalancerArns: []string{nlbA}}, "InvalidParameter", "The Network Load Balancer " + nlbA + " is already associated with the VPC endpoint service " + used},
		{"no such", free, modifyService{AddNetworkLoadBalancerArns: []string{absent}}, "InvalidNetworkLoadBalancerArn.NotFound", "The Network Load Balancer '" + absent + "' does not exist"},
		{"while there are endpoints", used, modifyService{RemoveNetworkLoadBalancerArns: []string{nlbA}}, "ExistingVpcEndpointConnections", inUse},
		{"added gateway load balancer", free, modifyService{AddGatewayLoadBalancerArns: []string{"arn"}}, "InvalidParameter", "The GatewayLoadBalancerArn 'arn' does not exist"},
		{"removed gateway load balancer", free, modifyService{RemoveGatewayLoadBalancerArns: []string{"arn"}}, "InvalidParameter", "The GatewayLoadBalancerArn 'arn' does not exist"},
		// address types
		{"ipv6 behind ipv4", free, modifyService{AddSupportedIpAddressTypes: []string{"ipv6"}}, "InvalidParameter", "The IP address type ipv6 is not supported by the Network Load Balancer " + nlbB + ": its IP address type is not dualstack"},
		{"unknown type", free, modifyService{RemoveSupportedIpAddressTypes: []string{"ipv5"}}, "InvalidParameterValue", "Value (ipv5) for parameter SupportedIpAddressTypes is invalid. Expecting ipv4 or ipv6."},
		{"the last type", free, modifyService{RemoveSupportedIpAddressTypes: []string{"ipv4"}}, "InvalidParameter", "The VPC endpoint service " + free + " must support at least one IP address type"},
		{"a type in use", used, modifyService{RemoveSupportedIpAddressTypes: []string{"ipv4"}}, "InvalidParameter", "The IP address type ipv4 can't be removed because the VPC endpoint " + dual + " uses it"},
		// Regions
		{"the host Region", free, modifyService{RemoveSupportedRegions: []string{"us-east-1"}}, "InvalidParameter", "The supported Regions must include us-east-1, the Region of the VPC endpoint service"},
		{"the host Region for another", free, modifyService{AddSupportedRegions: []string{"eu-west-1"}, RemoveSupportedRegions: []string{"us-east-1"}}, "InvalidParameter", "The supported Regions must include us-east-1, the Region of the VPC endpoint service"},
		{"unknown Region", free, modifyService{AddSupportedRegions: []string{"mars"}}, "InvalidParameterValue", "Value (mars) for parameter SupportedRegions is invalid. It is not a Region."},
		// private names
		{"name and none", free, modifyService{PrivateDnsName: wire.Ptr("a.example.com"), RemovePrivateDnsName: wire.Ptr(true)}, "InvalidParameterCombination", "PrivateDnsName and RemovePrivateDnsName can't be used together"},
		{"not a name", free, modifyService{PrivateDnsName: wire.Ptr("A")}, "InvalidParameter", "The private DNS name 'A' is not valid. Expecting a domain name in lower case; its first label may be *."},
		{"no name while there are endpoints", used, modifyService{RemovePrivateDnsName: wire.Ptr(true)}, "ExistingVpcEndpointConnections", inUse},
	}
	before := []ec2.ServiceConfiguration{describeService(t, s, ctx, free), describeService(t, s, ctx, used)}
	for _, row := range rows {
		row.in.ServiceId = &row.id
		row.in.AcceptanceRequired = wire.Ptr(false) // must not be done either
		_, err := s.ModifyVpcEndpointServiceConfiguration(ctx, &row.in)
		refused(t, row.what, err, row.code, row.message)
	}
	if d := cmp.Diff(before, []ec2.ServiceConfiguration{describeService(t, s, ctx, free), describeService(t, s, ctx, used)}); d != "" {
		t.Errorf("the refused requests changed something (-was +is):\n%s", d)
	}
}

// Another account's service does not exist for any operation.
func TestServiceOfAnotherAccount(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	endpoint := attach(t, s, id, answered(vpc.AdmissionPending))
	stranger := as(t, consumer.Account, consumer.Region)
	calls := map[string]func() error{
		"modify": func() error {
			_, err := s.ModifyVpcEndpointServiceConfiguration(stranger, &modifyService{ServiceId: &id})
			return err
		},
		"payer": func() error {
			_, err := s.ModifyVpcEndpointServicePayerResponsibility(stranger, &ec2.ModifyVpcEndpointServicePayerResponsibilityInput{ServiceId: &id, PayerResponsibility: wire.Ptr("ServiceOwner")})
			return err
		},
		"permissions": func() error {
			_, err := s.DescribeVpcEndpointServicePermissions(stranger, &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &id})
			return err
		},
		"allow": func() error {
			_, err := s.ModifyVpcEndpointServicePermissions(stranger, &ec2.ModifyVpcEndpointServicePermissionsInput{ServiceId: &id, AddAllowedPrincipals: []string{"*"}})
			return err
		},
		"accept": func() error {
			_, err := s.AcceptVpcEndpointConnections(stranger, &ec2.AcceptVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{endpoint}})
			return err
		},
		"reject": func() error {
			_, err := s.RejectVpcEndpointConnections(stranger, &ec2.RejectVpcEndpointConnectionsInput{ServiceId: &id, VpcEndpointIds: []string{endpoint}})
			return err
		},
		"verify": func() error {
			_, err := s.StartVpcEndpointServicePrivateDnsVerification(stranger, &ec2.StartVpcEndpointServicePrivateDnsVerificationInput{ServiceId: &id})
			return err
		},
		"notify": func() error {
			_, err := s.CreateVpcEndpointConnectionNotification(stranger, notification(func(in *createNotification) { in.ServiceId = &id }))
			return err
		},
	}
	for what, call := range calls {
		refused(t, what, call(), "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '"+id+"' does not exist")
	}
	out, err := s.DeleteVpcEndpointServiceConfigurations(stranger, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{id}})
	if err != nil || !slices.Equal(items(out.Unsuccessful), []string{id + " InvalidVpcEndpointService.NotFound"}) {
		t.Errorf("delete: %v, %v", err, items(out.Unsuccessful))
	}
	connections, err := s.DescribeVpcEndpointConnections(stranger, &ec2.DescribeVpcEndpointConnectionsInput{})
	if err != nil || len(connections.VpcEndpointConnections) != 0 {
		t.Errorf("the consumer sees the provider's connections: %v, %v", err, connections.VpcEndpointConnections)
	}
}

func TestModifyServicePayerResponsibility(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	out, err := s.ModifyVpcEndpointServicePayerResponsibility(ctx, &ec2.ModifyVpcEndpointServicePayerResponsibilityInput{ServiceId: &id, PayerResponsibility: wire.Ptr("ServiceOwner")})
	if err != nil || !*out.ReturnValue {
		t.Fatal(err)
	}
	if v := describeService(t, s, ctx, id); wire.Value(v.PayerResponsibility) != "ServiceOwner" {
		t.Errorf("payer %v", v.PayerResponsibility)
	}
}

// A service goes only when no endpoint is accepted or waits; what was refused
// to an endpoint keeps nobody.
func TestDeleteServiceConfigurations(t *testing.T) {
	s, ctx := serviceFixture(t)
	accepted, waiting, over := offerService(t, s, ctx), offerService(t, s, ctx, behind(nlbDual)), offerService(t, s, ctx, behind(nlbB))
	attach(t, s, accepted)
	attach(t, s, waiting, answered(vpc.AdmissionPending))
	attach(t, s, over, answered(vpc.AdmissionRejected))
	attach(t, s, over, answered(vpc.AdmissionFailed))
	attach(t, s, over, answered(vpc.AdmissionPending), madeBefore(vpc.AnswerTime))
	out, err := s.DeleteVpcEndpointServiceConfigurations(ctx, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{accepted, noService, over, waiting}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{accepted + " ExistingVpcEndpointConnections", noService + " InvalidVpcEndpointService.NotFound", waiting + " ExistingVpcEndpointConnections"}
	slices.Sort(want)
	if d := cmp.Diff(want, items(out.Unsuccessful)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = s.DescribeVpcEndpointServiceConfigurations(ctx, &ec2.DescribeVpcEndpointServiceConfigurationsInput{ServiceIds: []string{over}})
	refused(t, "the deleted one", err, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '"+over+"' does not exist")
	_, err = s.DeleteVpcEndpointServiceConfigurations(ctx, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{"x"}})
	refused(t, "malformed", err, "InvalidVpcEndpointServiceIdId.Malformed", "Invalid Id: 'x' (expecting 'vpce-svc-...')")
	// The load balancer is free for another service.
	offerService(t, s, ctx, behind(nlbB))
}
