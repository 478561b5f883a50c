package vpc

import (
	"net"
	"regexp"
	"testing"
)

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID("vpce")
		if !regexp.MustCompile(`^vpce-0[0-9a-f]{16}$`).MatchString(id) || seen[id] {
			t.Fatalf("NewID gave %q", id)
		}
		if !ValidID("vpce", id) {
			t.Fatalf("%q is not valid to ValidID", id)
		}
		seen[id] = true
	}
}

func TestValidID(t *testing.T) {
	for _, row := range []struct {
		prefix, id string
		want       bool
	}{
		{"vpc", "vpc-0123456789abcdef0", true},
		{"vpc", "vpc-01234567", true}, // the short form of before 2018
		{"vpc", "vpc-0123456789abcdef", false},
		{"vpc", "vpc-0123456789ABCDEF0", false},
		{"vpc", "vpce-0123456789abcdef0", false},
		{"vpc", "vpc-", false},
		{"vpc", "", false},
		{"sg", "sg-0123456789abcdef0\n", false},
	} {
		if got := ValidID(row.prefix, row.id); got != row.want {
			t.Errorf("ValidID(%q, %q) = %v", row.prefix, row.id, got)
		}
	}
}

func TestNewSuffix(t *testing.T) {
	for range 200 {
		if s := NewSuffix(8); !regexp.MustCompile(`^[a-z0-9]{8}$`).MatchString(s) {
			t.Fatalf("NewSuffix gave %q", s)
		}
	}
}

// A MAC address must be unicast and locally administered, or the kernel
// refuses it or it may clash with a real card.
func TestNewMAC(t *testing.T) {
	for range 200 {
		mac, err := net.ParseMAC(NewMAC())
		if err != nil || mac[0] != 2 {
			t.Fatalf("NewMAC gave %v, %v", mac, err)
		}
	}
}
