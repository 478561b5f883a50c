package elbv2

import (
	"fmt"
	"strings"

	"github.com/postern/postern/wire"
)

// The errors of the API, one function a case, the text exactly AWS's where it
// is known.

// errValidation is ValidationError.
func errValidation(format string, args ...any) error {
	return &wire.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

// errConfiguration is InvalidConfigurationRequest.
func errConfiguration(format string, args ...any) error {
	return &wire.Error{Code: "InvalidConfigurationRequest", Message: fmt.Sprintf(format, args...)}
}

// errUnavailable refuses a parameter whose meaning Postern does not have.
func errUnavailable(parameter string) error {
	return errValidation("The parameter %s is not supported", parameter)
}

func errARN(arn, noun string) error { return errValidation("'%s' is not a valid %s ARN", arn, noun) }

func errBothNamed(noun string) error {
	return errValidation("%s names and %s ARNs cannot be specified at the same time", capital(noun), noun)
}

func errLoadBalancerNotFound(arn string) error {
	return &wire.Error{Code: "LoadBalancerNotFound", Message: "Load balancer '" + arn + "' not found"}
}

func errLoadBalancersNotFound(names ...string) error {
	return &wire.Error{Code: "LoadBalancerNotFound", Message: "Load balancers '[" + strings.Join(names, ", ") + "]' not found"}
}

func errListenerNotFound() error {
	return &wire.Error{Code: "ListenerNotFound", Message: "One or more listeners not found"}
}

func errTargetGroupNotFound() error {
	return &wire.Error{Code: "TargetGroupNotFound", Message: "One or more target groups not found"}
}

func errDuplicateName(code, noun, name string) error {
	return &wire.Error{Code: code, Message: "A " + noun + " with the same name '" + name + "' exists, but with different settings"}
}

func errDuplicateListener(arn string) error {
	return &wire.Error{Code: "DuplicateListener", Message: "A listener already exists on this port for this load balancer '" + arn + "'"}
}

// errLimit says that a quota is used up: code is TooManyListeners …
func errLimit(code, noun string, limit int) error {
	return &wire.Error{Code: code, Message: fmt.Sprintf("The maximum number of %s has been reached: '%d'", noun, limit)}
}

func errSubnetNotFound(id string) error {
	return &wire.Error{Code: "SubnetNotFound", Message: "The subnet ID '" + id + "' does not exist"}
}

// errSubnet is InvalidSubnet.
func errSubnet(format string, args ...any) error {
	return &wire.Error{Code: "InvalidSubnet", Message: fmt.Sprintf(format, args...)}
}

func errSubnetFull(id string, needed int) error {
	return errSubnet("Not enough IP space available in %s. ELB requires at least %d free IP addresses in each subnet.", id, needed)
}

func errZoneTwice() error {
	return errConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
}

func errGroup(id string) error {
	return &wire.Error{Code: "InvalidSecurityGroup", Message: "The security group '" + id + "' does not exist"}
}

func errGroupVPC(id, vpcID string) error {
	return errConfiguration("The security group '%s' does not belong to VPC '%s'", id, vpcID)
}

func errProtected(arn string) error {
	return &wire.Error{Code: "OperationNotPermitted", Message: "Load balancer '" + arn + "' cannot be deleted because deletion protection is enabled"}
}

func errServes(arn string) error {
	return &wire.Error{Code: "ResourceInUse", Message: "Load balancer '" + arn + "' cannot be deleted because it is currently associated with another service"}
}

func errGroupInUse(arn string) error {
	return &wire.Error{Code: "ResourceInUse", Message: "Target group '" + arn + "' is currently in use by a listener or a rule"}
}

func errProtocols(group, groupProtocol, listenerProtocol string) error {
	return &wire.Error{Code: "IncompatibleProtocols", Message: "The listener and its associated target group '" + group +
		"' have incompatible protocols: '" + listenerProtocol + "' and '" + groupProtocol + "'"}
}

func errAssociation(arn string) error {
	return &wire.Error{Code: "TargetGroupAssociationLimit", Message: "The following target groups cannot be associated with more than one load balancer: " + arn}
}

func errCertificateNotFound(arn string) error {
	return &wire.Error{Code: "CertificateNotFound", Message: "Certificate '" + arn + "' not found"}
}

// errTarget is InvalidTarget.
func errTarget(format string, args ...any) error {
	return &wire.Error{Code: "InvalidTarget", Message: fmt.Sprintf(format, args...)}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// errCertificateProtocol refuses a certificate for a listener without TLS.
func errCertificateProtocol(protocol string) error {
	return errValidation("Certificates cannot be specified for %s listeners", protocol)
}
