package dns

import (
	"fmt"
	"strings"
	"testing"
)

// first is the address that a name of the directory answers with, or nothing.
func first(d *directory, name string) string {
	n := d.find(name + ".")
	if n == nil {
		return ""
	}
	return n.a.at(0).String()
}

// Each VPC sets its own names and touches no other's.
func TestDirectory(t *testing.T) {
	d := newDirectory()
	d.set("vpc-a", []RRSet{set("one.example.org", "10.0.0.1"), set("Two.example.org", "10.0.0.2")})
	d.set("vpc-b", []RRSet{set("three.example.org", "10.0.0.3")})
	state := func() string {
		return strings.Join([]string{first(d, "one.example.org"), first(d, "two.example.org"), first(d, "three.example.org")}, " ")
	}
	if got := state(); got != "10.0.0.1 10.0.0.2 10.0.0.3" {
		t.Fatal(got)
	}
	kept := d.find("one.example.org.")
	d.set("vpc-a", []RRSet{set("one.example.org", "10.0.0.1"), set("two.example.org", "10.0.0.9")})
	if got := state(); got != "10.0.0.1 10.0.0.9 10.0.0.3" || d.find("one.example.org.") != kept {
		t.Errorf("after a change: %s", got)
	}
	d.set("vpc-a", nil)
	if got := state(); got != "  10.0.0.3" {
		t.Errorf("after the removal of a VPC: %q", got)
	}
	if len(d.owners) != 1 {
		t.Errorf("owners %v", d.owners)
	}
}

// What is set again as it was keeps its node, whatever it has; what differs in
// anything does not.
func TestNodeHoldsItsSet(t *testing.T) {
	alias := RRSet{Name: "a.example.org", CNAME: "B.example.org"}
	sets := []RRSet{
		set("a.example.org"),
		set("a.example.org", "10.0.0.1"),
		set("a.example.org", "10.0.0.1", "10.0.0.2"),
		set("a.example.org", "10.0.0.2", "10.0.0.1"),
		set("a.example.org", "10.0.0.1", "2001:db8::1"),
		set("a.example.org", "2001:db8::1"),
		set("a.example.org", "2001:db8::2"),
		alias,
		{Name: "a.example.org", CNAME: "c.example.org"},
	}
	for i, made := range sets {
		n := newNode(made, "a.example.org.")
		for k, s := range sets {
			if got := n.holds(s); got != (i == k) {
				t.Errorf("the node of %v holds %v: %v", made, s, got)
			}
		}
	}
	if alias.CNAME = "b.example.org."; !newNode(sets[7], "a.example.org.").holds(alias) {
		t.Error("the spelling of an alias matters")
	}
}

// A name that has moved to another VPC is not removed by the one it has left.
func TestDirectoryMovedName(t *testing.T) {
	d := newDirectory()
	d.set("vpc-a", []RRSet{set("one.example.org", "10.0.0.1")})
	d.set("vpc-b", []RRSet{set("one.example.org", "10.0.0.2")})
	d.set("vpc-a", nil)
	if got := first(d, "one.example.org"); got != "10.0.0.2" {
		t.Errorf("got %q", got)
	}
}

// A change in one VPC costs what it is large, not what the installation is:
// compare the two sizes.
func BenchmarkSetPublic(b *testing.B) {
	for _, vpcs := range []int{10, 1000} {
		b.Run(fmt.Sprintf("vpcs=%d", vpcs), func(b *testing.B) {
			d := newDirectory()
			names := func(i, generation int) (all []RRSet) {
				for e := range 10 {
					for zone := range 4 {
						name := fmt.Sprintf("vpce-%017x-%08x-%d.eks.us-east-1.vpce.amazonaws.com", i, e, zone)
						all = append(all, set(name, fmt.Sprintf("10.0.%d.%d", zone, generation%250)))
					}
				}
				return all
			}
			for i := range vpcs {
				d.set(fmt.Sprint(i), names(i, 0))
			}
			one, two := names(1, 1), names(1, 2)
			b.ResetTimer()
			for i := range b.N {
				d.set("1", [][]RRSet{one, two}[i%2])
			}
		})
	}
}
