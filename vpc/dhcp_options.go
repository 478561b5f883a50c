package vpc

import (
	"crypto/sha256"
	"encoding/hex"
)

// DefaultDHCPOptions is the id of the DHCP options set that an account has in
// a Region, and that its VPCs use there.
func DefaultDHCPOptions(o Owner) string {
	sum := sha256.Sum256([]byte(o.Account + "/" + o.Region))
	return "dopt-0" + hex.EncodeToString(sum[:8])
}

// DHCP is the id of the DHCP options set of the VPC.
func (n Network) DHCP() string {
	if n.DHCPOptions == "" || n.DHCPOptions == "default" {
		return DefaultDHCPOptions(n.Owner)
	}
	return n.DHCPOptions
}
