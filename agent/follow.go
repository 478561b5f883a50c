package agent

import (
	"context"
	"time"

	"github.com/postern/postern/store"
)

// workers is how many VPCs are brought to their records at a time: more than
// there are processors, because the kernel makes whoever changes a network wait.
const workers = 8

// How long the agent waits before it tries failed VPCs again.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// follower brings VPCs to what the records say: several at a time, each in the
// order of its changes. Only its workers run beside the goroutine that owns it.
type follower struct {
	agent    *Agent
	snapshot store.Snapshot // the newest
	reached  int64          // as reported last
	outcomes chan outcome

	// A VPC that is due or running has been reported as of a revision.
	due     map[store.Key]int64
	running map[store.Key]int64

	failed map[store.Key]bool // VPCs to be tried again
	wait   time.Duration      // until then
	retry  <-chan time.Time   // nil: nothing is to be tried again
}

// outcome is what became of a VPC.
type outcome struct {
	key store.Key
	err error
}

// news is what a feed of changes answers.
type news struct {
	batch    []store.Change
	snapshot store.Snapshot
	err      error
}

func newFollower(a *Agent) *follower {
	return &follower{
		agent:    a,
		outcomes: make(chan outcome),
		due:      map[store.Key]int64{},
		running:  map[store.Key]int64{},
		failed:   map[store.Key]bool{},
		wait:     firstRetry,
	}
}

// take makes due what a batch of changes touches, and what has failed before.
func (f *follower) take(batch []store.Change, snapshot store.Snapshot) {
	for _, c := range batch {
		for _, record := range []any{c.Old, c.New} {
			for _, k := range touched(f.agent.Store, snapshot, record) {
				f.add(k)
			}
		}
	}
	f.snapshot = snapshot
	f.again()
}

// add makes a VPC due. Until now it has been reported as of the follower's
// snapshot, unless it is due already.
func (f *follower) add(k store.Key) {
	if _, already := f.due[k]; !already {
		f.due[k] = f.snapshot.Revision()
	}
}

// again makes due what has failed.
func (f *follower) again() {
	for k := range f.failed {
		f.add(k)
	}
	clear(f.failed)
	f.retry = nil
}

// settle works until nothing is due; false if ctx ends before.
func (f *follower) settle(ctx context.Context) bool {
	for f.dispatch(ctx); len(f.running) > 0; f.dispatch(ctx) {
		f.finish(ctx, <-f.outcomes)
	}
	return ctx.Err() == nil
}

// follow works on what is due and on what the feed tells, until ctx or the feed
// ends.
func (f *follower) follow(ctx context.Context, changes *store.Changes) error {
	feed := make(chan news)
	reading := start(ctx, func(ctx context.Context) { read(ctx, changes, feed) })
	defer reading.stop()
	for {
		f.dispatch(ctx)
		select {
		case n := <-feed:
			if n.err != nil {
				return n.err
			}
			f.take(n.batch, n.snapshot)
		case o := <-f.outcomes:
			f.finish(ctx, o)
		case <-f.retry:
			f.again()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read passes on what the feed tells until it ends.
func read(ctx context.Context, changes *store.Changes, feed chan<- news) {
	for {
		var n news
		n.batch, n.snapshot, n.err = changes.Next(ctx)
		select {
		case feed <- n:
		case <-ctx.Done():
			return
		}
		if n.err != nil {
			return
		}
	}
}

// dispatch gives what is due to workers that are free, and reports how far all
// has been looked at. A VPC whose worker is at it waits for that one.
func (f *follower) dispatch(ctx context.Context) {
	for k, revision := range f.due {
		if len(f.running) == workers || ctx.Err() != nil {
			break
		}
		if _, busy := f.running[k]; busy {
			continue
		}
		f.running[k] = revision
		delete(f.due, k)
		go f.work(ctx, f.snapshot, k)
	}
	if reached := f.matches(); reached > f.reached && ctx.Err() == nil {
		f.reached = reached
		f.agent.Store.SetReached(reached)
	}
}

// work brings one VPC to what the snapshot says, and reports it.
func (f *follower) work(ctx context.Context, snapshot store.Snapshot, k store.Key) {
	err := f.agent.converge(ctx, snapshot, k)
	if ctx.Err() == nil { // otherwise cut off in the middle: nothing is known
		f.agent.Store.SetApplied(k.ID, snapshot.Revision(), err)
		if err != nil {
			f.agent.Log.Error("network does not match its records", "vpc", k.ID, "rev", snapshot.Revision(), "err", err)
		}
	}
	f.outcomes <- outcome{k, err}
}

// finish notes what became of a VPC.
func (f *follower) finish(ctx context.Context, o outcome) {
	delete(f.running, o.key)
	switch {
	case ctx.Err() != nil:
	case o.err != nil:
		f.failed[o.key] = true
		if f.retry == nil {
			f.retry = time.After(f.wait)
			f.wait = min(2*f.wait, lastRetry)
		}
	case len(f.failed)+len(f.due)+len(f.running) == 0:
		f.wait = firstRetry
	}
}

// matches is the revision that every VPC has been reported as of, or one that is
// no news.
func (f *follower) matches() int64 {
	reached := f.snapshot.Revision()
	for _, m := range []map[store.Key]int64{f.due, f.running} {
		for _, revision := range m {
			if reached = min(reached, revision); reached <= f.reached {
				return reached
			}
		}
	}
	return reached
}

// stop waits for the workers.
func (f *follower) stop() {
	for len(f.running) > 0 {
		delete(f.running, (<-f.outcomes).key)
	}
}
