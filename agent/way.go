package agent

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

// way leads what arrives at one address and port to the targets of a load
// balancer: through the kernel, or through the splice proxy where bytes must be
// added or the family changes.
type way struct {
	Protocol uint8
	Address  netip.AddrPort // of the endpoint or of the node itself, with the listener's port
	Provider string         // VPC of the load balancer
	Node     vpc.ENI
	Source   netip.Addr // the node's address that the targets see
	Targets  []target
	Idle     time.Duration
	Spliced  bool
}

// target is one destination of a way.
type target struct {
	Address netip.AddrPort
	Weight  int
	Header  bool // the connection begins with a PROXY v2 header
}

// defaultIdle is the idle timeout of endpoints and network load balancers
// ("Network Load Balancers: connection idle timeout").
const defaultIdle = 350 * time.Second

// lane is the load balancer that an interface of an endpoint is pinned to, and
// the node of it that stands for the clients.
type lane struct {
	balancer
	Node zoned
}

// pin chooses the load balancer for an interface: one with a node in its zone,
// the same one as long as it is there.
func pin(c connection, eni zoned) (lane, bool) {
	var lanes []lane
	for _, sameZone := range []bool{true, false} {
		for _, b := range c.Balancers {
			for _, n := range b.Nodes {
				if !sameZone || n.Zone == eni.Zone {
					lanes = append(lanes, lane{b, n})
				}
			}
		}
		if len(lanes) > 0 {
			break
		}
	}
	if len(lanes) == 0 {
		return lane{}, false
	}
	return slices.MaxFunc(lanes, func(x, y lane) int {
		return cmp.Compare(rank(eni.ID, x.Node.ID), rank(eni.ID, y.Node.ID))
	}), true
}

// rank orders the candidates of an interface (rendezvous hashing: a new
// candidate moves only those that choose it).
func rank(eni, candidate string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(eni + " " + candidate))
	return h.Sum64()
}

// ways are those of the connections that arrive at these addresses.
func (l lane) ways(at []netip.Addr) []way {
	var all []way
	for _, row := range l.Listeners {
		for _, protocol := range protocols(row.Protocol) {
			for _, a := range at {
				if w, ok := l.way(row, protocol, a); ok {
					all = append(all, w)
				}
			}
		}
	}
	return all
}

func protocols(listener string) []uint8 {
	switch listener {
	case "TCP":
		return []uint8{vpc.ProtocolTCP}
	case "UDP":
		return []uint8{vpc.ProtocolUDP}
	case "TCP_UDP":
		return []uint8{vpc.ProtocolTCP, vpc.ProtocolUDP}
	}
	return nil
}

// way is the way of a listener at an address of one family; false where there
// is none: UDP has no proxy that could change the family.
func (l lane) way(row listener, protocol uint8, at netip.Addr) (way, bool) {
	w := way{
		Protocol: protocol,
		Address:  netip.AddrPortFrom(at, row.Port),
		Provider: l.VPC,
		Node:     l.Node.ENI,
		Targets:  targets(l.LoadBalancer, row, l.Node.Zone),
		Idle:     idle(row.Listener),
	}
	is4 := at.Is4()
	for _, f := range row.Forwards {
		if f.Group.ProxyProtocol() && protocol == vpc.ProtocolTCP {
			w.Spliced = true
		}
		if group4 := f.Group.AddressType != "ipv6"; group4 != is4 {
			w.Spliced, is4 = true, group4
		}
	}
	w.Source = l.Node.Address
	if !is4 {
		w.Source = l.Node.IPv6
	}
	return w, w.Source.IsValid() && (!w.Spliced || protocol == vpc.ProtocolTCP)
}

func idle(l vpc.Listener) time.Duration {
	if s, err := strconv.Atoi(l.Attributes["tcp.idle_timeout.seconds"]); err == nil {
		return time.Duration(s) * time.Second
	}
	return defaultIdle
}

// steer is the way's beginning in the consumer's VPC.
func (w way) steer(consumer string) nft.Steer {
	return nft.Steer{Link: link.PeerName(consumer, w.Provider), Protocol: w.Protocol, Address: w.Address}
}

// frontend is the way's end in the provider's VPC; link is empty for clients in
// that VPC.
func (w way) frontend(link string) nft.Frontend {
	f := nft.Frontend{
		Link:     link,
		Protocol: w.Protocol,
		Address:  w.Address,
		Node:     w.Source,
		ENI:      w.Node.ID,
		Ingress:  true, // with AWS the groups judge PrivateLink's traffic, too, unless switched off
		Idle:     w.Idle,
	}
	for _, t := range w.Targets {
		f.Backends = append(f.Backends, nft.Backend{Address: t.Address, Weight: t.Weight})
	}
	return f
}
