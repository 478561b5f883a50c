package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

// Source counts the traffic of one VPC.
type Source interface {
	// Collect returns everything since the last Collect. What it returns
	// beside an error is valid and not returned again.
	Collect(ctx context.Context) ([]vpc.Conversation, []vpc.Drop, error)
}

// Record is one line of a flow log.
type Record struct {
	Time time.Time // start of the flow, or of the window without data
	Line string
}

// Sink takes the records of one interface and one window. An error makes the
// collector try again, with the same records.
type Sink interface {
	Deliver(ctx context.Context, log vpc.FlowLog, eni vpc.ENI, records []Record) error
}

// VPC is everything that is to be recorded in one VPC.
type VPC struct {
	Logs     []vpc.FlowLog // of the VPC, its subnets and interfaces
	ENIs     []vpc.ENI
	Unlogged []netip.Addr // resolvers and routers: traffic with them is not logged
	Source   Source       // the same until Remove; not used when there are no Logs
}

// Config is what a Collector is made from.
type Config struct {
	Sink Sink             // required
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // required
	// MaxFlows bounds the records of an interface in one window; what
	// exceeds it is left out and noted as SKIPDATA. 0: 10,000.
	MaxFlows int
}

// Collector records the traffic of the VPCs of this node. Its methods may be
// called from many goroutines, before Run too.
type Collector struct {
	cfg      Config
	delivery *delivery

	mu    sync.Mutex
	tasks map[string]*task
	start func(*task) // starts a new task; nil before Run
}

// NewCollector returns a collector without VPCs.
func NewCollector(cfg Config) *Collector {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxFlows == 0 {
		cfg.MaxFlows = 10_000
	}
	return &Collector{cfg: cfg, delivery: newDelivery(cfg.Sink, cfg.Log), tasks: map[string]*task{}}
}

// Set replaces what is to be recorded in a VPC. It returns at once; what was
// counted until the collector takes it up still goes to the logs and
// interfaces of before. A flow log whose format does not parse is left out and
// named in the error.
func (c *Collector) Set(vpcID string, v VPC) error {
	plan, err := newPlan(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tasks[vpcID]
	if t == nil {
		t = newTask(c.cfg, c.delivery, vpcID)
		c.tasks[vpcID] = t
		if c.start != nil {
			c.start(t)
		}
	}
	t.set(plan)
	if err != nil {
		return fmt.Errorf("set flow logs of %s: %w", vpcID, err)
	}
	return nil
}

// Remove collects a VPC for the last time, hands its open windows over to
// delivery and forgets it. Its Source is no longer used when Remove returns.
func (c *Collector) Remove(vpcID string) {
	c.mu.Lock()
	t := c.tasks[vpcID]
	delete(c.tasks, vpcID)
	c.mu.Unlock()
	if t != nil {
		t.stop()
	}
}

// Run records until ctx is done, then closes the open windows and delivers
// them, for a few seconds at most. It may be called once.
func (c *Collector) Run(ctx context.Context) error {
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var tasks, deliveries sync.WaitGroup
	err := c.begin(func(t *task) {
		t.started = true
		tasks.Go(func() { t.run(ctx) })
	})
	if err != nil {
		return err
	}
	deliveries.Go(func() { c.delivery.run(drain) })
	<-ctx.Done()
	c.end()
	tasks.Wait()
	c.delivery.close()
	defer time.AfterFunc(drainTime, cancel).Stop()
	deliveries.Wait()
	return nil
}

// begin starts the tasks that Set made, and lets it start those to come.
func (c *Collector) begin(start func(*task)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.start != nil {
		return errors.New("run flow collector: it ran already")
	}
	c.start = start
	for _, t := range c.tasks {
		start(t)
	}
	return nil
}

// end keeps Set from starting tasks.
func (c *Collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.start = func(*task) {}
}
