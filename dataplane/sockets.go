package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"github.com/postern/postern/dataplane/netns"
)

// Listen listens for TCP connections in a VPC, on the inherited socket if
// there is one. The caller closes the listener.
func (h *Host) Listen(id string, a netip.AddrPort) (net.Listener, error) {
	key := socketKey(id, "tcp", a)
	l, err := inherit(h.sockets, key, net.FileListener)
	if l == nil && err == nil {
		var c net.ListenConfig
		c.SetMultipathTCP(false) // workloads speak TCP; it would only cost
		err = netns.Do(h.path(id), func() error {
			l, err = c.Listen(context.Background(), "tcp", a.String())
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	s := &listener{TCPListener: l.(*net.TCPListener)}
	s.forget = h.sockets.add(key, s.TCPListener)
	return s, nil
}

// ListenPacket opens a UDP socket in a VPC, or takes the inherited one. The
// caller closes it.
func (h *Host) ListenPacket(id string, a netip.AddrPort) (net.PacketConn, error) {
	key := socketKey(id, "udp", a)
	p, err := inherit(h.sockets, key, net.FilePacketConn)
	if p == nil && err == nil {
		err = netns.Do(h.path(id), func() error {
			p, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	s := &packetConn{UDPConn: p.(*net.UDPConn)}
	s.forget = h.sockets.add(key, s.UDPConn)
	return s, nil
}

// Sockets duplicates every socket that Listen and ListenPacket have opened and
// nobody has closed, for the Config.Inherited of the Host that comes after
// this one. The caller closes the files.
func (h *Host) Sockets() (map[string]*os.File, error) { return h.sockets.files() }

// CloseInherited closes the inherited sockets that nobody has asked for.
// Connections that wait in one are reset.
func (h *Host) CloseInherited() error { return h.sockets.closeInherited() }

// socketKey names a socket: "vpc-… tcp|udp address:port".
func socketKey(id, network string, a netip.AddrPort) string {
	return id + " " + network + " " + a.String()
}

// sockets knows what listens in the VPCs.
type sockets struct {
	mu        sync.Mutex
	inherited map[string]*os.File
	open      map[string]filer
}

// filer is a socket: File duplicates it.
type filer interface{ File() (*os.File, error) }

// add notes an open socket. The returned function takes that back.
func (s *sockets) add(key string, f filer) (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[key] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[key] == f {
			delete(s.open, key)
		}
	}
}

// inherit makes a T of the inherited socket, and returns none if there is no
// such socket.
func inherit[T any](s *sockets, key string, from func(*os.File) (T, error)) (t T, err error) {
	s.mu.Lock()
	f := s.inherited[key]
	delete(s.inherited, key)
	s.mu.Unlock()
	if f == nil {
		return t, nil
	}
	t, err = from(f)
	return t, errors.Join(err, f.Close())
}

func (s *sockets) files() (map[string]*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]*os.File{}
	for key, socket := range s.open {
		f, err := socket.File()
		if errors.Is(err, net.ErrClosed) {
			continue
		}
		if err != nil {
			for _, f := range all {
				err = errors.Join(err, f.Close())
			}
			return nil, fmt.Errorf("duplicate socket %s: %w", key, err)
		}
		all[key] = f
	}
	return all, nil
}

func (s *sockets) closeInherited() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for key, f := range s.inherited {
		errs = append(errs, f.Close())
		delete(s.inherited, key)
	}
	return errors.Join(errs...)
}

type listener struct {
	*net.TCPListener
	forget func()
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.forget()
	return l.TCPListener.Close()
}

type packetConn struct {
	*net.UDPConn
	forget func()
}

// Close implements net.PacketConn.
func (p *packetConn) Close() error {
	p.forget()
	return p.UDPConn.Close()
}
