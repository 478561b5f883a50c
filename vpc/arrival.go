package vpc

import (
	"context"
	"net/netip"
)

// Arrival says where a request came in: through which endpoint, into which
// VPC and ENI, and from which address. It is set once, when a connection is
// accepted on an endpoint's address, because that address names the endpoint;
// nothing a client sends can change it. The zero Arrival is the public
// listener.
type Arrival struct {
	Endpoint string // vpce-…
	VPC      string // vpc-…
	ENI      string // eni-…
	Service  string // service name of the endpoint, com.amazonaws.REGION.SHORT
	Account  string // the endpoint's owner
	Region   string
	Source   netip.AddrPort // the client's address as seen at the ENI
}

// Private reports whether the request came through an endpoint.
func (a Arrival) Private() bool { return a.Endpoint != "" }

type arrivalKey struct{}

// WithArrival returns a context that carries a.
func WithArrival(ctx context.Context, a Arrival) context.Context {
	return context.WithValue(ctx, arrivalKey{}, a)
}

// ArrivalFrom returns the Arrival of ctx; the zero value means the public
// listener.
func ArrivalFrom(ctx context.Context) Arrival {
	a, _ := ctx.Value(arrivalKey{}).(Arrival)
	return a
}
