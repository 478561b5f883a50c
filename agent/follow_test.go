package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// small are the records of a VPC with one workload in it.
func small(id string) records {
	return records{
		Network: vpc.Network{Owner: owner, ID: "vpc-" + id, CIDR: netip.MustParsePrefix("10.1.0.0/16")},
		ENIs: []vpc.ENI{{Owner: owner, ID: "eni-" + id, VPC: "vpc-" + id, Type: vpc.InterfaceWorkload,
			MAC: "02:00:00:00:00:01", Address: netip.MustParseAddr("10.1.0.9")}},
	}
}

// write writes records without waiting.
func (f *fixture) write(all ...records) int64 {
	f.Helper()
	rev, err := f.store.Update(f.ctx, func(tx *store.Tx) error {
		for _, rec := range all {
			f.store.Networks.Put(tx, rec.Network)
			for _, e := range rec.ENIs {
				f.store.ENIs.Put(tx, e)
			}
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return rev
}

func (f *fixture) waitApplied(revision int64, ids ...string) error {
	ctx, cancel := context.WithTimeout(f.ctx, 10*time.Second)
	defer cancel()
	return f.store.WaitApplied(ctx, revision, ids...)
}

// A VPC whose kernel takes its time holds up no other one, neither those of
// the same change nor those of later ones.
func TestSlowVPCHoldsUpNoOther(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	release := kernel.hold("vpc-0slow")
	rev := f.write(small("0slow"), small("0b"), small("0c"))
	if err := f.waitApplied(rev, "vpc-0b", "vpc-0c"); err != nil {
		t.Error(err)
	}
	if err := f.put(small("0d")); err != nil {
		t.Error(err)
	}
	if reached, _ := f.store.Applied("vpc-0slow"); reached >= rev {
		t.Errorf("the slow one is reported as of %d", reached)
	}
	release()
	if err := f.waitApplied(rev, "vpc-0slow", "vpc-0elsewhere"); err != nil {
		t.Error(err)
	}
}

// What comes while a VPC is worked on is done after it, and nothing of it is
// reported before.
func TestChangesOfOneVPCKeepTheirOrder(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	release := kernel.hold("vpc-0a")
	first := f.write(small("0a"))
	later := small("0a")
	later.ENIs[0].Address = netip.MustParseAddr("10.1.0.77")
	second := f.write(later)
	if err := f.put(small("0b")); err != nil { // a batch later
		t.Fatal(err)
	}
	if reached, _ := f.store.Applied("vpc-0a"); reached >= first {
		t.Errorf("reported as of %d before the kernel has answered", reached)
	}
	release()
	if err := f.waitApplied(second, "vpc-0a"); err != nil {
		t.Fatal(err)
	}
	if v, _ := kernel.vpc("vpc-0a"); len(v.Links) != 1 || v.Links[0].Address != later.ENIs[0].Address {
		t.Errorf("the kernel holds %+v", v.Links)
	}
}

// A VPC that fails is tried again and again, while others are brought to their
// records.
func TestFailedVPCHoldsUpNoOther(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	broken := errors.New("no such device")
	kernel.breakWith(broken)
	rev := f.write(small("0a"))
	if err := f.waitApplied(rev, "vpc-0a"); !errors.Is(err, broken) {
		t.Fatalf("the wait ended with %v", err)
	}
	release := kernel.hold("vpc-0a") // the next attempt
	kernel.breakWith(nil)
	if err := f.put(small("0b")); err != nil {
		t.Error(err)
	}
	if err := f.waitApplied(rev+1, "vpc-0elsewhere"); err != nil {
		t.Errorf("what nothing has touched waits for the failed one: %v", err)
	}
	release()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, err := f.store.Applied("vpc-0a"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("not tried again")
		}
		<-time.After(time.Millisecond)
	}
}

// A start with many VPCs is ready when all of them are there.
func TestManyVPCsAtTheStart(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	var all []records
	var ids []string
	for i := range 5 * workers {
		all = append(all, small(fmt.Sprintf("0%02d", i)))
		ids = append(ids, all[i].Network.ID)
	}
	if err := f.waitApplied(f.write(all...), ids...); err != nil {
		t.Fatal(err)
	}
	again := newFakeKernel()
	a := New(Config{Store: f.store, Kernel: again, Names: f.agent.Names, Flows: f.agent.Flows, Log: f.agent.Log})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-a.Ready()
	held, _ := again.List()
	slices.Sort(held)
	if !slices.Equal(held, ids) {
		t.Errorf("ready with %v", held)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
