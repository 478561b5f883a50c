package agent

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

// acceptPause is how long a listener rests after a failed Accept.
const acceptPause = 10 * time.Millisecond

// doors is one listener made of the listeners of all endpoints. A connection
// that it accepts knows where it came in.
type doors struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newDoors() *doors {
	return &doors{accepted: make(chan net.Conn), closed: make(chan struct{})}
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

// Close implements net.Listener. The endpoints' own listeners belong to the
// agent, which closes them.
func (d *doors) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr implements net.Listener. The addresses are those of the endpoints.
func (d *doors) Addr() net.Addr { return &net.TCPAddr{Port: doorPort} }

// serve accepts on one endpoint address until l is closed.
func (d *doors) serve(l net.Listener, arrival vpc.Arrival) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: it passes, or Close ends it
			select {
			case <-time.After(acceptPause):
				continue
			case <-d.closed:
				return
			}
		}
		a := arrival
		a.Source = addrPort(c.RemoteAddr())
		select {
		case d.accepted <- &conn{Conn: c, arrival: a}:
		case <-d.closed:
			c.Close()
			return
		}
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
