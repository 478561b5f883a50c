package main

import (
	"net/netip"
	"testing"

	"github.com/postern/postern/vpc"
)

// A workload is told of a resolver's address that it has the family for.
func TestAttachmentResolver(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.1.5"), netip.MustParseAddr("3fff:0:0:1::5")
	network := vpc.Network{CIDR: netip.MustParsePrefix("10.0.0.0/16")}
	for _, row := range []struct {
		name string
		eni  vpc.ENI
		want string
	}{
		{"IPv4", vpc.ENI{Address: four}, "10.0.0.2"},
		{"dual-stack", vpc.ENI{Address: four, IPv6: six}, "10.0.0.2"},
		{"IPv6-only", vpc.ENI{IPv6: six}, "fd00:ec2::253"},
	} {
		if got := (attachment{ENI: row.eni, Network: network}).resolver().String(); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
