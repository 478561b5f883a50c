package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
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
	doors    *doors
	health   *health.Checker
	ready    chan struct{}
	networks map[string]*network // what this node holds open, by VPC id
	failed   map[store.Key]bool  // VPCs to be tried again
}

// How long the agent waits before it tries a failed VPC again.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// New returns an Agent that does nothing until Run.
func New(c Config) *Agent {
	a := &Agent{
		Config:   c,
		doors:    newDoors(),
		ready:    make(chan struct{}),
		networks: map[string]*network{},
		failed:   map[store.Key]bool{},
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
	changes := a.Store.Changes(ctx)
	batch, snapshot, err := changes.Next(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	a.follow(ctx, batch, snapshot)
	if err := a.prune(ctx, snapshot); err != nil {
		return err
	}
	close(a.ready)
	for wait := firstRetry; ; {
		batch, snapshot, err := a.next(ctx, changes, wait)
		if err != nil {
			return ended(ctx, err)
		}
		a.follow(ctx, batch, snapshot)
		if wait = min(2*wait, lastRetry); len(a.failed) == 0 {
			wait = firstRetry
		}
	}
}

// next waits for changes, or for the time to try failed VPCs again.
func (a *Agent) next(ctx context.Context, changes *store.Changes, wait time.Duration) ([]store.Change, store.Snapshot, error) {
	if len(a.failed) == 0 {
		return changes.Next(ctx)
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	batch, snapshot, err := changes.Next(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, a.Store.Snapshot(), nil
	}
	return batch, snapshot, err
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow the store: %w", err)
}

// follow brings the VPCs that a batch of changes touches, and those that
// failed before, to what the snapshot says, and reports each.
func (a *Agent) follow(ctx context.Context, batch []store.Change, snapshot store.Snapshot) {
	due := a.failed
	a.failed = map[store.Key]bool{}
	for _, c := range batch {
		for _, record := range []any{c.Old, c.New} {
			for _, k := range touched(a.Store, snapshot, record) {
				due[k] = true
			}
		}
	}
	for _, k := range sortedKeys(due) {
		err := a.converge(ctx, snapshot, k)
		if ctx.Err() != nil {
			return // cut off in the middle: nothing is known
		}
		if err != nil {
			a.failed[k] = true
			a.Log.Error("network does not match its records", "vpc", k.ID, "rev", snapshot.Revision(), "err", err)
		}
		a.Store.SetApplied(k.ID, snapshot.Revision(), err)
	}
	a.Store.SetReached(snapshot.Revision())
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
	n := a.networks[k.ID]
	if n == nil {
		n = &network{id: k.ID, agent: a, ports: map[uint16]*openPort{}, resolvers: map[netip.Addr]task{}}
		a.networks[k.ID] = n
	}
	return n.set(ctx, p, rec)
}

// remove takes a VPC away from this node. Sockets go first: an open one would
// keep the namespace alive.
func (a *Agent) remove(ctx context.Context, id string) error {
	if n := a.networks[id]; n != nil {
		n.close()
		delete(a.networks, id)
	}
	a.health.Remove(id)
	a.Names.Remove(id)
	a.Names.SetPublic(id, nil)
	return a.Kernel.Delete(ctx, id)
}

// prune removes the VPCs that the kernel still holds and no record wants.
func (a *Agent) prune(ctx context.Context, snapshot store.Snapshot) error {
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

// close closes every socket.
func (a *Agent) close() {
	a.doors.Close()
	for _, n := range a.networks {
		n.close()
	}
}

func sortedKeys(m map[store.Key]bool) []store.Key {
	var keys []store.Key
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y store.Key) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.ID, y.ID))
	})
	return keys
}
