package vpc

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestNth(t *testing.T) {
	for _, row := range []struct {
		prefix string
		n      uint64
		want   string // empty: outside
	}{
		{"10.0.0.0/16", 0, "10.0.0.0"},
		{"10.0.0.0/16", 2, "10.0.0.2"},
		{"10.0.0.0/16", 65535, "10.0.255.255"},
		{"10.0.0.0/16", 65536, ""},
		{"10.0.1.16/28", 15, "10.0.1.31"},
		{"10.0.1.16/28", 16, ""},
		{"255.255.255.240/28", 15, "255.255.255.255"},
		{"10.0.1.7/24", 1, "10.0.1.1"}, // host bits do not count
		{"2001:db8:0:1::/64", 0, "2001:db8:0:1::"},
		{"2001:db8:0:1::/64", 1<<64 - 1, "2001:db8:0:1:ffff:ffff:ffff:ffff"},
		{"2001:db8:0:100::/56", 5, "2001:db8:0:100::5"},
		{"2001:db8::ff00/120", 255, "2001:db8::ffff"},
		{"2001:db8::ff00/120", 256, ""},
	} {
		got := Nth(netip.MustParsePrefix(row.prefix), row.n)
		if want, _ := netip.ParseAddr(row.want); got != want {
			t.Errorf("Nth(%s, %d) = %v, want %q", row.prefix, row.n, got, row.want)
		}
	}
}

// The first four addresses and the last one of a subnet are AWS's.
func TestReserved(t *testing.T) {
	subnet := netip.MustParsePrefix("10.0.1.0/28")
	for n := range uint64(16) {
		want := n < 4 || n == 15
		if got := Reserved(subnet, Nth(subnet, n)); got != want {
			t.Errorf("Reserved(%v) = %v, want %v", Nth(subnet, n), got, want)
		}
	}
	wide := netip.MustParsePrefix("2001:db8:0:1::/64")
	for n, want := range map[uint64]bool{0: true, 3: true, 4: false, 1 << 32: false, 1<<64 - 2: false, 1<<64 - 1: true} {
		if got := Reserved(wide, Nth(wide, n)); got != want {
			t.Errorf("Reserved(%v) = %v, want %v", Nth(wide, n), got, want)
		}
	}
	if Reserved(subnet, netip.MustParseAddr("10.0.2.0")) {
		t.Error("an address of another subnet is not reserved in this one")
	}
}

// Free hands out every usable address exactly once, whatever the start.
func TestFreeExhaustsTheSubnet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(24, 28).Draw(t, "bits")
		subnet := netip.PrefixFrom(netip.MustParseAddr("192.0.2.0"), bits)
		taken := map[netip.Addr]bool{}
		for range Usable(subnet) {
			a := Free(subnet, rapid.Uint64().Draw(t, "start"), func(a netip.Addr) bool { return taken[a] })
			if !a.IsValid() || !subnet.Contains(a) || Reserved(subnet, a) || taken[a] {
				t.Fatalf("Free gave %v after %d addresses of %v", a, len(taken), subnet)
			}
			taken[a] = true
		}
		if a := Free(subnet, 0, func(a netip.Addr) bool { return taken[a] }); a.IsValid() {
			t.Fatalf("Free gave %v from a full subnet", a)
		}
	})
}

// In a /64 the offset wraps around too, over the reserved addresses at both ends.
func TestFreeWrapsAround(t *testing.T) {
	subnet := netip.MustParsePrefix("2001:db8:0:1::/64")
	taken := netip.MustParseAddr("2001:db8:0:1::4")
	got := Free(subnet, 1<<64-1, func(a netip.Addr) bool { return a == taken })
	if want := netip.MustParseAddr("2001:db8:0:1::5"); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNoPrefixHasNoAddress(t *testing.T) {
	if a := Nth(netip.Prefix{}, 0); a.IsValid() {
		t.Errorf("the address %v", a)
	}
	if n := Usable(netip.Prefix{}); n != 0 {
		t.Errorf("%d addresses", n)
	}
}

func TestResolverAndGateway(t *testing.T) {
	if got := Resolver(netip.MustParsePrefix("10.0.0.0/16")).String(); got != "10.0.0.2" {
		t.Errorf("resolver at %s", got)
	}
	if got := Gateway(netip.MustParsePrefix("10.0.3.0/24")).String(); got != "10.0.3.1" {
		t.Errorf("gateway at %s", got)
	}
}
