package agent

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
)

// openPort is one listener for all doors of a VPC that have its port: it listens
// on every address of the VPC itself, so that an endpoint costs no socket. The
// address that a connection has come to names its door. What the filter lets in
// and has no door is reset.
type openPort struct {
	task
	listener net.Listener
	doors    atomic.Pointer[map[netip.Addr]*openDoor]
}

// openDoor is a Door that connections come in by.
type openDoor struct {
	Door
	ctx    context.Context // of the connections that the splice proxy carries; they end with the door. nil: it carries none
	cancel context.CancelFunc
}

// listen begins to accept at l, which the port owns, for the doors that are
// wanted: those who wait at an inherited l must find theirs.
func (a *Agent) listen(l net.Listener, want map[netip.Addr]Door) *openPort {
	p := &openPort{listener: l}
	p.doors.Store(&map[netip.Addr]*openDoor{})
	p.set(want)
	p.task = start(context.Background(), func(context.Context) { a.serve(p) })
	return p
}

// prune closes the doors that are not wanted any more or have become others.
func (p *openPort) prune(want map[netip.Addr]Door) {
	keep := map[netip.Addr]*openDoor{}
	for address, open := range *p.doors.Load() {
		if d, ok := want[address]; ok && open.is(d) {
			keep[address] = open
		} else if open.cancel != nil {
			open.cancel()
		}
	}
	p.doors.Store(&keep)
}

// set makes the doors those that are wanted. New connections go where they say;
// those that are carried go on.
func (p *openPort) set(want map[netip.Addr]Door) {
	p.prune(want)
	was, doors := *p.doors.Load(), map[netip.Addr]*openDoor{}
	for address, d := range want {
		open := openDoor{Door: d}
		if before := was[address]; before != nil {
			open.ctx, open.cancel = before.ctx, before.cancel
		} else if d.Splice != nil {
			open.ctx, open.cancel = context.WithCancel(context.Background())
		}
		doors[address] = &open
	}
	p.doors.Store(&doors)
}

// is reports whether the door can go on as d.
func (o *openDoor) is(d Door) bool {
	return o.Arrival == d.Arrival && (o.Splice == nil) == (d.Splice == nil)
}

// close closes the listener and all doors, and waits for what is carried.
func (p *openPort) close() {
	p.prune(nil)
	p.listener.Close()
	p.stop()
}
