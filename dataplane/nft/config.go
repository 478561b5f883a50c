package nft

import (
	"net/netip"
	"time"

	"github.com/postern/postern/vpc"
)

// Config is what the filter of one VPC depends on. Addresses of both families
// stand side by side.
type Config struct {
	Resolvers []netip.Addr // DNS to these passes unfiltered, untracked and unlogged; nothing else does
	Gateways  []netip.Addr // nothing to these passes, and none of it is logged
	ENIs      []vpc.ENI
	Groups    []vpc.SecurityGroup

	QueryLimit   int           // packets to the resolvers a second and link; 0: no limit
	EndpointIdle time.Duration // after which a silent TCP connection to an endpoint is forgotten; 0: the kernel's
	ClampMSS     bool          // connections through endpoints and load balancers: no segment larger than the links carry

	Peers     []Peer // filled by package dataplane
	Steers    []Steer
	Frontends []Frontend
}

// Peer is a link to the VPC of a provider or of a consumer.
type Peer struct {
	Link string // link.PeerName of the two VPCs
	Mark uint32 // in the provider's VPC, 1..link.MaxMark: that of connections that come in by it; 0 in the consumer's: only answers do
}

// Steer sends what arrives at one port of an endpoint's ENI, and what its groups
// let in, on to the VPC of the service's provider.
type Steer struct {
	Link     string         // link.PeerName of the two VPCs
	Protocol uint8          // vpc.ProtocolTCP or vpc.ProtocolUDP
	Address  netip.AddrPort // the endpoint's address and the listener's port
}

// Frontend spreads the new connections to one address and port over backends of
// the same family. Each backend sees them come from Node.
type Frontend struct {
	Link     string         // the peer link that they come in by; empty: from inside the VPC
	Protocol uint8          // vpc.ProtocolTCP or vpc.ProtocolUDP
	Address  netip.AddrPort // as the client has it
	Node     netip.Addr     // the load balancer's address that stands for the client
	ENI      string         // of Node: its groups, if it has any, decide what leaves for the backends
	Ingress  bool           // the groups of ENI, if it has any, decide what comes in, too
	Backends []Backend      // none: new connections are dropped
	Idle     time.Duration  // after which a silent TCP connection is forgotten; its packets are then answered with RST; 0: the kernel's
}

// Backend is one destination of a Frontend.
type Backend struct {
	Address netip.AddrPort
	Weight  int // share of the new connections, 1..999
}
