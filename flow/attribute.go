package flow

import (
	"net/netip"

	"github.com/postern/postern/vpc"
)

// linkLocalServices are EC2's: resolver, instance metadata, time.
var linkLocalServices = netip.MustParsePrefix("169.254.169.0/24")

// An attribution knows which interface an address belongs to, and whose
// traffic is not logged.
type attribution struct {
	byAddress map[netip.Addr]string // interface id
	unlogged  map[netip.Addr]bool
}

func newAttribution(v VPC) attribution {
	a := attribution{byAddress: make(map[netip.Addr]string, len(v.ENIs)), unlogged: map[netip.Addr]bool{}}
	for _, e := range v.ENIs {
		a.byAddress[e.Address] = e.ID
	}
	for _, addr := range v.Unlogged {
		a.unlogged[addr] = true
	}
	return a
}

// with returns a that knows the addresses of b too, where it knows none
// itself.
func (a attribution) with(b attribution) attribution {
	both := attribution{byAddress: make(map[netip.Addr]string, len(b.byAddress)), unlogged: b.unlogged}
	for _, m := range []map[netip.Addr]string{b.byAddress, a.byAddress} {
		for addr, id := range m {
			both.byAddress[addr] = id
		}
	}
	return both
}

// flows says which interface saw what of the conversations and drops.
func (a attribution) flows(conversations []vpc.Conversation, drops []vpc.Drop) []vpc.Flow {
	var all []vpc.Flow
	for _, c := range conversations {
		if a.logged(c.Tuple) {
			all = a.conversation(all, c)
		}
	}
	for _, d := range drops {
		if a.logged(d.Tuple) {
			all = a.drop(all, d)
		}
	}
	return all
}

// conversation appends up to four flows: each side of each interface.
func (a attribution) conversation(all []vpc.Flow, c vpc.Conversation) []vpc.Flow {
	for _, direction := range []int{vpc.Original, vpc.Replies} {
		if c.Packets[direction] == 0 {
			continue
		}
		tuple := c.Tuple
		if direction == vpc.Replies {
			tuple = tuple.Reverse()
		}
		all = a.pass(all, vpc.Flow{
			Tuple:   tuple,
			Action:  vpc.Accept,
			Packets: c.Packets[direction],
			Bytes:   c.Bytes[direction],
			Start:   c.Start,
			End:     c.End,
		})
	}
	return all
}

// pass appends f for the sender, and for the receiver, where they are known.
func (a attribution) pass(all []vpc.Flow, f vpc.Flow) []vpc.Flow {
	if id := a.byAddress[f.Tuple.Src.Addr()]; id != "" {
		f.ENI, f.Egress = id, true
		all = append(all, f)
	}
	if id := a.byAddress[f.Tuple.Dst.Addr()]; id != "" {
		f.ENI, f.Egress = id, false
		all = append(all, f)
	}
	return all
}

// drop appends the rejection, and before one at the receiver that the sender
// let the packet go.
func (a attribution) drop(all []vpc.Flow, d vpc.Drop) []vpc.Flow {
	f := vpc.Flow{
		ENI:     d.ENI,
		Egress:  d.Egress,
		Tuple:   d.Tuple,
		Action:  vpc.Reject,
		Packets: 1,
		Bytes:   d.Bytes,
		Start:   d.Time,
		End:     d.Time,
	}
	all = append(all, f)
	sender := a.byAddress[d.Tuple.Src.Addr()]
	if d.Egress || sender == "" || sender == d.ENI {
		return all
	}
	f.ENI, f.Egress, f.Action = sender, true, vpc.Accept
	return append(all, f)
}

func (a attribution) logged(t vpc.Tuple) bool {
	for _, addr := range []netip.Addr{t.Src.Addr(), t.Dst.Addr()} {
		if a.unlogged[addr] || linkLocalServices.Contains(addr) {
			return false
		}
	}
	return true
}
