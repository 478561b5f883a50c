package ec2

// The errors of IPv6, of network interfaces and of network ACLs, one function
// a case, the text exactly AWS's where it is known.

// errSubnetFamily refuses an address of a family of which the subnet has no CIDR.
func errSubnetFamily(subnet string) error {
	return errParameter("The subnet %s does not have a CIDR block of the requested IP address type", subnet)
}
