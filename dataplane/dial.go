package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

// Dial makes a TCP connection inside a VPC from an address of its own: that of
// a load balancer, to a target. The groups of both judge it. From other
// addresses nothing begins a connection there.
//
// Only the socket is made in the namespace; no thread waits there for the
// connection.
func (h *Host) Dial(ctx context.Context, id string, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	c, err := h.dial(ctx, id, from, to)
	if err != nil {
		return nil, fmt.Errorf("dial %v from %v in %s: %w", to, from, id, err)
	}
	return c, nil
}

// DialPacket is Dial for UDP: what the connection reads comes from to.
func (h *Host) DialPacket(id string, from netip.Addr, to netip.AddrPort) (c net.Conn, err error) {
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: from.AsSlice()}}
	err = netns.Do(h.path(id), func() error {
		c, err = d.Dial("udp", to.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dial %v from %v in %s: %w", to, from, id, err)
	}
	return c, nil
}

func (h *Host) dial(ctx context.Context, id string, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	f, err := h.socket(id, from)
	if err != nil {
		return nil, err
	}
	defer f.Close() // net.FileConn has its own
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { f.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := connect(raw, to); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return net.FileConn(f)
}

// socket opens a TCP socket of the address from in a VPC.
func (h *Host) socket(id string, from netip.Addr) (*os.File, error) {
	var fd int
	err := netns.Do(h.path(id), func() (err error) {
		family := unix.AF_INET
		if from.Is6() {
			family = unix.AF_INET6
		}
		fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "tcp")
	if err := bind(fd, from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// bind gives a socket its address. The port is chosen when it connects, so
// that one address has all ports to each destination.
func bind(fd int, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("leave port open", err)
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))))
}

// connect connects a non-blocking socket and waits until it is, or until its
// deadline.
func connect(raw syscall.RawConn, to netip.AddrPort) (err error) {
	begun := false
	waited := raw.Write(func(fd uintptr) (done bool) {
		if !begun {
			begun = true
			err = unix.Connect(int(fd), sockaddr(to))
			return err != unix.EINPROGRESS
		}
		var e int
		if e, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); err == nil && e != 0 {
			err = unix.Errno(e)
		}
		if err != nil {
			return true
		}
		_, unready := unix.Getpeername(int(fd))
		return unready == nil
	})
	if waited != nil {
		return waited
	}
	return os.NewSyscallError("connect", err)
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}
