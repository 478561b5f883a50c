package vpc

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
)

func TestFamiliesOf(t *testing.T) {
	for word, want := range map[string]Families{
		"":          {IPv4: true},
		"ipv4":      {IPv4: true},
		"ipv6":      {IPv6: true},
		"dualstack": {IPv4: true, IPv6: true},
	} {
		if got := FamiliesOf(word); got != want {
			t.Errorf("%q: %+v", word, got)
		}
	}
}

// dual is a subnet of both families in which two addresses are taken.
func dual() (Subnet, []ENI) {
	return Subnet{
			ID: "subnet-0a", CIDR: netip.MustParsePrefix("10.0.4.0/28"),
			IPv6: IPv6Block{CIDR: netip.MustParsePrefix("2001:db8:0:1::/64")},
		}, []ENI{
			{Address: netip.MustParseAddr("10.0.4.9")},
			{Address: netip.MustParseAddr("10.0.4.10"), IPv6: netip.MustParseAddr("2001:db8:0:1::9")},
		}
}

// What is wanted is had, or refused with the reason.
func TestPlaceWanted(t *testing.T) {
	sn, present := dual()
	for _, row := range []struct {
		address string
		want    error
	}{
		{"10.0.4.4", nil},
		{"10.0.4.14", nil},
		{"10.0.4.9", ErrAddressInUse},
		{"10.0.4.0", ErrAddressReserved},
		{"10.0.4.3", ErrAddressReserved},
		{"10.0.4.15", ErrAddressReserved},
		{"10.0.4.16", ErrAddressOutside},
		{"2001:db8:0:1::4", nil},
		{"2001:db8:0:1:ffff:ffff:ffff:fffe", nil},
		{"2001:db8:0:1::9", ErrAddressInUse},
		{"2001:db8:0:1::", ErrAddressReserved},
		{"2001:db8:0:1::3", ErrAddressReserved},
		{"2001:db8:0:1:ffff:ffff:ffff:ffff", ErrAddressReserved},
		{"2001:db8:0:2::4", ErrAddressOutside},
	} {
		a := netip.MustParseAddr(row.address)
		f, wanted := Families{IPv4: true}, AddressPair{IPv4: a}
		if a.Is6() {
			f, wanted = Families{IPv6: true}, AddressPair{IPv6: a}
		}
		got, err := Place(sn, f, wanted, slices.Values(present))
		if !errors.Is(err, row.want) || err == nil && got != wanted {
			t.Errorf("%s: %v, %v, want %v", row.address, got, err, row.want)
		}
		if at := new(AddressError); err != nil && (!errors.As(err, &at) || at.Address != a || at.Subnet != sn.ID) {
			t.Errorf("%s: the error %q names neither address nor subnet", row.address, err)
		}
	}
}

// Each family that is asked for is given, from its own CIDR; no other.
func TestPlaceFamilies(t *testing.T) {
	sn, present := dual()
	native := sn
	native.CIDR, native.Native = netip.Prefix{}, true
	for _, row := range []struct {
		sn   Subnet
		f    Families
		want error
	}{
		{sn, Families{IPv4: true}, nil},
		{sn, Families{IPv6: true}, nil},
		{sn, Families{IPv4: true, IPv6: true}, nil},
		{native, Families{IPv6: true}, nil},
		{native, Families{IPv4: true, IPv6: true}, ErrNoCIDR},
		{Subnet{CIDR: sn.CIDR}, Families{IPv4: true, IPv6: true}, ErrNoCIDR},
	} {
		got, err := Place(row.sn, row.f, AddressPair{}, slices.Values(present))
		if !errors.Is(err, row.want) {
			t.Errorf("%+v: %v, want %v", row, err, row.want)
		}
		if err != nil {
			continue
		}
		if got.IPv4.IsValid() != row.f.IPv4 || row.f.IPv4 && (!row.sn.CIDR.Contains(got.IPv4) || Reserved(row.sn.CIDR, got.IPv4)) {
			t.Errorf("%+v: IPv4 %v", row, got.IPv4)
		}
		if v6 := row.sn.IPv6.CIDR; got.IPv6.IsValid() != row.f.IPv6 || row.f.IPv6 && (!v6.Contains(got.IPv6) || Reserved(v6, got.IPv6)) {
			t.Errorf("%+v: IPv6 %v", row, got.IPv6)
		}
	}
	if f := native.Families(); f != (Families{IPv6: true}) {
		t.Errorf("an IPv6-only subnet has %+v", f)
	}
}

// A subnet is full when all of its IPv4 addresses are taken, and not before.
func TestPlaceUntilFull(t *testing.T) {
	sn, present := dual()
	for len(present) < Usable(sn.CIDR) {
		pair, err := Place(sn, Families{IPv4: true, IPv6: true}, AddressPair{}, slices.Values(present))
		if err != nil {
			t.Fatalf("after %d: %v", len(present), err)
		}
		for _, eni := range present {
			if eni.Address == pair.IPv4 || eni.IPv6 == pair.IPv6 {
				t.Fatalf("%v is given twice", pair)
			}
		}
		present = append(present, ENI{Address: pair.IPv4, IPv6: pair.IPv6})
	}
	_, err := Place(sn, Families{IPv4: true, IPv6: true}, AddressPair{}, slices.Values(present))
	if !errors.Is(err, ErrSubnetFull) {
		t.Errorf("full: %v", err)
	}
}
