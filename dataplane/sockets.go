package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/postern/postern/dataplane/netns"
)

// Listen listens for TCP connections in a VPC, on the inherited socket if
// there is one. The unspecified address of IPv6 stands for all addresses of both
// families. The caller closes the listener.
func (h *Host) Listen(id string, a netip.AddrPort) (net.Listener, error) {
	key := socketKey(id, "tcp", a)
	l, err := inherit(&h.sockets, key, net.FileListener)
	if l == nil && err == nil {
		var c net.ListenConfig
		c.SetMultipathTCP(false) // workloads speak TCP; it would only cost
		err = netns.Do(h.path(id), func() error {
			l, err = c.Listen(context.Background(), "tcp", hostPort(a))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	t := l.(*net.TCPListener)
	h.hold(key, t)
	return &listener{TCPListener: t, drop: func() { h.drop(key) }}, nil
}

// ListenPacket opens a UDP socket in a VPC, or takes the inherited one. The
// caller closes it.
func (h *Host) ListenPacket(id string, a netip.AddrPort) (net.PacketConn, error) {
	key := socketKey(id, "udp", a)
	p, err := inherit(&h.sockets, key, net.FilePacketConn)
	if p == nil && err == nil {
		err = netns.Do(h.path(id), func() error {
			p, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	u := p.(*net.UDPConn)
	h.hold(key, u)
	return &packetConn{UDPConn: u, drop: func() { h.drop(key) }}, nil
}

// hostPort is a as package net has it: nothing for all addresses of the families
// that the kernel knows.
func hostPort(a netip.AddrPort) string {
	if a.Addr() == netip.IPv6Unspecified() {
		return ":" + strconv.Itoa(int(a.Port()))
	}
	return a.String()
}

// Custody keeps duplicates of sockets, for the Config.Inherited of the Host
// that comes after this one. Names are "vpc-… tcp|udp address:port".
type Custody interface {
	// Hold keeps a socket, in the place of the one that had its name.
	Hold(name string, s syscall.Conn) error
	// Drop closes the one that it keeps; none is no error.
	Drop(name string) error
}

// hold gives a socket into custody. Without it the socket serves all the same.
func (h *Host) hold(key string, s syscall.Conn) {
	if h.custody == nil {
		return
	}
	if err := h.custody.Hold(key, s); err != nil {
		h.log.Warn("socket will not outlive this process", "socket", key, "err", err)
	}
}

func (h *Host) drop(key string) {
	if h.custody == nil {
		return
	}
	if err := h.custody.Drop(key); err != nil {
		h.log.Warn("socket stays open", "socket", key, "err", err)
	}
}

// CloseInherited closes the inherited sockets that nobody has asked for, and
// drops them from custody. Connections that wait in one are reset.
func (h *Host) CloseInherited() error {
	closed, err := h.sockets.close()
	for _, key := range closed {
		h.drop(key)
	}
	return err
}

// socketKey names a socket: "vpc-… tcp|udp address:port".
func socketKey(id, network string, a netip.AddrPort) string {
	return id + " " + network + " " + a.String()
}

// sockets are the inherited ones, by their keys.
type sockets struct {
	mu    sync.Mutex
	files map[string]*os.File
}

// inherit makes a T of the inherited socket, and returns none if there is no
// such socket.
func inherit[T any](s *sockets, key string, from func(*os.File) (T, error)) (t T, err error) {
	s.mu.Lock()
	f := s.files[key]
	delete(s.files, key)
	s.mu.Unlock()
	if f == nil {
		return t, nil
	}
	t, err = from(f)
	return t, errors.Join(err, f.Close())
}

// close closes all and returns their keys.
func (s *sockets) close() (keys []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, f := range s.files {
		keys = append(keys, key)
		err = errors.Join(err, f.Close())
		delete(s.files, key)
	}
	return keys, err
}

type listener struct {
	*net.TCPListener
	drop func()
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.drop()
	return l.TCPListener.Close()
}

type packetConn struct {
	*net.UDPConn
	drop func()
}

// Close implements net.PacketConn.
func (p *packetConn) Close() error {
	p.drop()
	return p.UDPConn.Close()
}
