package vpc

import (
	"net/netip"
	"time"
)

// Tuple identifies a conversation in one direction.
type Tuple struct {
	Protocol uint8
	Src, Dst netip.AddrPort // ports are 0 for protocols without ports
}

// Reverse returns the tuple of the answers to t.
func (t Tuple) Reverse() Tuple { return Tuple{Protocol: t.Protocol, Src: t.Dst, Dst: t.Src} }

// Action is what became of a packet.
type Action string

const (
	Accept Action = "ACCEPT"
	Reject Action = "REJECT"
)

// Flow is traffic of one tuple that one ENI saw in one direction, as the
// kernel counted it. Packets and Bytes count only what is new since the last
// Flow of the same tuple, ENI and direction.
type Flow struct {
	ENI     string
	Egress  bool // leaving the ENI's workload or endpoint
	Tuple   Tuple
	Action  Action
	Packets uint64
	Bytes   uint64
	Start   time.Time // not after the first packet counted
	End     time.Time // not before the last packet counted
}
