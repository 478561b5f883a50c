package link

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
)

// MTU of all links of a VPC, in bytes: that of an interface endpoint.
const MTU = 8500

// burst is how much of a TCP stream passes a link at once, in bytes, before it
// is cut into packets of the MTU: what a VPC's rules cost is then paid for
// three times as much as the kernel's own 64 KiB.
const burst = 192 << 10

// Link is an ENI with a workload behind it.
type Link struct {
	ENI     string       // eni-…
	MAC     string       // of the workload's end
	Address netip.Addr   // of the workload's end; not valid where it has only IPv6
	Subnet  netip.Prefix // the workload finds its neighbours here
	Gateway netip.Addr   // an address of the VPC's lo; the workload's default route
	IPv6    netip.Addr   // of the workload's end, or not valid: a /128 with RouterIPv6 as its default route
}

// Marks of packets (fwmark) that decide the route.
const (
	SteerMark uint32 = 1 << 31   // in a consumer's VPC: leave by the peer link of the destination
	MaxMark   uint32 = 1<<16 - 1 // in a provider's: 1..MaxMark, back by the peer link that has the mark
)

// Peer is a link between the VPC of an endpoint and the VPC of the service
// behind it.
type Peer struct {
	Consumer string       // vpc-… of the endpoints
	Provider string       // vpc-… of the load balancers
	Routes   []netip.Addr // in the consumer's VPC: the endpoints' addresses that lead here
}

// RouterIPv6 is the link-local address of every VPC's end of a link.
var RouterIPv6 = netip.MustParseAddr("fe80::1")

// Next hops on a peer link, the same at both ends. Nobody has these addresses
// there: fixed neighbours lead to the other end.
var (
	PeerHop     = netip.MustParseAddr("169.254.0.1")
	PeerHopIPv6 = RouterIPv6
)

// peerPrefix begins the names of peer links.
const peerPrefix = "svc-"

// PeerName is the name of a peer link, the same at both ends: svc- and 11 hex
// digits of a digest of the two VPCs' ids.
func PeerName(consumer, provider string) string {
	sum := digest(consumer, provider)
	return peerPrefix + hex.EncodeToString(sum[:])[:nameSize-len(peerPrefix)]
}

// PeerMACs are the hardware addresses of the consumer's and of the provider's
// end of a peer link.
func PeerMACs(consumer, provider string) (c, p net.HardwareAddr) {
	sum := digest(consumer, provider)
	c = append(net.HardwareAddr{0x02}, sum[8:13]...)
	p = append(net.HardwareAddr{0x06}, sum[8:13]...)
	return c, p
}

func digest(consumer, provider string) [sha256.Size]byte {
	return sha256.Sum256([]byte(consumer + " " + provider))
}

// other is the VPC at the other end of a peer link of vpc.
func (p Peer) other(vpc string) string {
	if p.Consumer == vpc {
		return p.Provider
	}
	return p.Consumer
}

// nameSize is the longest name of a Linux interface.
const nameSize = 15

// Name is the name of the VPC's end of an ENI's link: eni- and the last 11
// hex digits of the id (the 8 of an old short id). 44 random bits: Ensure
// refuses the link of an ENI whose name another one has.
func Name(eni string) string {
	if len(eni) <= nameSize {
		return eni
	}
	return "eni-" + eni[len(eni)-(nameSize-len("eni-")):]
}
