package flow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

const (
	defaultInterval = 10 * time.Minute
	collectTimeout  = 10 * time.Second
)

// planned is a flow log with its format parsed.
type planned struct {
	log    vpc.FlowLog
	format Format
}

// plan is a VPC value made ready.
type plan struct {
	logs        []planned
	enis        []vpc.ENI
	ids         map[string]bool // of enis
	attribution attribution
	source      Source
}

func newPlan(v VPC) (*plan, error) {
	p := &plan{enis: v.ENIs, ids: map[string]bool{}, attribution: newAttribution(v), source: v.Source}
	for _, e := range v.ENIs {
		p.ids[e.ID] = true
	}
	if v.Source == nil && len(v.Logs) > 0 {
		return p, errors.New("flow logs without a source")
	}
	var errs []error
	for _, l := range v.Logs {
		format, err := ParseFormat(l.Format)
		if err != nil {
			errs = append(errs, fmt.Errorf("leave out %s: %w", l.ID, err))
			continue
		}
		if l.Interval <= 0 {
			l.Interval = defaultInterval
		}
		p.logs = append(p.logs, planned{l, format})
	}
	return p, errors.Join(errs...)
}

// A task records one VPC.
type task struct {
	cfg      Config
	delivery *delivery
	vpc      string
	started  bool          // guarded by Collector.mu
	changed  chan struct{} // holds a token when wanted is set
	stopped  chan struct{} // closed by stop
	done     chan struct{} // closed when run has ended

	mu     sync.Mutex
	wanted *plan

	// Only run uses these.
	attribution   attribution
	source        Source
	subscriptions map[string]*subscription // by flow log id
}

func newTask(cfg Config, d *delivery, vpcID string) *task {
	return &task{
		cfg:           cfg,
		delivery:      d,
		vpc:           vpcID,
		changed:       make(chan struct{}, 1),
		stopped:       make(chan struct{}),
		done:          make(chan struct{}),
		subscriptions: map[string]*subscription{},
	}
}

// set leaves p for run, in place of an earlier one that it did not take yet.
func (t *task) set(p *plan) {
	t.mu.Lock()
	t.wanted = p
	t.mu.Unlock()
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// take returns what set left, nil if nothing.
func (t *task) take() *plan {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.wanted
	t.wanted = nil
	return p
}

// stop ends run and waits for it.
func (t *task) stop() {
	close(t.stopped)
	if t.started {
		<-t.done
	}
}

// run records until ctx is done or stop is called.
func (t *task) run(ctx context.Context) {
	defer close(t.done)
	for {
		var due <-chan time.Time
		if end, ok := t.nextEnd(); ok {
			due = time.After(end.Sub(t.cfg.Now()))
		}
		select {
		case <-due:
			t.collect(ctx, t.attribution)
			t.flush(t.cfg.Now())
		case <-t.changed:
			t.adopt(ctx)
		case <-t.stopped:
			t.finish(ctx)
			return
		case <-ctx.Done():
			t.finish(context.WithoutCancel(ctx))
			return
		}
	}
}

// nextEnd is when the first window ends; false without flow logs.
func (t *task) nextEnd() (time.Time, bool) {
	var first time.Time
	for _, s := range t.subscriptions {
		if first.IsZero() || s.end.Before(first) {
			first = s.end
		}
	}
	return first, !first.IsZero()
}

// adopt takes up what was set. What was counted until now goes to the flow
// logs of before, and to the interfaces of before and of now: a new one may
// have sent already.
func (t *task) adopt(ctx context.Context) {
	next := t.take()
	if next == nil {
		return
	}
	for _, s := range t.subscriptions {
		s.admit(next.enis, t.cfg.Now())
	}
	if next.source != nil {
		t.source = next.source
	}
	if len(t.subscriptions)+len(next.logs) > 0 {
		t.collect(ctx, t.attribution.with(next.attribution))
	}
	t.attribution = next.attribution
	t.subscribe(next, t.cfg.Now())
}

// subscribe makes the subscriptions those of p. The windows of a flow log
// that is gone are closed.
func (t *task) subscribe(p *plan, now time.Time) {
	kept := map[string]*subscription{}
	for _, l := range p.logs {
		s := t.subscriptions[l.log.ID]
		if s == nil {
			s = newSubscription(l, p.enis, now)
		}
		s.retire(p.ids)
		kept[l.log.ID] = s
	}
	for id, s := range t.subscriptions {
		if kept[id] == nil {
			t.deliver(s, now)
		}
	}
	t.subscriptions = kept
}

// finish closes every window after a last collection.
func (t *task) finish(ctx context.Context) {
	t.adopt(ctx)
	if len(t.subscriptions) > 0 {
		t.collect(ctx, t.attribution)
	}
	for _, id := range slices.Sorted(maps.Keys(t.subscriptions)) {
		t.deliver(t.subscriptions[id], t.cfg.Now())
	}
}

// collect counts what is new into all open windows.
func (t *task) collect(ctx context.Context, a attribution) {
	ctx, cancel := context.WithTimeout(ctx, collectTimeout)
	defer cancel()
	conversations, drops, err := t.source.Collect(ctx)
	if err != nil {
		t.cfg.Log.Error("collect flows", "vpc", t.vpc, "err", err)
	}
	flows := a.flows(conversations, drops)
	for _, s := range t.subscriptions {
		if err != nil {
			s.skip()
		}
		for _, f := range flows {
			s.add(f, t.cfg.MaxFlows)
		}
	}
}

// flush closes the windows that have ended. After a pause, as when a laptop
// slept, one window covers all of it.
func (t *task) flush(now time.Time) {
	for _, id := range slices.Sorted(maps.Keys(t.subscriptions)) {
		if s := t.subscriptions[id]; !now.Before(s.end) {
			t.deliver(s, now.Truncate(s.log.Interval))
		}
	}
}

// deliver closes the windows of s at end. What delivery cannot take is noted
// in the next window.
func (t *task) deliver(s *subscription, end time.Time) {
	lost := 0
	for _, b := range s.flush(end) {
		if t.delivery.put(b) {
			continue
		}
		lost += len(b.records)
		if w := s.windows[b.eni.ID]; w != nil {
			w.skipped = true
		}
	}
	if lost > 0 {
		t.cfg.Log.Error("queue flow records", "vpc", t.vpc, "log", s.log.ID, "lost", lost, "err", "the queue is full")
	}
}
