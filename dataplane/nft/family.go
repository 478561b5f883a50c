package nft

import (
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// family is what differs between IPv4 and IPv6. Whatever holds addresses
// exists once a family: a packet is looked for among those of its own.
type family struct {
	number  byte // NFPROTO_…
	bits    int  // of an address
	suffix  string
	key     nftables.SetDatatype
	offsets [2]uint32 // of an address in the header, in bytes, by side
	name    string    // as nft writes it
}

// side is an end of a packet.
type side int

const (
	source side = iota
	destination
)

var (
	ipv4     = family{unix.NFPROTO_IPV4, 32, "", nftables.TypeIPAddr, [2]uint32{12, 16}, "ip"}
	ipv6     = family{unix.NFPROTO_IPV6, 128, "-v6", nftables.TypeIP6Addr, [2]uint32{8, 24}, "ip6"}
	families = []family{ipv4, ipv6}
)

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return ipv4
	}
	return ipv6
}

// each makes the rules of both families.
func each(make func(family) Rule) []Rule { return []Rule{make(ipv4), make(ipv6)} }

// set is the name of the family's set of a kind.
func (f family) set(name string) string { return name + f.suffix }

// keys are those of a set of addresses.
func (f family) keys() []nftables.SetDatatype { return []nftables.SetDatatype{f.key} }

// is matches the family.
func (f family) is() []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: reg1}, equal([]byte{f.number})}
}

// address loads one of the packet's addresses.
func (f family) address(s side, register uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: f.offsets[s], Len: uint32(f.bits / 8)}
}

func (f family) inSet(s side, set string) []expr.Any {
	return append(f.is(), f.address(s, reg1), &expr.Lookup{SourceRegister: reg1, SetName: f.set(set)})
}

func (f family) linkAndSourceNotIn(set string) []expr.Any {
	return append(f.is(),
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: reg1},
		f.address(source, reg2),
		&expr.Lookup{SourceRegister: reg1, SetName: f.set(set), Invert: true})
}

// addressMap goes where the map leads the packet for one of its addresses.
func (f family) addressMap(s side, set string) []expr.Any {
	return append(append(f.is(), f.address(s, reg1)), verdicts(f.set(set))...)
}

// inPrefix matches an address of p's family. It loads no more than the bytes
// that p fixes, if it ends on a byte.
func inPrefix(s side, p netip.Prefix) []expr.Any {
	p = p.Masked()
	f, a := familyOf(p.Addr()), p.Addr().AsSlice()
	size := f.bits / 8
	switch {
	case p.Bits() == 0:
		return f.is()
	case p.Bits()%8 == 0:
		n := p.Bits() / 8
		return append(f.is(),
			&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseNetworkHeader, Offset: f.offsets[s], Len: uint32(n)},
			equal(a[:n]))
	}
	return append(f.is(), f.address(s, reg1),
		&expr.Bitwise{SourceRegister: reg1, DestRegister: reg1, Len: uint32(size), Mask: net.CIDRMask(p.Bits(), f.bits), Xor: make([]byte, size)},
		equal(a))
}
