package dns

import (
	"net/netip"
	"strings"

	"github.com/postern/postern/vpc"
)

var loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})

const loopback6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."

// ownedZone returns the zone that holds the canonical name and that this
// resolver answers whole: what does not exist there is NXDOMAIN and is never
// asked upstream.
func ownedZone(name string) (apex string, ok bool) {
	for suffix := name; suffix != "."; suffix = parent(suffix) {
		if localZone(suffix) || endpointZone(suffix) || reverseZone(suffix) {
			return suffix, true
		}
	}
	return "", false
}

// localZone knows names that have no meaning outside (RFC 6761, RFC 7686, and
// the domains of EC2's private names).
func localZone(name string) bool {
	switch name {
	case "localhost.", "invalid.", "onion.", "ec2.internal.", "compute.internal.":
		return true
	}
	return false
}

// endpointZone knows the parents of the regional and zonal endpoint names,
// such as eks.us-east-1.vpce.amazonaws.com, and those of customers' services.
func endpointZone(name string) bool {
	short, rest, _ := strings.Cut(name, ".")
	region, _, _ := strings.Cut(rest, ".")
	if _, known := vpc.FindRegion(region); !known || rest != vpc.EndpointDomain(region)+"." {
		return false
	}
	_, ok := vpc.FindEndpointService("com.amazonaws." + region + "." + short)
	return ok || vpc.ValidID("vpce-svc", short)
}

// reverseZone knows the reverse zones of addresses that have no meaning
// outside: RFC 6303, RFC 7793 (shared address space), and RFC 2544's
// benchmark range, which holds vpc.PublicAddress.
func reverseZone(name string) bool {
	if head, ok := strings.CutSuffix(name, ".in-addr.arpa."); ok {
		return reverseZone4(strings.Split(head, "."))
	}
	if head, ok := strings.CutSuffix(name, ".ip6.arpa."); ok {
		return reverseZone6(head)
	}
	return false
}

// reverseZone4 takes the labels as in the name: the last octet comes first.
func reverseZone4(labels []string) bool {
	switch len(labels) {
	case 1:
		return labels[0] == "0" || labels[0] == "10" || labels[0] == "127"
	case 2:
		switch second := labels[0]; labels[1] {
		case "100":
			return octetIn(second, 64, 127)
		case "169":
			return second == "254"
		case "172":
			return octetIn(second, 16, 31)
		case "192":
			return second == "168"
		case "198":
			return octetIn(second, 18, 19)
		}
	case 3:
		switch strings.Join(labels, ".") {
		case "2.0.192", "100.51.198", "113.0.203":
			return true
		}
	case 4:
		return strings.Join(labels, ".") == "255.255.255.255"
	}
	return false
}

func reverseZone6(head string) bool {
	switch head {
	case "d.f", "8.e.f", "9.e.f", "a.e.f", "b.e.f", "8.b.d.0.1.0.0.2":
		return true
	}
	return head+".ip6.arpa." == loopback6 || head == strings.TrimSuffix(strings.Repeat("0.", 32), ".")
}

// octetIn reports whether label is the decimal of a number in [low, high].
func octetIn(label string, low, high int) bool {
	n := 0
	for _, c := range []byte(label) {
		if c < '0' || c > '9' || len(label) > 3 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return label != "" && label[0] != '0' && low <= n && n <= high
}
