package dns

import (
	"context"
	"errors"
	"net"

	"golang.org/x/sync/errgroup"
)

var errStopped = errors.New("stopped")

// serve answers what arrives at pc and l until ctx is done or the VPC is
// removed. It owns both and returns when everything it started has ended.
func (r *resolver) serve(ctx context.Context, pc net.PacketConn, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.serveUDP(ctx, pc) })
	g.Go(func() error { return r.serveTCP(ctx, l) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-r.removed:
		}
		pc.Close()
		l.Close()
		return errStopped // ends ctx for the others
	})
	if err := g.Wait(); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}
