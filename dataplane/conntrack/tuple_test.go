package conntrack

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mdlayher/netlink"
	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
)

var (
	node   = netip.MustParseAddr("10.0.3.10")
	target = netip.MustParseAddr("10.0.3.20")
)

// translated is flow with both addresses translated.
func translated(mark uint32) conntrack.Flow {
	f := flow(1, 1000, 3, 5, 4)
	f.TupleReply.IP = conntrack.IPTuple{SourceAddress: target, DestinationAddress: node}
	f.TupleReply.Proto.SourcePort, f.TupleReply.Proto.DestinationPort = 8080, 2000
	f.Mark = mark
	return f
}

func TestTuples(t *testing.T) {
	direct := vpc.Tuple{Protocol: 6, Src: netip.AddrPortFrom(a, 1000), Dst: netip.AddrPortFrom(b, 443)}
	behind := vpc.Tuple{Protocol: 6, Src: netip.AddrPortFrom(node, 2000), Dst: netip.AddrPortFrom(target, 8080)}
	halved := flow(1, 1000, 3, 5, 4)
	halved.TupleReply = conntrack.Tuple{}
	for name, row := range map[string]struct {
		f    conntrack.Flow
		want []vpc.Tuple
	}{
		"not translated":                    {flow(1, 1000, 3, 5, 4), []vpc.Tuple{direct}},
		"a load balancer of the VPC":        {translated(0), []vpc.Tuple{direct, behind}},
		"what came in by a peer link":       {translated(7), []vpc.Tuple{behind}},
		"an event without the reply's side": {halved, []vpc.Tuple{direct}},
	} {
		if diff := cmp.Diff(row.want, tuples(row.f), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The consumer's addresses are nothing in the provider's VPC: that nobody has
// them there ends no connection.
func TestTouches(t *testing.T) {
	for name, row := range map[string]struct {
		f    conntrack.Flow
		gone netip.Addr
		want bool
	}{
		"the client":                            {flow(1, 1000, 3, 5, 4), a, true},
		"the server":                            {flow(1, 1000, 3, 5, 4), b, true},
		"somebody else":                         {flow(1, 1000, 3, 5, 4), target, false},
		"the target":                            {translated(7), target, true},
		"the load balancer":                     {translated(7), node, true},
		"the consumer's client":                 {translated(7), a, false},
		"the consumer's endpoint":               {translated(7), b, false},
		"the VPC's own client":                  {translated(0), a, true},
		"the VPC's own load balancer's address": {translated(0), b, true},
	} {
		if got := touches(row.f, func(x netip.Addr) bool { return x == row.gone }); got != row.want {
			t.Errorf("%s is gone: %v", name, got)
		}
	}
}

// Whatever comes as an event is an ended connection or nothing.
func FuzzEvent(f *testing.F) {
	f.Add(uint16(1<<8|2), []byte{2, 0, 0, 0})
	f.Add(uint16(1<<8|2), append([]byte{2, 0, 0, 0}, 0x34, 0, 1, 0x80,
		0x14, 0, 1, 0x80, 8, 0, 1, 0, 10, 0, 1, 5, 8, 0, 2, 0, 10, 0, 2, 7,
		0x1c, 0, 2, 0x80, 5, 0, 1, 0, 6, 0, 0, 0, 6, 0, 2, 0, 3, 0xe8, 0, 0, 6, 0, 3, 0, 1, 0xbb, 0, 0))
	f.Add(uint16(1<<8|2), append([]byte{10, 0, 0, 0}, 0x30, 0, 1, 0x80, 0x2c, 0, 1, 0x80,
		0x14, 0, 3, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x14, 0, 4, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		s := &Source{ledger: newLedger(nil, zero)}
		s.event(netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(kind), Length: uint32(16 + len(data))}, Data: data})
		for range s.ledger.ended {
			got, _ := s.ledger.collect(nil, sec(1))
			for _, c := range got {
				if c.Packets == [2]uint64{} || c.End.Before(c.Start) {
					t.Errorf("%x: %+v", data, c)
				}
			}
		}
	})
}
