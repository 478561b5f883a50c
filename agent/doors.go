package agent

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

// closePatience is how long Close waits for who accepts to take the last
// connections.
const closePatience = time.Second

// doors is one listener made of the listeners of all VPCs. A connection
// that it accepts knows where it came in.
type doors struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
	serving  sync.WaitGroup

	mu      sync.Mutex
	closing bool
	open    map[net.Listener]struct{}
}

func newDoors() *doors {
	return &doors{accepted: make(chan net.Conn), closed: make(chan struct{}), open: map[net.Listener]struct{}{}}
}

// Accept implements net.Listener.
func (d *doors) Accept() (net.Conn, error) {
	select {
	case c := <-d.accepted:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The VPCs' own listeners belong to the
// agent, which closes them: whoever connects to one from now on waits in it.
// Connections that were taken from one already are accepted still.
func (d *doors) Close() error {
	d.mu.Lock()
	d.closing = true
	for l := range d.open {
		wake(l)
	}
	d.mu.Unlock()
	patience := time.AfterFunc(closePatience, d.shut)
	defer patience.Stop()
	d.serving.Wait()
	d.shut()
	return nil
}

func (d *doors) shut() { d.once.Do(func() { close(d.closed) }) }

// wake ends an Accept.
func wake(l net.Listener) {
	if t, ok := l.(interface{ SetDeadline(time.Time) error }); !ok || t.SetDeadline(time.Unix(1, 0)) != nil {
		l.Close()
	}
}

// enter counts l in, unless d is about to close.
func (d *doors) enter(l net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closing {
		d.open[l] = struct{}{}
		d.serving.Add(1)
	}
	return !d.closing
}

func (d *doors) leave(l net.Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, l)
	d.serving.Done()
}

// Addr implements net.Listener. The addresses are those of the endpoints.
func (d *doors) Addr() net.Addr { return &net.TCPAddr{Port: doorPort} }

// offer hands a connection to whoever accepts; false when nobody will.
func (d *doors) offer(c net.Conn) bool {
	select {
	case d.accepted <- c:
		return true
	case <-d.closed:
		return false
	}
}

// conn is a connection that came in through an endpoint.
type conn struct {
	net.Conn
	arrival vpc.Arrival
}

// Arrival says where the connection came in.
func (c *conn) Arrival() vpc.Arrival { return c.arrival }

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
