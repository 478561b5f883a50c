package vpc

import (
	"fmt"
	"net/netip"
	"strings"
)

// HostName is the private DNS name of an instance address in a Region.
func HostName(a netip.Addr, region string) string {
	b := a.As4()
	return fmt.Sprintf("ip-%d-%d-%d-%d.%s", b[0], b[1], b[2], b[3], InternalDomain(region))
}

// ResourceName is the private DNS name of the instance that an ENI stands for:
// its id is that of the ENI with another prefix.
func ResourceName(eni, region string) string {
	return "i-" + strings.TrimPrefix(eni, "eni-") + "." + InternalDomain(region)
}

// InternalDomain is the parent of the instances' names in a Region.
func InternalDomain(region string) string {
	if region == "us-east-1" {
		return "ec2.internal"
	}
	return region + ".compute.internal"
}
