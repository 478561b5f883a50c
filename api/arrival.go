package api

import (
	"context"
	"net"

	"github.com/postern/postern/vpc"
)

// arriver is a connection that was accepted on an endpoint's address.
type arriver interface{ Arrival() vpc.Arrival }

// arrivalOf finds the Arrival of a connection or of one below it (TLS). The
// zero Arrival is the public listener.
func arrivalOf(c net.Conn) vpc.Arrival {
	for c != nil {
		if a, ok := c.(arriver); ok {
			return a.Arrival()
		}
		below, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = below.NetConn()
	}
	return vpc.Arrival{}
}

// ConnContext puts a connection's Arrival into its requests' context. It is
// for http.Server.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if a := arrivalOf(c); a.Private() {
		return vpc.WithArrival(ctx, a)
	}
	return ctx
}
