package agent

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/postern/postern/vpc"
)

// openDoor is a Door at which somebody accepts.
type openDoor struct {
	task
	listener net.Listener
	arrival  vpc.Arrival
	way      atomic.Pointer[way] // of new connections; nil: the API answers
}

// open begins to accept at a listener, which the door owns.
func (a *Agent) open(l net.Listener, d Door) *openDoor {
	door := &openDoor{listener: l, arrival: d.Arrival}
	door.way.Store(d.Splice)
	door.task = start(context.Background(), func(ctx context.Context) {
		if d.Splice == nil {
			a.doors.serve(l, d.Arrival)
		} else {
			a.splice(ctx, door)
		}
	})
	return door
}

// is reports whether the door can go on as d.
func (o *openDoor) is(d Door) bool {
	return o.arrival == d.Arrival && (o.way.Load() == nil) == (d.Splice == nil)
}

// close closes the listener, which ends its task.
func (o *openDoor) close() {
	o.listener.Close()
	o.stop()
}
