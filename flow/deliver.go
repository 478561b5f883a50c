package flow

import (
	"context"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/postern/postern/vpc"
)

const (
	// lanes deliver side by side; a flow log keeps to one, so that its
	// records stay in order and a broken destination does not hold up all.
	lanes       = 4
	laneBatches = 1024 // bound of a lane's queue

	deliverAttempts = 6
	deliverTimeout  = 10 * time.Second // of one attempt
	firstBackoff    = 500 * time.Millisecond
	maxBackoff      = 8 * time.Second
	// drainTime is what is left for the queues at the end.
	drainTime = 5 * time.Second
)

// batch is the records of one interface and one window.
type batch struct {
	log     vpc.FlowLog
	eni     vpc.ENI
	records []Record
}

// delivery hands batches to the sink.
type delivery struct {
	sink  Sink
	log   *slog.Logger
	lanes [lanes]chan batch
}

func newDelivery(sink Sink, log *slog.Logger) *delivery {
	d := &delivery{sink: sink, log: log}
	for i := range d.lanes {
		d.lanes[i] = make(chan batch, laneBatches)
	}
	return d
}

// put queues b; false when its lane is full.
func (d *delivery) put(b batch) bool {
	h := fnv.New32a()
	h.Write([]byte(b.log.ID))
	select {
	case d.lanes[h.Sum32()%lanes] <- b:
		return true
	default:
		return false
	}
}

// close ends the lanes when they are empty. Nobody may put after it.
func (d *delivery) close() {
	for _, lane := range d.lanes {
		close(lane)
	}
}

// run delivers until close was called and the queues are empty. Once ctx is
// done nothing waits any more, and what does not go at once is lost.
func (d *delivery) run(ctx context.Context) {
	var workers sync.WaitGroup
	for _, lane := range d.lanes {
		workers.Go(func() {
			for b := range lane {
				d.deliver(ctx, b)
			}
		})
	}
	workers.Wait()
}

// deliver tries to get rid of b until it succeeds, the attempts are used up,
// or ctx is done.
func (d *delivery) deliver(ctx context.Context, b batch) {
	backoff := firstBackoff
	err := d.attempt(ctx, b)
	for attempt := 1; err != nil && attempt < deliverAttempts && sleep(ctx, backoff); attempt++ {
		backoff = min(2*backoff, maxBackoff)
		err = d.attempt(ctx, b)
	}
	if err == nil {
		return
	}
	d.log.Error("deliver flow records", "log", b.log.ID, "eni", b.eni.ID, "lost", len(b.records), "err", err)
}

func (d *delivery) attempt(ctx context.Context, b batch) error {
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	return d.sink.Deliver(ctx, b.log, b.eni, b.records)
}

// sleep waits for duration; false when ctx ended first.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
