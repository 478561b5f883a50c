package ec2

import (
	"strings"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// The errors of endpoint services, one function a case, the code and where it
// is known the text exactly AWS's.

func errServiceIDNotFound(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpointServiceId.NotFound", Message: "The VpcEndpointService Id '" + id + "' does not exist"}
}

// errServiceGone is errServiceIDNotFound as an item of a bulk answer.
func errServiceGone(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpointService.NotFound", Message: "The VpcEndpointService Id '" + id + "' does not exist"}
}

// errServiceIDMalformed has the code that AWS spells with two Id.
func errServiceIDMalformed(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpointServiceIdId.Malformed", Message: "Invalid Id: '" + id + "' (expecting 'vpce-svc-...')"}
}

func errServiceInUse() error {
	return &wire.Error{Code: "ExistingVpcEndpointConnections", Message: "Service has existing active VPC Endpoint connections!"}
}

func errLastLoadBalancer(service string) error {
	return &wire.Error{Code: "ExistingVpcEndpointConnections", Message: "The VPC endpoint service " + service + " must have at least one load balancer"}
}

func errLoadBalancerKind() error {
	return errParameter("exactly one of network_load_balancer_arn or gateway_load_balancer_arn is a required member")
}

func errLoadBalancerMalformed(arn string) error {
	return &wire.Error{Code: "InvalidNetworkLoadBalancerArn.Malformed",
		Message: "Invalid ARN: '" + arn + "' (expecting 'arn:aws:elasticloadbalancing:region:account-id:loadbalancer/net/load-balancer-name/load-balancer-id')"}
}

func errLoadBalancerNotFound(arn string) error {
	return &wire.Error{Code: "InvalidNetworkLoadBalancerArn.NotFound", Message: "The Network Load Balancer '" + arn + "' does not exist"}
}

func errLoadBalancerTaken(arn, service string) error {
	return errParameter("The Network Load Balancer %s is already associated with the VPC endpoint service %s", arn, service)
}

func errLoadBalancerNotOfService(arn, service string) error {
	return errParameter("The Network Load Balancer %s is not associated with the VPC endpoint service %s", arn, service)
}

func errLoadBalancerFamily(arn string) error {
	return errParameter("The IP address type ipv6 is not supported by the Network Load Balancer %s: its IP address type is not dualstack", arn)
}

func errServiceAddressType(kind string) error {
	return errInvalid("Value (%s) for parameter SupportedIpAddressTypes is invalid. Expecting ipv4 or ipv6.", kind)
}

func errLastAddressType(service string) error {
	return errParameter("The VPC endpoint service %s must support at least one IP address type", service)
}

func errAddressTypeInUse(kind, endpoint string) error {
	return errParameter("The IP address type %s can't be removed because the VPC endpoint %s uses it", kind, endpoint)
}

func errHostRegion(region string) error {
	return errParameter("The supported Regions must include %s, the Region of the VPC endpoint service", region)
}

func errServiceRegion(region string) error {
	return errInvalid("Value (%s) for parameter SupportedRegions is invalid. It is not a Region.", region)
}

func errPrivateName(name string) error {
	return errParameter("The private DNS name '%s' is not valid. Expecting a domain name in lower case; its first label may be *.", name)
}

func errPrivateNameAndRemove() error {
	return errCombination("PrivateDnsName and RemovePrivateDnsName can't be used together")
}

func errUnnamedService(service string) error {
	return errParameter("The VPC endpoint service %s does not have a private DNS name", service)
}

func errPrincipal(principal string) error {
	return &wire.Error{Code: "InvalidPrincipal", Message: "Invalid Principal: '" + principal + "'"}
}

// errEndpointGone is errEndpointNotFound as an item of a bulk answer.
func errEndpointGone(id string) error {
	return &wire.Error{Code: "InvalidVpcEndpoint.NotFound", Message: "The Vpc Endpoint Id '" + id + "' does not exist"}
}

func errConnectionState(id, state string, expected []vpc.Admission) error {
	var names []string
	for _, a := range expected {
		names = append(names, connectionState(a))
	}
	return &wire.Error{Code: "InvalidState",
		Message: "The VPC endpoint " + id + " is in the state " + state + ". Expecting " + strings.Join(names, " or ") + "."}
}

func errNotificationNotFound(id string) error {
	return &wire.Error{Code: "InvalidConnectionNotification", Message: "The connection notification '" + id + "' does not exist"}
}

func errNotificationSubject() error {
	return errParameter("Exactly one of ServiceId and VpcEndpointId is required")
}

func errTopic(arn string) error {
	return errParameter("The ConnectionNotificationArn '%s' is not the ARN of an SNS topic", arn)
}

func errConnectionEvent(event string) error {
	return errParameter("The connection event '%s' is not valid. Expecting Accept, Connect, Delete or Reject.", event)
}

func errPageSize(size int32) error {
	return errInvalid("Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than or equal to %d.", size, minPageSize)
}
