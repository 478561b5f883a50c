package agent

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/postern/postern/dataplane/proxy"
)

// acceptPause is how long a listener rests after a failed Accept.
const acceptPause = 10 * time.Millisecond

// serve accepts at a port until it, or the acceptance of all, is closed. The
// connections of the API go on; those that the splice proxy carries end with
// their doors, and serve waits for them.
func (a *Agent) serve(p *openPort) {
	var carried sync.WaitGroup
	defer carried.Wait()
	if !a.doors.enter(p.listener) {
		return
	}
	defer a.doors.leave(p.listener)
	for {
		c, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil { // such as too many open files: it passes, or the port is closed
			select {
			case <-time.After(acceptPause):
				continue
			case <-a.doors.closed:
				return
			}
		}
		d := (*p.doors.Load())[addrPort(c.LocalAddr()).Addr()]
		switch {
		case d == nil:
			reset(c)
		case d.Splice != nil:
			carried.Go(func() { a.carry(d, c) })
		default:
			arrival := d.Arrival
			arrival.Source = addrPort(c.RemoteAddr())
			if !a.doors.offer(&conn{Conn: c, arrival: arrival}) {
				c.Close()
				return
			}
		}
	}
}

// reset closes a connection so that the client is not told that it was there.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.Close()
}

// carry takes one connection through the splice proxy to a target.
func (a *Agent) carry(d *openDoor, c net.Conn) {
	w := d.Splice
	t, ok := w.choose()
	if !ok {
		reset(c)
		return
	}
	err := proxy.Run(d.ctx, proxy.Connection{
		Client:      c,
		Source:      addrPort(c.RemoteAddr()),
		Destination: w.Address,
		Endpoint:    d.Arrival.Endpoint,
		Header:      t.Header,
		Idle:        w.Idle,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return a.Kernel.Dial(ctx, w.Provider, w.Source, t.Address)
		},
	})
	if err != nil {
		a.Log.Debug("spliced connection ended", "vpce", d.Arrival.Endpoint, "target", t.Address, "err", err)
	}
}

// choose picks a target by the weights.
func (w *way) choose() (target, bool) {
	sum := 0
	for _, t := range w.Targets {
		sum += t.Weight
	}
	if sum == 0 {
		return target{}, false
	}
	n := rand.IntN(sum)
	i := slices.IndexFunc(w.Targets, func(t target) bool { n -= t.Weight; return n < 0 })
	return w.Targets[i], true
}
