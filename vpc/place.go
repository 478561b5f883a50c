package vpc

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
)

// Families are the families of IP addresses that something has or wants.
type Families struct{ IPv4, IPv6 bool }

// FamiliesOf are the families of an address type in the API's words: ipv4,
// ipv6 or dualstack. No word means ipv4, the default of endpoints and load
// balancers.
func FamiliesOf(addressType string) Families {
	return Families{IPv4: addressType != "ipv6", IPv6: addressType == "ipv6" || addressType == "dualstack"}
}

// Families are those of which the subnet has a CIDR.
func (s Subnet) Families() Families {
	return Families{IPv4: s.CIDR.IsValid(), IPv6: s.IPv6.CIDR.IsValid()}
}

// AddressPair is one address of each family; one that is not valid is none.
type AddressPair struct{ IPv4, IPv6 netip.Addr }

// Why an address cannot be had in a subnet.
var (
	ErrNoCIDR          = errors.New("the subnet has no CIDR of the family")
	ErrSubnetFull      = errors.New("the subnet has no free address")
	ErrAddressOutside  = errors.New("the address is outside of the subnet")
	ErrAddressReserved = errors.New("the address is reserved in the subnet")
	ErrAddressInUse    = errors.New("the address is in use")
)

// AddressError is the error of Place.
type AddressError struct {
	Subnet  string
	Address netip.Addr // the wanted one; not valid where any would have done
	Err     error      // one of those above
}

func (e *AddressError) Error() string {
	if !e.Address.IsValid() {
		return fmt.Sprintf("choose an address in %s: %v", e.Subnet, e.Err)
	}
	return fmt.Sprintf("take %v in %s: %v", e.Address, e.Subnet, e.Err)
}

func (e *AddressError) Unwrap() error { return e.Err }

// Place chooses the addresses of a network interface in sn, one of each family
// of f: the wanted one or, where that is not valid, a random free one. present
// are the network interfaces in sn. What is wanted of other families is not
// looked at. The error is an *AddressError.
func Place(sn Subnet, f Families, wanted AddressPair, present iter.Seq[ENI]) (AddressPair, error) {
	taken := make(map[netip.Addr]bool)
	for eni := range present {
		for _, a := range eni.Addresses() {
			taken[a] = true
		}
	}
	var pair AddressPair
	var err error
	if f.IPv4 {
		if pair.IPv4, err = place(sn.CIDR, wanted.IPv4, taken); err != nil {
			return AddressPair{}, &AddressError{sn.ID, wanted.IPv4, err}
		}
	}
	if f.IPv6 {
		if pair.IPv6, err = place(sn.IPv6.CIDR, wanted.IPv6, taken); err != nil {
			return AddressPair{}, &AddressError{sn.ID, wanted.IPv6, err}
		}
	}
	return pair, nil
}

func place(cidr netip.Prefix, wanted netip.Addr, taken map[netip.Addr]bool) (netip.Addr, error) {
	switch {
	case !cidr.IsValid():
		return netip.Addr{}, ErrNoCIDR
	case !wanted.IsValid():
		a := Free(cidr, rand.Uint64(), func(a netip.Addr) bool { return taken[a] })
		if !a.IsValid() {
			return netip.Addr{}, ErrSubnetFull
		}
		return a, nil
	case !cidr.Contains(wanted):
		return netip.Addr{}, ErrAddressOutside
	case Reserved(cidr, wanted):
		return netip.Addr{}, ErrAddressReserved
	case taken[wanted]:
		return netip.Addr{}, ErrAddressInUse
	}
	return wanted, nil
}
