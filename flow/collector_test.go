package flow

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern/postern/vpc"
)

// An accepted call is seen by both interfaces, each way; the next window has
// no data. The account is the interface's.
func TestWindows(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set([]vpc.FlowLog{flowLog("fl-1", vpcID, "ALL", time.Minute)}, app, door)
		l.sleep(20 * time.Second)
		l.counter.count(call(time.Now().Add(-10*time.Second), time.Now()))
		l.sleep(39 * time.Second)
		l.want("")
		l.sleep(time.Second)
		l.want(`
			fl-1: APP 10.0.1.5 10.0.2.9 40000 443 6 10 840 946684810 946684820 ACCEPT OK
			fl-1: APP 10.0.2.9 10.0.1.5 443 40000 6 8 5200 946684810 946684820 ACCEPT OK
			fl-1: DOOR 10.0.1.5 10.0.2.9 40000 443 6 10 840 946684810 946684820 ACCEPT OK
			fl-1: DOOR 10.0.2.9 10.0.1.5 443 40000 6 8 5200 946684810 946684820 ACCEPT OK`)
		l.sleep(time.Minute)
		l.want(`
			fl-1: APP - - - - - - - 946684860 946684920 - NODATA
			fl-1: DOOR - - - - - - - 946684860 946684920 - NODATA`)
	})
}

// A flow log sees the traffic of its resource and of its action.
func TestFilters(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set([]vpc.FlowLog{
			flowLog("fl-accept", appID, "ACCEPT", time.Minute),
			flowLog("fl-reject", vpcID, "REJECT", time.Minute),
			flowLog("fl-subnet", subnetB, "ALL", time.Minute),
		}, app, door)
		now := time.Now()
		l.counter.count(conversation("10.0.1.5:40001", "10.0.2.9:443", [2]uint64{1, 0}, [2]uint64{60, 0}))
		l.counter.drop(vpc.Drop{ENI: doorID, Tuple: tcp("10.0.1.5:40000", "10.0.2.9:22"), Bytes: 60, Time: now})
		l.counter.drop(vpc.Drop{ENI: doorID, Tuple: tcp("10.0.1.5:40000", "10.0.2.9:22"), Bytes: 60, Time: now.Add(3 * time.Second)})
		l.sleep(time.Minute)
		l.want(`
			fl-accept: APP 10.0.1.5 10.0.2.9 40000 22 6 2 120 946684800 946684803 ACCEPT OK
			fl-accept: APP 10.0.1.5 10.0.2.9 40001 443 6 1 60 946684800 946684800 ACCEPT OK
			fl-reject: APP - - - - - - - 946684800 946684860 - NODATA
			fl-reject: DOOR 10.0.1.5 10.0.2.9 40000 22 6 2 120 946684800 946684803 REJECT OK
			fl-subnet: DOOR 10.0.1.5 10.0.2.9 40000 22 6 2 120 946684800 946684803 REJECT OK
			fl-subnet: DOOR 10.0.1.5 10.0.2.9 40001 443 6 1 60 946684800 946684800 ACCEPT OK`)
	})
}

// Flow logs of different intervals share one collection, and each gets
// everything.
func TestIntervals(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set([]vpc.FlowLog{
			flowLog("fl-1m", appID, "ALL", time.Minute),
			flowLog("fl-10m", appID, "ALL", 0), // AWS's default
		}, app)
		before := l.counter.collects
		for range 10 {
			l.counter.count(conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{1, 0}, [2]uint64{100, 0}))
			l.sleep(time.Minute)
		}
		if n := l.counter.collects - before; n != 10 {
			t.Errorf("%d collections in ten minutes", n)
		}
		got := l.page.take()
		if n := strings.Count(got, "fl-1m: 2 111122223333 "+appID+" 10.0.1.5 10.0.2.9 40000 443 6 1 100 "); n != 10 {
			t.Errorf("%d records of a minute in\n%s", n, got)
		}
		if n := strings.Count(got, "fl-10m: 2 111122223333 "+appID+" 10.0.1.5 10.0.2.9 40000 443 6 10 1000 946684800 946684800 ACCEPT OK"); n != 1 {
			t.Errorf("%d records of ten minutes in\n%s", n, got)
		}
	})
}

// A flow log sees nothing of before it came to be; its first window ends with
// those of the others.
func TestNewLog(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set(nil, app)
		l.counter.count(call(time.Now(), time.Now()))
		l.sleep(15 * time.Second)
		l.set([]vpc.FlowLog{flowLog("fl-1", vpcID, "ALL", time.Minute)}, app)
		l.sleep(45 * time.Second)
		l.want(`fl-1: APP - - - - - - - 946684815 946684860 - NODATA`)
	})
}

// Interfaces come and go: what was counted before a change goes to who was
// there, and a new interface that sent before the change was taken up is not
// forgotten.
func TestInterfacesChange(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		logs := []vpc.FlowLog{flowLog("fl-1", vpcID, "ALL", time.Minute)}
		l.set(logs, app)
		l.sleep(10 * time.Second)
		l.counter.count(call(time.Now(), time.Now()))
		l.set(logs, door)
		l.sleep(50 * time.Second)
		l.want(`
			fl-1: APP 10.0.1.5 10.0.2.9 40000 443 6 10 840 946684810 946684810 ACCEPT OK
			fl-1: APP 10.0.2.9 10.0.1.5 443 40000 6 8 5200 946684810 946684810 ACCEPT OK
			fl-1: DOOR 10.0.1.5 10.0.2.9 40000 443 6 10 840 946684810 946684810 ACCEPT OK
			fl-1: DOOR 10.0.2.9 10.0.1.5 443 40000 6 8 5200 946684810 946684810 ACCEPT OK`)
		l.sleep(time.Minute)
		l.want(`fl-1: DOOR - - - - - - - 946684860 946684920 - NODATA`)
	})
}

// Setting the same again, and other changes, do not break windows.
func TestSetAgain(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		logs := []vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}
		for range 3 {
			l.set(logs, app)
			l.counter.count(conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{1, 0}, [2]uint64{100, 0}))
			l.sleep(10 * time.Second)
		}
		l.sleep(30 * time.Second)
		l.want(`fl-1: APP 10.0.1.5 10.0.2.9 40000 443 6 3 300 946684800 946684800 ACCEPT OK`)
	})
}

// A flow log that is deleted leaves its open window behind, and nothing after.
func TestDeletedLog(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set([]vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, app)
		l.counter.count(conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{1, 0}, [2]uint64{100, 0}))
		l.sleep(10 * time.Second)
		l.set(nil, app)
		l.want(`fl-1: APP 10.0.1.5 10.0.2.9 40000 443 6 1 100 946684800 946684800 ACCEPT OK`)
		collects := l.counter.collects
		l.sleep(time.Hour)
		l.want("")
		if l.counter.collects != collects {
			t.Error("a VPC without flow logs was collected")
		}
	})
}

// The end of the collector, or of a VPC, closes the open window after a last
// collection.
func TestEnd(t *testing.T) {
	const records = `
		fl-1: APP 10.0.1.5 10.0.2.9 40000 443 6 10 840 946684810 946684810 ACCEPT OK
		fl-1: APP 10.0.2.9 10.0.1.5 443 40000 6 8 5200 946684810 946684810 ACCEPT OK`
	for name, end := range map[string]func(l *lab){
		"shutdown": func(l *lab) { l.stop() },
		"remove":   func(l *lab) { l.Remove(vpcID) },
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, Config{}, func(l *lab) {
				l.set([]vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, app)
				l.sleep(10 * time.Second)
				l.counter.count(call(time.Now(), time.Now()))
				end(l)
				synctest.Wait()
				l.want(records)
				collects := l.counter.collects
				l.sleep(time.Hour)
				l.want("")
				if l.counter.collects != collects {
					t.Error("collected after the end")
				}
			})
		})
	}
}

// What a failed collection lost is noted for every interface; what it
// returned counts.
func TestCollectError(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		l.set([]vpc.FlowLog{flowLog("fl-1", vpcID, "ACCEPT", time.Minute)}, app, door)
		l.counter.count(conversation("10.0.1.5:40000", "203.0.113.9:443", [2]uint64{1, 0}, [2]uint64{100, 0}))
		l.counter.fail(errors.New("no buffer space available"))
		l.sleep(time.Minute)
		l.counter.fail(nil)
		l.want(`
			fl-1: APP 10.0.1.5 203.0.113.9 40000 443 6 1 100 946684800 946684800 ACCEPT OK
			fl-1: APP - - - - - - - 946684800 946684860 - SKIPDATA
			fl-1: DOOR - - - - - - - 946684800 946684860 - SKIPDATA`)
		l.sleep(time.Minute)
		l.want(`
			fl-1: APP - - - - - - - 946684860 946684920 - NODATA
			fl-1: DOOR - - - - - - - 946684860 946684920 - NODATA`)
	})
}

// After a pause of the machine one window covers it, and the next is aligned.
func TestPause(t *testing.T) {
	var pause atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(pause.Load())) }
	inLab(t, Config{Now: now}, func(l *lab) {
		l.set([]vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, app)
		l.sleep(30 * time.Second)
		pause.Store(int64(10*time.Minute + 5*time.Second))
		l.sleep(30 * time.Second)
		l.want(`fl-1: APP - - - - - - - 946684800 946685460 - NODATA`)
		l.sleep(55 * time.Second)
		l.want(`fl-1: APP - - - - - - - 946685460 946685520 - NODATA`)
	})
}

// A VPC that was set before Run is recorded; one removed before it is not.
func TestSetBeforeRun(t *testing.T) {
	c := NewCollector(Config{})
	source := &counter{}
	v := VPC{Logs: []vpc.FlowLog{flowLog("fl-1", appID, "ALL", time.Minute)}, ENIs: []vpc.ENI{app}, Source: source}
	if err := c.Set(vpcID, v); err != nil {
		t.Error(err)
	}
	c.Remove(vpcID)
	c.Remove(vpcID)
	if len(c.tasks) != 0 || source.collects != 0 {
		t.Errorf("%d tasks, %d collections", len(c.tasks), source.collects)
	}
}

// A flow log with a format that does not parse is named and the others work.
func TestBadFormat(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		bad := flowLog("fl-bad", appID, "ALL", time.Minute)
		bad.Format = "${tcp-flags}"
		good := flowLog("fl-good", appID, "ALL", time.Minute)
		err := l.Set(vpcID, VPC{Logs: []vpc.FlowLog{bad, good}, ENIs: []vpc.ENI{app}, Source: l.counter})
		if err == nil || !strings.Contains(err.Error(), "fl-bad") {
			t.Errorf("Set: %v", err)
		}
		l.sleep(time.Minute)
		l.want(`fl-good: APP - - - - - - - 946684800 946684860 - NODATA`)
		if err := l.Set(vpcID, VPC{Logs: []vpc.FlowLog{good}}); err == nil {
			t.Error("flow logs without a source were taken")
		}
	})
}

func TestRunTwice(t *testing.T) {
	inLab(t, Config{}, func(l *lab) {
		synctest.Wait()
		if err := l.Collector.Run(t.Context()); err == nil {
			t.Error("it ran twice at once")
		}
	})
}
