package store_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

const writers = 4

// TestInvariants runs random transactions at the same time, on each driver.
func TestInvariants(t *testing.T) {
	for driver, place := range drivers {
		t.Run(driver, func(t *testing.T) {
			s := place(t)(t)
			t.Cleanup(func() { s.Close() })
			t.Run("money is neither made nor lost", func(t *testing.T) { testTransfers(t, s) })
			t.Run("subnets never overlap", func(t *testing.T) { testPhantoms(t, s) })
		})
	}
}

// fresh returns an account that no other run of a property uses.
func fresh(run *int) vpc.Owner {
	*run++
	return vpc.Owner{Account: fmt.Sprintf("%012d", *run), Region: owner.Region}
}

// testTransfers moves amounts between accounts, which are flow logs with the
// balance as their interval. Half of the transactions find their accounts by Get,
// the others by List, and some close an account or open one.
func testTransfers(t *testing.T, s *store.Store) {
	const accounts, start = 5, 100
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		o := fresh(&run)
		log := func(i int, balance time.Duration) vpc.FlowLog {
			return vpc.FlowLog{Owner: o, ID: fmt.Sprintf("fl-%d", i), Interval: balance}
		}
		if _, err := s.Update(t.Context(), func(tx *store.Tx) error {
			for i := range accounts {
				s.FlowLogs.Put(tx, log(i, start))
			}
			return nil
		}); err != nil {
			rt.Fatal(err)
		}
		type transfer struct{ from, to, amount, kind int }
		plans := make([][]transfer, writers)
		for w := range plans {
			plans[w] = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) transfer {
				n := rapid.IntRange(0, accounts-1)
				return transfer{n.Draw(rt, "from"), n.Draw(rt, "to"), rapid.IntRange(1, 90).Draw(rt, "amount"), rapid.IntRange(0, 2).Draw(rt, "kind")}
			}), 1, 6).Draw(rt, "plan")
		}
		move := func(tx *store.Tx, p transfer) error {
			balance := make(map[string]time.Duration)
			if p.kind == 0 {
				for l := range s.FlowLogs.List(tx, o.Account, o.Region) {
					balance[l.ID] = l.Interval
				}
			} else {
				for _, i := range []int{p.from, p.to} {
					l, _ := s.FlowLogs.Get(tx, s.FlowLogs.Key(log(i, 0)))
					balance[log(i, 0).ID] = l.Interval
				}
			}
			from, to, amount := log(p.from, 0), log(p.to, 0), time.Duration(p.amount)
			if p.kind == 2 {
				amount = balance[from.ID] // all of it: the account goes
			}
			if p.from == p.to || balance[from.ID] < amount {
				return nil
			}
			if from.Interval = balance[from.ID] - amount; from.Interval == 0 {
				s.FlowLogs.Delete(tx, s.FlowLogs.Key(from))
			} else {
				s.FlowLogs.Put(tx, from)
			}
			to.Interval = balance[to.ID] + amount
			s.FlowLogs.Put(tx, to)
			return nil
		}
		concurrently(t, s, plans, move)
		var sum time.Duration
		for l := range s.FlowLogs.List(s.Snapshot(), o.Account, o.Region) {
			if l.Interval < 0 {
				rt.Fatalf("%s has %d", l.ID, l.Interval)
			}
			sum += l.Interval
		}
		if sum != accounts*start {
			rt.Fatalf("sum = %d, want %d", sum, accounts*start)
		}
	})
}

// testPhantoms has transactions that add a subnet only where they see none
// that overlaps, and delete some.
func testPhantoms(t *testing.T, s *store.Store) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		o := fresh(&run)
		type step struct {
			cidr   netip.Prefix
			by     bool // find the others by index
			delete bool
		}
		plans := make([][]step, writers)
		for w := range plans {
			plans[w] = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
				return step{cidr(rt), rapid.Bool().Draw(rt, "by"), rapid.IntRange(0, 4).Draw(rt, "delete") == 0}
			}), 1, 5).Draw(rt, "plan")
		}
		concurrently(t, s, plans, func(tx *store.Tx, p step) error {
			n := vpc.Subnet{Owner: o, ID: "subnet-" + fmt.Sprintf("%x", p.cidr.Addr().As4()) + fmt.Sprint(p.cidr.Bits()), VPC: o.Account, CIDR: p.cidr}
			if p.delete {
				s.Subnets.Delete(tx, s.Subnets.Key(n))
				return nil
			}
			others := s.Subnets.List(tx, o.Account, o.Region)
			if p.by {
				others = s.Subnets.By(tx, "vpc", o.Account)
			}
			for other := range others {
				if other.CIDR.Overlaps(p.cidr) {
					return nil
				}
			}
			s.Subnets.Put(tx, n)
			return nil
		})
		all := slices.Collect(s.Subnets.List(s.Snapshot(), o.Account, o.Region))
		for i, a := range all {
			for _, b := range all[i+1:] {
				if a.CIDR.Overlaps(b.CIDR) {
					rt.Fatalf("%v overlaps %v", a.CIDR, b.CIDR)
				}
			}
		}
	})
}

func cidr(rt *rapid.T) netip.Prefix {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 10<<24|rapid.Uint32Range(0, 7).Draw(rt, "block")<<4)
	return netip.PrefixFrom(netip.AddrFrom4(b), rapid.IntRange(25, 28).Draw(rt, "bits")).Masked()
}

// concurrently runs each plan in a goroutine, one transaction a step.
func concurrently[S any](t *testing.T, s *store.Store, plans [][]S, do func(*store.Tx, S) error) {
	var g errgroup.Group
	for _, plan := range plans {
		g.Go(func() error {
			for _, step := range plan {
				if _, err := s.Update(t.Context(), func(tx *store.Tx) error { return do(tx, step) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
