package dataplane

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/postern/postern/dataplane/netns"
)

// Listen listens for TCP connections in a VPC. The caller closes the listener.
func (h *Host) Listen(id string, a netip.AddrPort) (l net.Listener, err error) {
	var c net.ListenConfig
	c.SetMultipathTCP(false) // workloads speak TCP; it would only cost
	err = netns.Do(h.path(id), func() error {
		l, err = c.Listen(context.Background(), "tcp", a.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	return l, nil
}

// ListenPacket opens a UDP socket in a VPC. The caller closes it.
func (h *Host) ListenPacket(id string, a netip.AddrPort) (p net.PacketConn, err error) {
	err = netns.Do(h.path(id), func() error {
		p, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", id, err)
	}
	return p, nil
}
