package main

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestHeapPercent(t *testing.T) {
	for _, c := range []struct {
		live     uint64
		interval time.Duration
		want     int
	}{
		// A small heap gets the room, as a part of what is alive.
		{12 << 20, time.Second, 400},
		{24 << 20, heapAtRest, 200},
		// Go's minimum grows with the percentage, so nothing counts as less.
		{1 << 20, time.Second, 1200},
		{0, 0, 1200},
		// A large one grows as ever.
		{48 << 20, time.Second, 100},
		{1 << 30, time.Second, 100},
		// One at rest gives the room back.
		{12 << 20, heapAtRest + 1, 100},
	} {
		if got := heapPercent(c.live, c.interval); got != c.want {
			t.Errorf("%d MB, %v: %d, want %d", c.live>>20, c.interval, got, c.want)
		}
	}
}

func TestPaceHeap(t *testing.T) {
	collectUntil := func(what string, ok func(percent uint64) bool) {
		t.Helper()
		now := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for deadline := time.Now().Add(10 * time.Second); ; {
			metrics.Read(now)
			if ok(now[0].Value.Uint64()) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d", what, now[0].Value.Uint64())
			}
			runtime.GC()
		}
	}
	t.Setenv("GOGC", "")
	stop := paceHeap()
	collectUntil("collected again and again", func(percent uint64) bool { return percent > goPercent })
	stop()
	collectUntil("stopped", func(percent uint64) bool { return percent == goPercent })
}
