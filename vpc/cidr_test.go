package vpc

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPoolBlock(t *testing.T) {
	for n, want := range map[uint64]string{
		0:           "3fff::/56",
		1:           "3fff:0:0:100::/56",
		1<<36 - 1:   "3fff:fff:ffff:ff00::/56",
		1<<36 | 0x2: "3fff:0:0:200::/56",
	} {
		if got := poolBlock(n); got.String() != want || got != got.Masked() {
			t.Errorf("block %d is %v, want %s", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if b := poolBlock(rapid.Uint64().Draw(t, "n")); !Within(AmazonPool, b) {
			t.Fatalf("%v is outside of the pool", b)
		}
	})
}

// No two VPCs have overlapping blocks.
func TestNewNetworkIPv6(t *testing.T) {
	var taken []netip.Prefix
	for range 200 {
		b := NewNetworkIPv6(taken)
		if b.CIDR.Bits() != 56 || !ValidID("vpc-cidr-assoc", b.Association) || slices.ContainsFunc(taken, b.CIDR.Overlaps) {
			t.Fatalf("%+v after %v", b, taken)
		}
		taken = append(taken, b.CIDR)
	}
}

func TestWithin(t *testing.T) {
	for _, row := range []struct {
		outer, inner string
		want         bool
	}{
		{"10.0.0.0/16", "10.0.4.0/24", true},
		{"10.0.0.0/16", "10.0.0.0/16", true},
		{"10.0.0.0/16", "10.0.0.0/15", false},
		{"10.0.0.0/16", "10.1.0.0/24", false},
		{"2001:db8:0:100::/56", "2001:db8:0:1ff::/64", true},
		{"2001:db8:0:100::/56", "2001:db8:0:200::/64", false},
		{"10.0.0.0/16", "2001:db8::/64", false},
		{"", "10.0.0.0/16", false},
		{"10.0.0.0/16", "", false},
	} {
		outer, _ := netip.ParsePrefix(row.outer)
		inner, _ := netip.ParsePrefix(row.inner)
		if got := Within(outer, inner); got != row.want {
			t.Errorf("%q in %q: %v", row.inner, row.outer, got)
		}
	}
}
