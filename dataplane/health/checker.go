package health

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

// maxProbes is how many probes run at a time; others wait for their turn, and
// that is no time of theirs.
const maxProbes = 64

// firstSpread is the time over which the first probes of new checks are spread.
const firstSpread = time.Second

// Config is what a Checker needs.
type Config struct {
	// Dial connects to a target inside a VPC from a node's address.
	Dial func(ctx context.Context, vpcID string, from netip.Addr, to netip.AddrPort) (net.Conn, error)
	// Report takes the targets of a VPC whose state has changed. It is called
	// by Run, never twice at a time.
	Report func(ctx context.Context, vpcID string, changed []vpc.TargetHealth)
	Log    *slog.Logger // optional
}

// Check is a target of a group, and the node's address that it is probed from.
type Check struct {
	Group  vpc.TargetGroup
	Target vpc.Target
	From   netip.Addr
}

// Checker runs the checks of all VPCs. It is safe for use by several goroutines
// at once.
type Checker struct {
	Config
	turns chan struct{} // one for each probe that runs
	wake  chan struct{} // Run has something to do

	mu      sync.Mutex
	wanted  map[string]map[key]Check // by VPC
	known   map[task]*state
	changed map[string][]vpc.TargetHealth // by VPC: not reported yet
}

// key identifies a check in its VPC.
type key struct{ group, target string }

// task identifies a check.
type task struct {
	vpc string
	key key
}

// New returns a Checker that probes nothing until Run.
func New(c Config) *Checker {
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return &Checker{
		Config:  c,
		turns:   make(chan struct{}, maxProbes),
		wake:    make(chan struct{}, 1),
		wanted:  map[string]map[key]Check{},
		known:   map[task]*state{},
		changed: map[string][]vpc.TargetHealth{},
	}
}

// Set replaces the checks of a VPC. Of several checks of one target in one
// group the first counts.
func (c *Checker) Set(vpcID string, checks []Check) {
	wanted := map[key]Check{}
	for _, check := range checks {
		k := key{check.Group.ARN, check.Target.Key()}
		if _, twice := wanted[k]; !twice {
			wanted[k] = check
		}
	}
	c.mu.Lock()
	c.wanted[vpcID] = wanted
	c.mu.Unlock()
	c.poke()
}

// Remove ends the checks of a VPC.
func (c *Checker) Remove(vpcID string) {
	c.mu.Lock()
	delete(c.wanted, vpcID)
	c.mu.Unlock()
	c.poke()
}

func (c *Checker) poke() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run probes until ctx ends, and returns when every probe has ended.
func (c *Checker) Run(ctx context.Context) error {
	var probing sync.WaitGroup
	defer probing.Wait()
	running := map[task]runner{}
	for {
		select {
		case <-ctx.Done():
			return nil // the runners' contexts come from ctx
		case <-c.wake:
		}
		c.reconcile(ctx, running, &probing)
		for vpcID, changed := range c.takeChanged() {
			c.Report(ctx, vpcID, changed)
		}
	}
}

// runner is a goroutine that repeats one check.
type runner struct {
	check Check
	stop  context.CancelFunc
}

// reconcile makes the runners those of the wanted checks.
func (c *Checker) reconcile(ctx context.Context, running map[task]runner, probing *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, r := range running {
		check, ok := c.wanted[id.vpc][id.key]
		if ok && sameProbe(check, r.check) {
			continue
		}
		r.stop()
		delete(running, id)
		if !ok {
			delete(c.known, id)
			c.forget(id)
		}
	}
	for vpcID, checks := range c.wanted {
		for k, check := range checks {
			id := task{vpcID, k}
			if _, ok := running[id]; ok {
				continue
			}
			running[id] = c.start(ctx, id, check, probing)
		}
	}
}

// sameProbe reports whether two checks do the same.
func sameProbe(a, b Check) bool {
	return a.Group.HealthCheck == b.Group.HealthCheck && a.From == b.From &&
		a.Group.ProxyProtocol() == b.Group.ProxyProtocol()
}

// forget drops what is not reported yet of a check that nobody wants any more.
func (c *Checker) forget(id task) {
	c.changed[id.vpc] = slices.DeleteFunc(c.changed[id.vpc], func(h vpc.TargetHealth) bool {
		return h.TargetGroup == id.key.group && h.Target == id.key.target
	})
}

// start begins a runner. What is known of its target stays, its streak does
// not: it was one of other probes.
func (c *Checker) start(ctx context.Context, id task, check Check, probing *sync.WaitGroup) runner {
	if c.known[id] == nil {
		c.known[id] = &state{}
	}
	c.known[id].streak = 0
	ctx, stop := context.WithCancel(ctx)
	probing.Go(func() { c.repeat(ctx, id, check) })
	return runner{check, stop}
}

// repeat probes a target again and again until ctx ends. The first probe comes
// soon, the second at a random moment of the interval, so that the checks of a
// group spread over it.
func (c *Checker) repeat(ctx context.Context, id task, check Check) {
	interval := check.Group.HealthCheck.Interval
	timer := time.NewTimer(rand.N(firstSpread))
	defer timer.Stop()
	for wait := interval/2 + rand.N(interval/2+1); ; wait = interval {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case c.turns <- struct{}{}:
		}
		result := c.probe(ctx, id.vpc, check)
		<-c.turns
		c.record(ctx, id, check, result)
	}
}

// record adds a probe's result to what is known of a target, unless the probe
// was cut off.
func (c *Checker) record(ctx context.Context, id task, check Check, result result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.known[id]
	if ctx.Err() != nil || known == nil || !known.add(result, check.Group.HealthCheck) {
		return
	}
	c.Log.Info("target health", "vpc", id.vpc, "group", id.key.group, "target", id.key.target, "state", known.now, "reason", known.why.reason)
	c.changed[id.vpc] = append(c.changed[id.vpc], vpc.TargetHealth{
		Owner:       check.Group.Owner,
		TargetGroup: check.Group.ARN,
		Target:      id.key.target,
		State:       known.now,
		Reason:      known.why.reason,
		Description: known.why.description,
	})
	c.poke()
}

// takeChanged takes what is to be reported; of two changes of one target only
// the last.
func (c *Checker) takeChanged() map[string][]vpc.TargetHealth {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.changed
	c.changed = map[string][]vpc.TargetHealth{}
	for vpcID, all := range taken {
		if taken[vpcID] = last(all); len(all) == 0 {
			delete(taken, vpcID)
		}
	}
	return taken
}

// last are the last changes of each target, in the order of the changes.
func last(all []vpc.TargetHealth) []vpc.TargetHealth {
	var kept []vpc.TargetHealth
	for i, h := range all {
		again := slices.ContainsFunc(all[i+1:], func(o vpc.TargetHealth) bool {
			return o.TargetGroup == h.TargetGroup && o.Target == h.Target
		})
		if !again {
			kept = append(kept, h)
		}
	}
	return kept
}
