package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Go lets a heap grow to twice what is alive in it, and no further than 4 MB
// where that is little. With the few megabytes of a small installation, that is
// a garbage collection every thousand calls, each of which goes through all
// records: a fifth of what a call costs. So a heap whose collections come in
// quick succession gets room in bytes to allocate between two of them. One that
// holds more than that grows as ever, and one that is at rest gives it back.
const (
	heapRoom   = 48 << 20
	heapAtRest = 10 * time.Second // without a collection

	goPercent = 100     // Go's own GOGC
	goMinimum = 4 << 20 // what Go counts as alive at least
)

// heapPercent is the growth in percent to allow a heap with that much alive,
// which was collected that long after the time before.
func heapPercent(live uint64, interval time.Duration) int {
	if interval > heapAtRest {
		return goPercent
	}
	return max(goPercent, int(heapRoom*100/max(live, goMinimum)))
}

// heapPace tells the garbage collector how far to go.
type heapPace struct {
	percent int       // as it was set last
	last    time.Time // the collection before
	stopped atomic.Bool
}

// paceHeap adjusts the collector after each collection until stop is called,
// and leaves an operator's GOGC alone.
func paceHeap() (stop func()) {
	p := &heapPace{percent: goPercent, last: time.Now()}
	if os.Getenv("GOGC") == "" {
		runtime.SetFinalizer(&heapCycle{p}, (*heapCycle).ended)
	}
	return func() { p.stopped.Store(true) }
}

// heapCycle is garbage, so that its finalizer runs once in each collection.
type heapCycle struct{ pace *heapPace }

func (c *heapCycle) ended() {
	if c.pace.stopped.Load() {
		c.pace.set(goPercent)
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	now := time.Now()
	c.pace.set(heapPercent(live[0].Value.Uint64(), now.Sub(c.pace.last)))
	c.pace.last = now
	runtime.SetFinalizer(c, (*heapCycle).ended)
}

// set stops the world for some microseconds, so small differences do not count.
func (p *heapPace) set(percent int) {
	if p.percent != percent && (percent == goPercent || percent < p.percent*9/10 || percent > p.percent*10/9) {
		debug.SetGCPercent(percent)
		p.percent = percent
	}
}
