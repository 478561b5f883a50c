package ec2

import (
	"fmt"
	"net/netip"

	"github.com/postern/postern/wire"
)

// The errors of IPv6, of network interfaces and of network ACLs, one function
// a case, the text exactly AWS's where it is known.

// errSubnetFamily refuses an address of a family of which the subnet has no CIDR.
func errSubnetFamily(subnet string) error {
	return errParameter("The subnet %s does not have a CIDR block of the requested IP address type", subnet)
}

// errCIDRLimit refuses a second CIDR of one family: what is network or subnet.
func errCIDRLimit(what, id string) error {
	return &wire.Error{Code: "CidrLimitExceeded",
		Message: fmt.Sprintf("This %s '%s' has met its maximum number of allowed CIDRs: %d", what, id, cidrsPerNetwork)}
}

func errPrimaryCIDR(association string) error {
	return &wire.Error{Code: "OperationNotPermitted", Message: "The vpc CIDR block with association ID " + association +
		" may not be disassociated. It is the primary IPv4 CIDR block of the VPC"}
}

func errNetworkAssociationMalformed(id string) error {
	return &wire.Error{Code: "InvalidVpcCidrBlockAssociationId.Malformed",
		Message: "The vpc CIDR block with association ID " + id + " is malformed"}
}

func errNetworkAssociationNotFound(id string) error {
	return &wire.Error{Code: "InvalidVpcCidrBlockAssociationID.NotFound",
		Message: "The vpc CIDR block with association ID '" + id + "' does not exist"}
}

func errNetworkIPv6InUse(vpcID string, cidr netip.Prefix) error {
	return &wire.Error{Code: "InvalidCidrBlock.InUse",
		Message: fmt.Sprintf("The vpc %s currently has a subnet within CIDR block %v", vpcID, cidr)}
}

func errSubnetAssociationMalformed(id string) error {
	return &wire.Error{Code: "InvalidSubnetCidrBlockAssociationId.Malformed",
		Message: "The subnet CIDR block with association ID " + id + " is malformed"}
}

func errSubnetAssociationNotFound(id string) error {
	return &wire.Error{Code: "InvalidSubnetCidrBlockAssociationID.NotFound",
		Message: "The subnet CIDR block with association ID '" + id + "' does not exist"}
}

func errSubnetIPv6Range(cidr netip.Prefix) error {
	return &wire.Error{Code: "InvalidSubnet.Range", Message: fmt.Sprintf("The IPv6 CIDR '%v' is invalid.", cidr)}
}

func errSubnetIPv6Conflict(cidr netip.Prefix) error {
	return &wire.Error{Code: "InvalidSubnet.Conflict", Message: fmt.Sprintf("The IPv6 CIDR '%v' conflicts with another subnet", cidr)}
}

func errSubnetIPv6InUse(association, why string) error {
	return &wire.Error{Code: "InvalidCidrBlock.InUse", Message: "The subnet IPv6 CIDR block with association ID " + association +
		" may not be disassociated, because " + why + "."}
}

func errIPv6OnlyCIDRs() error {
	return errCombination("When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.")
}

func errIPv6OnlyWithoutBlock() error {
	return &wire.Error{Code: "MissingParameter", Message: "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided."}
}

// errNeedsIPv6 refuses to switch on an attribute of a subnet without IPv6.
func errNeedsIPv6(attribute, subnet string) error {
	return errInvalid("Invalid value 'true' for %[1]s. Cannot set %[1]s to true unless the subnet (%[2]s) has an IPv6 CIDR block associated with it.",
		attribute, subnet)
}

// errIPv6Only refuses a value that an IPv6-only subnet cannot have.
func errIPv6Only(value, attribute, subnet string) error {
	return errInvalid("Invalid value '%[1]s' for %[2]s. Cannot set %[2]s to %[1]s for the IPv6-only subnet (%[3]s).", value, attribute, subnet)
}

// errInterfaceManaged refuses to change what a service of AWS manages.
func errInterfaceManaged() error {
	return &wire.Error{Code: "AuthFailure", Message: "You do not have permission to access the specified resource."}
}

func errManagedAttachment() error {
	return &wire.Error{Code: "OperationNotPermitted", Message: "You are not allowed to manage 'ela-attach' attachments."}
}

func errFirstInterface() error {
	return &wire.Error{Code: "OperationNotPermitted",
		Message: "The network interface at device index 0 and networkCard index 0 cannot be detached."}
}

func errAttachmentNotFound(id string) error {
	return &wire.Error{Code: "InvalidAttachmentID.NotFound", Message: "The attachment ID '" + id + "' does not exist"}
}

func errInterfaceAttached(id string) error {
	return &wire.Error{Code: "InvalidNetworkInterface.InUse", Message: "Interface: [" + id + "] in use."}
}

func errInterfaceInUse(id string) error {
	return errInvalid("Network interface '%s' is currently in use.", id)
}

func errACLNotFound(id string) error {
	return &wire.Error{Code: "InvalidNetworkAclID.NotFound", Message: "The networkAcl ID '" + id + "' does not exist"}
}

func errDHCPOptionsNotFound(id string) error {
	return &wire.Error{Code: "InvalidDhcpOptionID.NotFound", Message: "The dhcpOption ID '" + id + "' does not exist"}
}
