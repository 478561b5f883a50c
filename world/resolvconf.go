package world

import (
	"fmt"
	"net/netip"
)

// ResolvConf is what the DHCP server of a VPC makes of resolv.conf(5): the
// VPC's resolver, and the search domain of AmazonProvidedDNS.
func ResolvConf(resolver netip.Addr, region string) string {
	domain := region + ".compute.internal"
	if region == "us-east-1" {
		domain = "ec2.internal"
	}
	return fmt.Sprintf("# Written by Postern for this session.\nsearch %s\noptions timeout:2 attempts:5\nnameserver %s\n", domain, resolver)
}
