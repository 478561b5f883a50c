package ec2

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/postern/postern/wire"
)

// The errors of endpoints, network interfaces and flow logs, one function a
// case, the text exactly AWS's where it is known.

func errClientToken(token string) error {
	return errInvalid("Invalid value '%s' for ClientToken. The token can have up to 64 ASCII characters.", token)
}

func errIdempotentMismatch() error {
	return &wire.Error{Code: "IdempotentParameterMismatch", Message: "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."}
}

func errEndpointNotFound(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpointId.NotFound", Message: "The Vpc Endpoint Id '" + id + "' does not exist"}
}

func errEndpointMalformed(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpointId.Malformed", Message: "Invalid Id: '" + id + "' (expecting 'vpce-...')"}
}

// errEndpointEnded refuses to change an endpoint that can only be deleted.
func errEndpointEnded(id, state string) error {
	return &wire.Error{Code: "InvalidState", Message: "The Vpc Endpoint Id '" + id + "' is in the state " + state + " and can only be deleted"}
}

func errServiceNotFound(name string) error {
	return &wire.Error{Code: "InvalidServiceName", Message: "The Vpc Endpoint Service '" + name + "' does not exist"}
}

func errServiceType(name, kind string) error {
	return &wire.Error{Code: "InvalidServiceName", Message: "The Vpc Endpoint Service '" + name + "' does not support the endpoint type '" + kind + "'."}
}

func errEndpointType(kind string) error {
	return &wire.Error{Code: "InvalidVpcEndpointType", Message: "The Vpc Endpoint Type '" + kind + "' is not valid"}
}

func errMissing(parameter string) error {
	return &wire.Error{Code: "MissingParameter", Message: "The request must contain the parameter " + parameter}
}

func errNextToken() error {
	return &wire.Error{Code: "InvalidNextToken", Message: "The specified nextToken is not valid."}
}

func errEndpointLimit() error {
	return &wire.Error{Code: "VpcEndpointLimitExceeded", Message: "The maximum number of VPC endpoints has been reached."}
}

func errSubnetZoneTaken(subnet string) error {
	return &wire.Error{Code: "DuplicateSubnetsInSameZone", Message: "Found another VPC endpoint subnet in the availability zone of " + subnet}
}

func errGroupsPerENI() error {
	return &wire.Error{Code: "SecurityGroupsPerInterfaceLimitExceeded", Message: "The maximum number of security groups per interface has been reached."}
}

func errSubnetFull() error {
	return &wire.Error{Code: "InsufficientFreeAddressesInSubnet", Message: "The specified subnet does not have enough free addresses to satisfy the request."}
}

func errAddressInUse(a netip.Addr) error {
	return &wire.Error{Code: "InvalidIPAddress.InUse", Message: "Address " + a.String() + " is in use."}
}

func errAddressReserved(a netip.Addr) error {
	return errInvalid("Address %v is in subnet's reserved address range", a)
}

func errAddressOutside() error {
	return errInvalid("Address does not fall within the subnet's address range")
}

func errAddressSyntax(s string) error {
	return errInvalid("invalid value for parameter address: %s", s)
}

// errParameter is InvalidParameter, the code of most refusals of endpoints.
func errParameter(format string, args ...any) error {
	return &wire.Error{Code: "InvalidParameter", Message: fmt.Sprintf(format, args...)}
}

func errSubnetElsewhere(subnet, vpcID string) error {
	return errParameter("Subnet %s does not belong to VPC %s", subnet, vpcID)
}

func errGroupElsewhere(group, vpcID string) error {
	return errParameter("Security group %s does not belong to VPC %s", group, vpcID)
}

func errSubnetNotOfEndpoint(subnet, endpoint string) error {
	return errParameter("Subnet %s is not associated with the VPC endpoint %s", subnet, endpoint)
}

func errGroupNotOfEndpoint(group, endpoint string) error {
	return errParameter("Security group %s is not associated with the VPC endpoint %s", group, endpoint)
}

func errLastGroup(endpoint string) error {
	return errParameter("The VPC endpoint %s must have at least one security group", endpoint)
}

func errSubnetConfiguration(subnet string) error {
	return errParameter("Subnet %s of SubnetConfigurations must also be a subnet of the VPC endpoint", subnet)
}

func errSubnetConfigurationTwice(subnet string) error {
	return errParameter("SubnetConfigurations names subnet %s more than once", subnet)
}

func errSubnetConfigurationLacks(family, subnet string) error {
	return errParameter("SubnetConfigurations must supply an %s address for subnet %s", family, subnet)
}

func errSubnetConfigurationExceeds(family, subnet, kind string) error {
	return errParameter("SubnetConfigurations can't supply an %s address for subnet %s because the IpAddressType is %s", family, subnet, kind)
}

func errServiceZone(service, subnet string) error {
	return errParameter("The VPC endpoint service %s does not support the availability zone of the subnet: %s.", service, subnet)
}

func errRouteTables() error {
	return errParameter("Route table IDs are only supported for Gateway type VPC Endpoint.")
}

func errPrivateDNSAttributes(vpcID string) error {
	return errParameter("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", vpcID)
}

func errPrivateDNSConflict(name, vpcID string) error {
	return errParameter("private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s", name, vpcID)
}

func errNoPrivateName(service string) error {
	return errParameter("Private DNS can't be enabled because the service %s does not provide a private DNS name.", service)
}

func errPrivateDNSUnaccepted(service string) error {
	return errParameter("Private DNS can only be enabled after the endpoint connection is accepted by the owner of %s.", service)
}

func errInboundOnlyType() error {
	return errParameter("DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.")
}

func errInboundOnly() error {
	return errParameter("PrivateDnsOnlyForInboundResolverEndpoint not supported for this service.")
}

func errDNSPreference(member string) error {
	return errParameter("DnsOptions %s is applicable only to Resource and ServiceNetwork VPC Endpoints.", member)
}

// errAddressType says what cannot do kind: a subnet, the service, or an old
// endpoint.
func errAddressType(kind, what string) error {
	return errParameter("IpAddressType %s is not supported by %s", kind, what)
}

func errRecordType(records, kind string) error {
	return errParameter("DnsRecordIpType %s is not supported by the IpAddressType %s", records, kind)
}

func errEndpointResource(member, arn string) error {
	return errParameter("The %s '%s' does not exist", member, arn)
}

func errPolicyJSON(cause error) error {
	return &wire.Error{Code: "InvalidPolicyDocument", Cause: cause,
		Message: "The specified policy document is not a valid JSON policy document."}
}

func errPolicySyntax(cause error) error {
	return &wire.Error{Code: "InvalidPolicyDocument", Cause: cause,
		Message: "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."}
}

func errPolicySize(limit int) error {
	return errParameter("The policy document exceeds the limit of %d characters", limit)
}

func errPolicyUnsupported(service string) error {
	return errParameter("The VPC endpoint service %s does not support VPC endpoint policies", service)
}

func errPolicyAndReset() error {
	return errCombination("PolicyDocument and ResetPolicy can't be used together")
}

func errInterfaceNotFound(id string) error {
	return &wire.Error{Code: "InvalidNetworkInterfaceID.NotFound", Message: "The networkInterface ID '" + id + "' does not exist"}
}

func errPrefixListNotFound(id string) error {
	return &wire.Error{Code: "InvalidPrefixListID.NotFound", Message: "The prefix list ID '" + id + "' does not exist"}
}

func errFlowLogsNotFound(ids []string) error {
	return &wire.Error{Code: "InvalidFlowLogId.NotFound",
		Message: fmt.Sprintf("These flow log ids in the input list are not found: [TotalCount: %d] %s", len(ids), strings.Join(ids, ", "))}
}

func errFlowLogExists() error {
	return &wire.Error{Code: "FlowLogAlreadyExists",
		Message: "Error. There is an existing Flow Log with the same configuration and log destination."}
}

func errFlowLogLimit(limit int) error {
	return &wire.Error{Code: "FlowLogsLimitExceeded",
		Message: fmt.Sprintf("The maximum number of flow logs (%d) for the resource has been reached.", limit)}
}

func errLogDestination(arn string) error {
	return errParameter("Invalid LogDestination: %s", arn)
}

func errLogDestinationNotFound(name string) error {
	return &wire.Error{Code: "LogDestinationNotFound", Message: "LogDestination: " + name + " does not exist."}
}

func errFlowLogResource(id string) error {
	return errInvalid("The resource ID '%s' does not exist", id)
}
