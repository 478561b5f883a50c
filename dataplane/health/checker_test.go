package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/vpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// field stands for the targets: which of them answer, who was dialed, and what
// was reported.
type field struct {
	mu       sync.Mutex
	down     map[string]bool
	silent   map[string]bool // never answers
	dialed   map[string][]time.Time
	reported []string // target, state
	running  int      // dials at a time
	most     int
}

func newField() *field {
	return &field{down: map[string]bool{}, silent: map[string]bool{}, dialed: map[string][]time.Time{}}
}

func (f *field) dial(ctx context.Context, _ string, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	f.mu.Lock()
	name := to.String()
	f.dialed[name] = append(f.dialed[name], time.Now())
	down, silent := f.down[name], f.silent[name]
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.running--; f.mu.Unlock() }()
	switch {
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case down:
		return nil, errors.New("refused")
	}
	near, far := net.Pipe()
	far.Close()
	return near, nil
}

func (f *field) report(_ context.Context, vpcID string, changed []vpc.TargetHealth) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range changed {
		f.reported = append(f.reported, fmt.Sprintf("%s %s %s", vpcID, h.Target, h.State))
	}
}

func (f *field) set(states map[string]bool, name string, is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	states[name] = is
}

// take returns what was reported since the last time.
func (f *field) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.reported
	f.reported = nil
	return taken
}

// dials are how often a target was dialed.
func (f *field) dials(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.dialed[name])
}

// run runs a checker over the field until the test's bubble ends.
func (f *field) run(t *testing.T) *Checker {
	c := New(Config{Dial: f.dial, Report: f.report})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

const (
	one = "10.0.0.1:80"
	two = "10.0.0.2:80"
)

func checks(names ...string) []Check {
	var all []Check
	for _, name := range names {
		at := netip.MustParseAddrPort(name)
		all = append(all, Check{
			Group: vpc.TargetGroup{ARN: "group", HealthCheck: vpc.HealthCheck{
				Protocol: "TCP", Port: "traffic-port", Interval: 30 * time.Second, Timeout: 10 * time.Second, Healthy: 3, Unhealthy: 2,
			}},
			Target: vpc.Target{Address: at.Addr(), Port: at.Port()},
		})
	}
	return all
}

func wantReports(t *testing.T, when string, f *field, want ...string) {
	t.Helper()
	synctest.Wait()
	got := f.take()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: reported %q, want %q", when, got, want)
	}
}

// A target that answers is healthy within a second, one that goes down is
// unhealthy after its threshold, and back after the other one.
func TestCheckerReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		f.set(f.down, two, true)
		c := f.run(t)
		c.Set("vpc-1", checks(one, two))
		time.Sleep(time.Second)
		wantReports(t, "first probes", f, "vpc-1 "+one+" healthy")
		time.Sleep(30 * time.Second)
		wantReports(t, "second probes", f, "vpc-1 "+two+" unhealthy")
		f.set(f.down, one, true)
		f.set(f.down, two, false)
		time.Sleep(60 * time.Second)
		wantReports(t, "two more", f, "vpc-1 "+one+" unhealthy")
		time.Sleep(30 * time.Second)
		wantReports(t, "a third one", f, "vpc-1 "+two+" healthy")
		time.Sleep(10 * time.Minute)
		wantReports(t, "no change", f)
	})
}

// The probes of a target are an interval apart, from the second one on.
func TestCheckerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		f.run(t).Set("vpc-1", checks(one))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		at := f.dialed[one]
		if len(at) < 10 {
			t.Fatalf("%d probes in five minutes", len(at))
		}
		if first := at[1].Sub(at[0]); first < 15*time.Second || first > 30*time.Second {
			t.Errorf("the second probe came after %v", first)
		}
		for i := 2; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d != 30*time.Second {
				t.Errorf("probe %d came after %v", i, d)
			}
		}
	})
}

// A change of others leaves a check alone: no probe more, no state forgotten.
func TestCheckerKeepsUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		c := f.run(t)
		c.Set("vpc-1", checks(one))
		time.Sleep(2 * time.Second)
		wantReports(t, "first", f, "vpc-1 "+one+" healthy")
		before := f.dials(one)
		for range 5 { // within the shortest time to the second probe
			c.Set("vpc-1", checks(one, two))
			c.Set("vpc-2", checks(one))
			time.Sleep(time.Second)
			c.Set("vpc-1", checks(one))
			c.Remove("vpc-2")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		f.take()
		if n := f.dials(one) - before; n > 5 { // those of vpc-2
			t.Errorf("%d probes more", n)
		}
		f.set(f.down, one, true)
		time.Sleep(time.Minute)
		wantReports(t, "down", f, "vpc-1 "+one+" unhealthy")
	})
}

// Other settings begin the streak anew and keep the state.
func TestCheckerOtherSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		c := f.run(t)
		c.Set("vpc-1", checks(one))
		time.Sleep(2 * time.Second)
		wantReports(t, "first", f, "vpc-1 "+one+" healthy")
		faster := checks(one)
		faster[0].Group.HealthCheck.Interval = 10 * time.Second
		c.Set("vpc-1", faster)
		time.Sleep(25 * time.Second)
		wantReports(t, "still healthy", f)
		if n := f.dials(one); n < 3 {
			t.Errorf("%d probes: the new interval is not kept", n)
		}
	})
}

// A target that comes back is a new one.
func TestCheckerForgetsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		c := f.run(t)
		for _, remove := range []func(){func() { c.Set("vpc-1", nil) }, func() { c.Remove("vpc-1") }} {
			c.Set("vpc-1", checks(one))
			time.Sleep(time.Second)
			wantReports(t, "new", f, "vpc-1 "+one+" healthy")
			remove()
			before := f.dials(one)
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if n := f.dials(one) - before; n != 0 {
				t.Errorf("%d probes of a target that is gone", n)
			}
		}
	})
}

// However many targets there are, few probes run at a time, and silent targets
// do not keep the others from being probed.
func TestCheckerBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		var names []string
		for i := range 3 * maxProbes {
			name := fmt.Sprintf("10.0.1.%d:80", i)
			f.set(f.silent, name, true)
			names = append(names, name)
		}
		f.run(t).Set("vpc-1", checks(append(names, one)...))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if f.most != maxProbes {
			t.Errorf("%d probes at a time", f.most)
		}
		if n := len(f.take()); n != len(names)+1 {
			t.Errorf("%d targets were reported of %d", n, len(names)+1)
		}
	})
}

// A probe that ctx cuts off says nothing about its target.
func TestCheckerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		f.set(f.silent, one, true)
		c := New(Config{Dial: f.dial, Report: f.report})
		only := checks(one)
		only[0].Group.HealthCheck.Unhealthy = 1
		c.Set("vpc-1", only) // before Run
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		if f.dials(one) != 1 || f.running != 0 {
			t.Errorf("%d probes, %d still run", f.dials(one), f.running)
		}
		wantReports(t, "cut off", f)
	})
}
