package link

import (
	"testing"

	"github.com/postern/postern/vpc"
)

func TestName(t *testing.T) {
	for eni, want := range map[string]string{
		"eni-0123456789abcdef0": "eni-6789abcdef0",
		"eni-01234567":          "eni-01234567",
	} {
		if got := Name(eni); got != want {
			t.Errorf("Name(%s) = %s, want %s", eni, got, want)
		}
	}
	for range 1000 {
		id := vpc.NewID("eni")
		if n := Name(id); len(n) != nameSize || n == id {
			t.Fatalf("Name(%s) = %s", id, n)
		}
	}
}

// The ends of a peer link are told apart, and one pair of VPCs from another.
func TestPeerNames(t *testing.T) {
	names, macs := map[string]bool{}, map[string]bool{}
	for range 500 {
		a, b := vpc.NewID("vpc"), vpc.NewID("vpc")
		for _, p := range [][2]string{{a, b}, {b, a}} { // each may be the provider of the other
			n := PeerName(p[0], p[1])
			consumer, provider := PeerMACs(p[0], p[1])
			if len(n) != nameSize || names[n] || macs[consumer.String()] || consumer.String() == provider.String() {
				t.Fatalf("%v: %s, %v, %v", p, n, consumer, provider)
			}
			if consumer[0]&3 != 2 || provider[0]&3 != 2 {
				t.Fatalf("%v and %v are not local unicast addresses", consumer, provider)
			}
			names[n], macs[consumer.String()] = true, true
		}
	}
}
