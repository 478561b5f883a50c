package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/health"
	"github.com/postern/postern/dns"
	"github.com/postern/postern/flow"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Kernel is the part of the data plane that lives in the kernel. Each call
// takes a whole desired state and may be repeated. *dataplane.Host is one.
type Kernel interface {
	// Set makes the kernel hold v.
	Set(ctx context.Context, v dataplane.VPC) error
	// Delete removes a VPC with everything in it; an absent one is no error.
	Delete(ctx context.Context, vpc string) error
	// List names the VPCs that the kernel holds anything of.
	List() ([]string, error)
	// Listen and ListenPacket open a TCP and a UDP socket in a VPC. The
	// unspecified IPv6 address stands for all addresses of both families.
	Listen(vpc string, a netip.AddrPort) (net.Listener, error)
	ListenPacket(vpc string, a netip.AddrPort) (net.PacketConn, error)
	// Dial makes a TCP connection in a VPC from an address of its own.
	Dial(ctx context.Context, vpc string, from netip.Addr, to netip.AddrPort) (net.Conn, error)
	// Flows begins to count the traffic of a VPC.
	Flows(vpc string) (dataplane.Source, error)
}

// Config is what an Agent works with; every field but FlowInterval and Limits
// is required.
type Config struct {
	Store  *store.Store
	Kernel Kernel
	Names  *dns.Server
	Flows  *flow.Collector
	// FlowInterval replaces the aggregation interval of every flow log;
	// 0 leaves them as they are.
	FlowInterval time.Duration
	Limits       vpc.PathLimits
	Log          *slog.Logger
}

// Agent makes one node match the records.
type Agent struct {
	Config
	doors  *doors
	health *health.Checker
	ready  chan struct{}

	mu       sync.Mutex          // of the map; one worker at a time has a VPC's network
	networks map[string]*network // what this node holds open, by VPC id
}

// New returns an Agent that does nothing until Run.
func New(c Config) *Agent {
	a := &Agent{
		Config:   c,
		doors:    newDoors(),
		ready:    make(chan struct{}),
		networks: map[string]*network{},
	}
	a.health = health.New(health.Config{Dial: c.Kernel.Dial, Report: a.report, Log: c.Log})
	return a
}

// Doors accepts the connections of every endpoint. Each has a method Arrival
// that says where it came in. Closing it ends the acceptance for good.
func (a *Agent) Doors() net.Listener { return a.doors }

// Ready is closed when the node matches what the records said at the start.
func (a *Agent) Ready() <-chan struct{} { return a.ready }

// Run follows the store until ctx ends. Then it closes every socket that it
// has opened; the namespaces stay.
func (a *Agent) Run(ctx context.Context) error {
	defer a.close()
	checking := start(ctx, func(ctx context.Context) { a.health.Run(ctx) })
	defer checking.stop()
	f := newFollower(a)
	defer f.stop()
	changes := a.Store.Changes(ctx)
	batch, snapshot, err := changes.Next(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	f.take(batch, snapshot)
	if !f.settle(ctx) {
		return nil
	}
	if err := a.prune(ctx); err != nil {
		return err
	}
	close(a.ready)
	return ended(ctx, f.follow(ctx, changes))
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow the store: %w", err)
}

// converge makes one VPC match the snapshot. A panic is that VPC's failure.
func (a *Agent) converge(ctx context.Context, snapshot store.Snapshot, k store.Key) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("plan %s: panic: %v", k.ID, p)
		}
	}()
	rec, ok := gather(a.Store, snapshot, k)
	if !ok {
		return a.remove(ctx, k.ID)
	}
	p, alive := plan(rec, a.FlowInterval, a.Limits)
	if !alive {
		return a.remove(ctx, k.ID)
	}
	return a.network(k.ID).set(ctx, p, rec)
}

// network returns the network of a VPC, a new one if need be.
func (a *Agent) network(id string) *network {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.networks[id]
	if n == nil {
		n = &network{id: id, agent: a, ports: map[uint16]*openPort{}, resolvers: map[netip.Addr]task{}}
		a.networks[id] = n
	}
	return n
}

// forget returns the network of a VPC for the last time, nil if there is none.
func (a *Agent) forget(id string) *network {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.networks[id]
	delete(a.networks, id)
	return n
}

// remove takes a VPC away from this node. Sockets go first: an open one would
// keep the namespace alive.
func (a *Agent) remove(ctx context.Context, id string) error {
	if n := a.forget(id); n != nil {
		n.close()
	}
	a.health.Remove(id)
	a.Names.Remove(id)
	a.Names.SetPublic(id, nil)
	return a.Kernel.Delete(ctx, id)
}

// prune removes the VPCs that the kernel still holds and no record wants. It
// runs while nothing else does.
func (a *Agent) prune(ctx context.Context) error {
	held, err := a.Kernel.List()
	if err != nil {
		return fmt.Errorf("list what the kernel holds: %w", err)
	}
	for _, id := range held {
		if a.networks[id] != nil {
			continue
		}
		if err := a.Kernel.Delete(ctx, id); err != nil {
			return fmt.Errorf("remove left-over %s: %w", id, err)
		}
	}
	return nil
}

// close closes every socket, after the last worker has ended.
func (a *Agent) close() {
	a.doors.Close()
	for _, n := range a.networks {
		n.close()
	}
}
