package ec2

import (
	"cmp"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// endpointTypes are all types of the API, the default first.
var endpointTypes = []string{
	ec2.VpcEndpointTypeGateway,
	ec2.VpcEndpointTypeInterface,
	ec2.VpcEndpointTypeGatewayLoadBalancer,
	ec2.VpcEndpointTypeResource,
	ec2.VpcEndpointTypeServiceNetwork,
}

// checkEndpointRequest checks the parts of a CreateVpcEndpoint that concern
// neither the VPC nor the policy.
func checkEndpointRequest(caller auth.Caller, in *ec2.CreateVpcEndpointInput) error {
	kind := cmp.Or(wire.Value(in.VpcEndpointType), endpointTypes[0])
	if !slices.Contains(endpointTypes, kind) {
		return errEndpointType(kind)
	}
	if err := checkEndpointService(caller, in, kind); err != nil {
		return err
	}
	if len(in.RouteTableIds) > 0 {
		return errRouteTables()
	}
	return checkDNSOptions(in.DnsOptions)
}

// checkEndpointService wants a service of the caller's own Region: none of
// ours can be reached from another one.
func checkEndpointService(caller auth.Caller, in *ec2.CreateVpcEndpointInput, kind string) error {
	// Of resource configurations and service networks there are none.
	if arn := wire.Value(in.ResourceConfigurationArn); arn != "" {
		return errEndpointResource("ResourceConfigurationArn", arn)
	}
	if arn := wire.Value(in.ServiceNetworkArn); arn != "" {
		return errEndpointResource("ServiceNetworkArn", arn)
	}
	name := wire.Value(in.ServiceName)
	if name == "" {
		return errMissing("ServiceName")
	}
	service, ok := vpc.FindEndpointService(name)
	if !ok || service.Region != caller.Region || cmp.Or(wire.Value(in.ServiceRegion), caller.Region) != caller.Region {
		return errServiceNotFound(name)
	}
	if kind != ec2.VpcEndpointTypeInterface {
		return errServiceType(name, kind)
	}
	return nil
}

// checkDNSOptions refuses the options that an IPv4 interface endpoint of an
// AWS service does not have.
func checkDNSOptions(o *ec2.DnsOptionsSpecification) error {
	if o == nil {
		return nil
	}
	if wire.Value(o.PrivateDnsOnlyForInboundResolverEndpoint) {
		return errInboundOnly()
	}
	if o.PrivateDnsPreference != nil {
		return errDNSPreference("PrivateDnsPreference")
	}
	if len(o.PrivateDnsSpecifiedDomains) > 0 {
		return errDNSPreference("PrivateDnsSpecifiedDomains")
	}
	if kind := cmp.Or(wire.Value(o.DnsRecordIpType), ec2.DnsRecordIpTypeIpv4); kind != ec2.DnsRecordIpTypeIpv4 {
		return errRecordType(kind)
	}
	return nil
}

// errAddressTypeOf is the refusal of an address type with IPv6: no subnet has
// an IPv6 block, and without a subnet it is the service that says no.
func errAddressTypeOf(kind, service string, subnets []string) error {
	if len(subnets) > 0 {
		return errAddressType(kind, "subnet "+subnets[0])
	}
	return errAddressType(kind, "service "+service)
}

// checkPolicy wants the document of an endpoint policy; empty stands for full
// access.
func (s *Service) checkPolicy(document string) error {
	if document == "" {
		return nil
	}
	if utf8.RuneCountInString(document) > s.limits.PolicySize {
		return errPolicySize(s.limits.PolicySize)
	}
	_, err := policy.ParseEndpoint(document)
	switch {
	case err == nil:
		return nil
	case !json.Valid([]byte(document)):
		return errPolicyJSON(err)
	}
	return errPolicySyntax(err)
}
