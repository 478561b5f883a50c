package vpc

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// AmazonPool is where VPCs get their IPv6 blocks from. 3fff::/20 is set aside
// for documentation (RFC 9637) and never routed; unlike unique local addresses
// (RFC 4193) programs prefer its addresses to IPv4, as they do Amazon's.
var AmazonPool = netip.MustParsePrefix("3fff::/20")

// The lengths of the IPv6 blocks of VPCs and subnets.
const (
	NetworkIPv6Bits = 56
	SubnetIPv6Bits  = 64
)

// NewNetworkIPv6 draws a block of AmazonPool that overlaps none of taken.
func NewNetworkIPv6(taken []netip.Prefix) IPv6Block {
	for {
		cidr := poolBlock(rand.Uint64())
		if !slices.ContainsFunc(taken, cidr.Overlaps) {
			return IPv6Block{CIDR: cidr, Association: NewID("vpc-cidr-assoc")}
		}
	}
}

// poolBlock is the block n of AmazonPool, modulo how many it has.
func poolBlock(n uint64) netip.Prefix {
	b := AmazonPool.Addr().As16()
	count := uint64(1) << (NetworkIPv6Bits - AmazonPool.Bits())
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])|n%count<<(64-NetworkIPv6Bits))
	return netip.PrefixFrom(netip.AddrFrom16(b), NetworkIPv6Bits)
}

// Within reports whether inner lies in outer. What is not valid lies nowhere.
func Within(outer, inner netip.Prefix) bool {
	return outer.IsValid() && inner.IsValid() && inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())
}
