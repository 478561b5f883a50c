package agent

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/postern/postern/dataplane/proxy"
)

// splice accepts at a door whose connections go through the splice proxy, until
// the door is closed. The connections end with it.
func (a *Agent) splice(ctx context.Context, d *openDoor) {
	var carried sync.WaitGroup
	defer carried.Wait()
	for {
		c, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: it passes, or the door is closed
			select {
			case <-time.After(acceptPause):
				continue
			case <-ctx.Done():
				return
			}
		}
		carried.Go(func() {
			if err := a.carry(ctx, d, c); err != nil {
				a.Log.Debug("spliced connection ended", "vpce", d.arrival.Endpoint, "src", c.RemoteAddr(), "err", err)
			}
		})
	}
}

// carry takes one connection to a target.
func (a *Agent) carry(ctx context.Context, d *openDoor, c net.Conn) error {
	w := d.way.Load()
	t, ok := w.choose()
	if !ok {
		return errors.Join(errors.New("no target is in service"), c.Close())
	}
	return proxy.Run(ctx, proxy.Connection{
		Client:      c,
		Source:      addrPort(c.RemoteAddr()),
		Destination: w.Address,
		Endpoint:    d.arrival.Endpoint,
		Header:      t.Header,
		Idle:        w.Idle,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return a.Kernel.Dial(ctx, w.Provider, w.Source, t.Address)
		},
	})
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
