package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	miekg "github.com/miekg/dns"
)

// Upstream answers the question of q by other means. The answer must be one to
// that question, and is the caller's own. It honours ctx and may be called
// from many goroutines.
type Upstream func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error)

// Config is what a Server is made from.
type Config struct {
	Upstream Upstream     // nil: what nothing here owns gets SERVFAIL at once
	Log      *slog.Logger // required
}

// ErrClosed is returned by Serve after Close.
var ErrClosed = errors.New("resolver is closed")

// Server holds the resolvers of all VPCs of this node. Its methods may be
// called from many goroutines.
type Server struct {
	cfg    Config
	public *directory
	cache  *cache // nil without an upstream

	batches sync.Pool // of *batch

	mu     sync.Mutex
	vpcs   map[string]*resolver
	closed bool
}

// NewServer returns a server that knows no VPC.
func NewServer(cfg Config) *Server {
	s := &Server{
		cfg:     cfg,
		public:  newDirectory(),
		batches: sync.Pool{New: func() any { return newBatch() }},
		vpcs:    map[string]*resolver{},
	}
	if cfg.Upstream != nil {
		s.cache = newCache(cfg.Upstream)
	}
	return s
}

// SetPublic replaces the names of one VPC that every VPC can resolve: the
// regional and zonal names of its endpoints and load balancers (PublicNames).
// The other VPCs' stay; so do these after Remove.
func (s *Server) SetPublic(vpcID string, names []RRSet) { s.public.set(vpcID, names) }

// Set replaces the view of a VPC: queries that arrive from now on see v.
func (s *Server) Set(vpcID string, v View) {
	compiled := compileView(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resolver(vpcID).view.Store(compiled)
}

// Remove forgets a VPC. Serve calls for it have returned, and their sockets
// are closed, when Remove returns.
func (s *Server) Remove(vpcID string) {
	s.mu.Lock()
	r, ok := s.vpcs[vpcID]
	delete(s.vpcs, vpcID)
	s.mu.Unlock()
	if ok {
		close(r.removed)
		r.serving.Wait()
	}
}

// Serve answers queries that arrive at pc, a UDP socket, and l, which lie
// inside the VPC's network and are bound to one address, until ctx is done, the VPC is removed
// or the server closed; then it returns nil. It owns pc and l from the
// beginning and closes them. Queries get no answer before the first Set. A VPC
// may be served at several addresses.
func (s *Server) Serve(ctx context.Context, vpcID string, pc net.PacketConn, l net.Listener) error {
	r, err := s.join(vpcID)
	if err != nil {
		pc.Close()
		l.Close()
		return err
	}
	defer r.serving.Done()
	if err := r.serve(ctx, pc, l); err != nil {
		return fmt.Errorf("serve names in %s: %w", vpcID, err)
	}
	return nil
}

// join returns the VPC's resolver with a call of Serve counted in.
func (s *Server) join(vpcID string) (*resolver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	r := s.resolver(vpcID)
	r.serving.Add(1)
	return r, nil
}

// resolver returns the VPC's resolver, a new one if need be. The caller holds
// mu.
func (s *Server) resolver(vpcID string) *resolver {
	r := s.vpcs[vpcID]
	if r == nil {
		r = &resolver{
			log:      s.cfg.Log.With("vpc", vpcID),
			cache:    s.cache,
			batches:  &s.batches,
			public:   s.public,
			forwards: make(chan struct{}, maxForwards),
			conns:    make(chan struct{}, maxConns),
			removed:  make(chan struct{}),
		}
		s.vpcs[vpcID] = r
	}
	return r
}

// Close removes every VPC and waits for the Serve calls.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	all := s.vpcs
	s.vpcs = map[string]*resolver{}
	s.mu.Unlock()
	for _, r := range all {
		close(r.removed)
	}
	for _, r := range all {
		r.serving.Wait()
	}
	return nil
}
