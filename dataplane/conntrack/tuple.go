package conntrack

import (
	"net/netip"
	"slices"

	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
)

// tuples are the ends of a connection as its VPC sees them. Where a load
// balancer translates both addresses there are two sides of it: client and
// load balancer, load balancer and target. The client's side is the VPC's
// unless the connection came in by a peer link, of which its mark tells: then
// the addresses there are the consumer's, and may be anybody's here.
func tuples(f conntrack.Flow) []vpc.Tuple {
	client := tupleOf(f.TupleOrig)
	if !f.TupleReply.IP.SourceAddress.IsValid() || !f.TupleReply.IP.DestinationAddress.IsValid() {
		return []vpc.Tuple{client}
	}
	target := tupleOf(f.TupleReply).Reverse()
	switch {
	case client == target:
		return []vpc.Tuple{client}
	case f.Mark != 0:
		return []vpc.Tuple{target}
	}
	return []vpc.Tuple{client, target}
}

// touches reports whether an address at any end of f is one of those.
func touches(f conntrack.Flow, those func(netip.Addr) bool) bool {
	return slices.ContainsFunc(tuples(f), func(t vpc.Tuple) bool { return those(t.Src.Addr()) || those(t.Dst.Addr()) })
}

func tupleOf(t conntrack.Tuple) vpc.Tuple {
	return vpc.Tuple{
		Protocol: t.Proto.Protocol,
		Src:      netip.AddrPortFrom(t.IP.SourceAddress, t.Proto.SourcePort),
		Dst:      netip.AddrPortFrom(t.IP.DestinationAddress, t.Proto.DestinationPort),
	}
}
