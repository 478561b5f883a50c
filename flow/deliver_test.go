package flow

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern/postern/vpc"
)

// A sink that fails gets the same records again until it takes them.
func TestRetry(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.page.err = func(call int) error {
			if call < 3 {
				return errors.New("throttled")
			}
			return nil
		}
		l.set([]vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, app)
		l.sleep(time.Minute)
		l.want("")
		l.sleep(firstBackoff + 2*firstBackoff)
		l.want(`fl-1: APP - - - - - - - 946684800 946684860 - NODATA`)
		l.sleep(time.Second)
		if l.page.calls != 3 {
			t.Errorf("%d deliveries", l.page.calls)
		}
	})
}

// The attempts end; the next window has its own.
func TestGiveUp(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.page.err = func(call int) error {
			if call <= deliverAttempts {
				return errors.New("no such log group")
			}
			return nil
		}
		l.set([]vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, app)
		l.sleep(2 * time.Minute)
		l.want(`fl-1: APP - - - - - - - 946684860 946684920 - NODATA`)
	})
}

// hangs is a sink that takes the records of one flow log never, and those of
// others at once.
type hangs struct {
	page
	log string
}

func (h *hangs) Deliver(ctx context.Context, log vpc.FlowLog, eni vpc.ENI, records []Record) error {
	if log.ID == h.log {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.page.Deliver(ctx, log, eni, records)
}

// The end waits for a sink that hangs, but not longer than drainTime; other
// lanes are not held up.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &hangs{log: "fl-1"}
		c := NewCollector(Config{Sink: sink, Log: slog.New(slog.DiscardHandler)})
		v := VPC{
			Logs:   []vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute), flowLog("fl-2", appID, "ALL", time.Minute)},
			ENIs:   []vpc.ENI{app},
			Source: &counter{},
		}
		if err := c.Set(vpcID, v); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 30*time.Second+drainTime {
			t.Errorf("Run ended after %v", took)
		}
		if got := sink.take(); !strings.HasPrefix(got, "fl-2: ") {
			t.Errorf("delivered %q", got)
		}
	})
}

// Records that the queue cannot take are lost, and the interface's next window
// says so.
func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &page{}
		task := newTask(Config{Log: slog.New(slog.DiscardHandler), MaxFlows: 10}, newDelivery(sink, slog.New(slog.DiscardHandler)), vpcID)
		format, err := ParseFormat("${start} ${log-status}")
		if err != nil {
			t.Fatal(err)
		}
		s := newSubscription(planned{flowLog("fl-1", appID, "ALL", time.Minute), format}, []vpc.ENI{app}, time.Now())
		for i := range laneBatches + 2 {
			task.deliver(s, time.Now().Add(time.Duration(i+1)*time.Minute))
		}
		if !s.windows[appID].skipped {
			t.Error("the loss is not noted")
		}
		var deliveries sync.WaitGroup
		deliveries.Go(func() { task.delivery.run(t.Context()) })
		synctest.Wait()
		task.deliver(s, time.Now().Add((laneBatches+3)*time.Minute))
		task.delivery.close()
		deliveries.Wait()
		got := strings.Split(sink.take(), "\n")
		if n := len(got); n != laneBatches+1 || !strings.HasSuffix(got[n-1], " SKIPDATA") {
			t.Errorf("%d lines, the last %q", n, got[n-1])
		}
	})
}
