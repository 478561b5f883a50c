package vpc

import (
	"encoding/binary"
	"net/netip"
)

// LinkLocalResolver6 answers in every VPC that has IPv6.
var LinkLocalResolver6 = netip.MustParseAddr("fd00:ec2::253")

// LinkLocalResolver answers beside the resolver at VPC + 2 in every VPC.
var LinkLocalResolver = netip.AddrFrom4([4]byte{169, 254, 169, 253})

// Nth returns the address n after the base of p. It is the zero Addr when
// that lies outside p, or p is not valid.
func Nth(p netip.Prefix, n uint64) netip.Addr {
	if !p.IsValid() || n > lastOffset(p) {
		return netip.Addr{}
	}
	base := p.Masked().Addr()
	if base.Is4() {
		b := base.As4()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])|uint32(n))
		return netip.AddrFrom4(b)
	}
	b := base.As16()
	binary.BigEndian.PutUint64(b[8:], binary.BigEndian.Uint64(b[8:])|n)
	return netip.AddrFrom16(b)
}

// lastOffset is the greatest n of Nth in p: of an IPv6 prefix shorter than
// /64 only the first /64 is counted.
func lastOffset(p netip.Prefix) uint64 {
	return 1<<min(p.Addr().BitLen()-p.Bits(), 64) - 1
}

// Gateway is the implicit router's address in a subnet: base + 1.
func Gateway(subnet netip.Prefix) netip.Addr { return Nth(subnet, 1) }

// Resolver is the DNS resolver's address in a VPC: base of the primary CIDR + 2.
func Resolver(vpcCIDR netip.Prefix) netip.Addr { return Nth(vpcCIDR, 2) }

// Reserved reports whether AWS keeps a for itself in subnet: the first four
// addresses and the last one, in both families.
func Reserved(subnet netip.Prefix, a netip.Addr) bool {
	for _, n := range []uint64{0, 1, 2, 3, lastOffset(subnet)} {
		if Nth(subnet, n) == a {
			return true
		}
	}
	return false
}

// Free returns an address of subnet that is neither reserved nor taken: the
// first one at or after the offset start, which wraps around (a random start
// spreads addresses as EC2 does). The zero Addr means that the subnet is full.
func Free(subnet netip.Prefix, start uint64, taken func(netip.Addr) bool) netip.Addr {
	last := lastOffset(subnet) // one less than a power of two
	for i := uint64(0); ; i++ {
		a := Nth(subnet, (start+i)&last)
		if !Reserved(subnet, a) && !taken(a) {
			return a
		}
		if i == last {
			return netip.Addr{}
		}
	}
}

// Usable is how many addresses of an IPv4 subnet users may have; 0 where the
// subnet has no IPv4 CIDR.
func Usable(subnet netip.Prefix) int {
	if !subnet.IsValid() {
		return 0
	}
	return 1<<(32-subnet.Bits()) - 5
}
