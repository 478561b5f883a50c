package vpc

import (
	"encoding/binary"
	"net/netip"
)

// LinkLocalResolver answers beside the resolver at VPC + 2 in every VPC.
var LinkLocalResolver = netip.AddrFrom4([4]byte{169, 254, 169, 253})

// Nth returns the address n after the base of p. It is the zero Addr when
// that lies outside p. Only IPv4 prefixes.
func Nth(p netip.Prefix, n uint32) netip.Addr {
	base := binary.BigEndian.Uint32(p.Masked().Addr().AsSlice())
	if uint64(n) >= 1<<(32-p.Bits()) {
		return netip.Addr{}
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], base+n)
	return netip.AddrFrom4(b)
}

// Gateway is the implicit router's address in a subnet: base + 1.
func Gateway(subnet netip.Prefix) netip.Addr { return Nth(subnet, 1) }

// Resolver is the DNS resolver's address in a VPC: base of the primary CIDR + 2.
func Resolver(vpcCIDR netip.Prefix) netip.Addr { return Nth(vpcCIDR, 2) }

// Reserved reports whether AWS keeps a for itself in subnet: the first four
// addresses and the last one.
func Reserved(subnet netip.Prefix, a netip.Addr) bool {
	size := uint32(1) << (32 - subnet.Bits())
	for _, n := range []uint32{0, 1, 2, 3, size - 1} {
		if Nth(subnet, n) == a {
			return true
		}
	}
	return false
}

// Free returns an address of subnet that is neither reserved nor taken: the
// first one at or after the offset start (of 2³²; a random start spreads
// addresses as EC2 does). The zero Addr means that the subnet is full.
func Free(subnet netip.Prefix, start uint32, taken func(netip.Addr) bool) netip.Addr {
	size := uint64(1) << (32 - subnet.Bits())
	for i := range size {
		a := Nth(subnet, uint32((uint64(start)+i)%size))
		if !Reserved(subnet, a) && !taken(a) {
			return a
		}
	}
	return netip.Addr{}
}

// Usable is how many addresses of subnet users may have.
func Usable(subnet netip.Prefix) int { return 1<<(32-subnet.Bits()) - 5 }
