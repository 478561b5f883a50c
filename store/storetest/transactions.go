package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

func testOwnWrites(t *testing.T, s *store.Store) {
	a, b := subnet(owner, "subnet-0a", "vpc-0a"), subnet(owner, "subnet-0b", "vpc-0a")
	update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, a) })
	expect := func(tx *store.Tx, phase, list, by string) {
		t.Helper()
		if got := ids(s.Subnets.List(tx, account, region)); got != list {
			t.Errorf("%s: list %q, want %q", phase, got, list)
		}
		if got := ids(s.Subnets.By(tx, "vpc", "vpc-0a")); got != by {
			t.Errorf("%s: by %q, want %q", phase, got, by)
		}
	}
	update(t, s, func(tx *store.Tx) {
		expect(tx, "at first", "subnet-0a", "subnet-0a")
		s.Subnets.Put(tx, b)
		expect(tx, "put", "subnet-0a subnet-0b", "subnet-0a subnet-0b")

		moved := a
		moved.VPC = "vpc-0b"
		s.Subnets.Put(tx, moved)
		expect(tx, "moved", "subnet-0a subnet-0b", "subnet-0b")
		if got, ok := s.Subnets.Get(tx, s.Subnets.Key(a)); !ok || got.VPC != "vpc-0b" {
			t.Errorf("get = %v, %v", got, ok)
		}
		if got, _ := s.Subnets.Get(tx.Snapshot(), s.Subnets.Key(a)); got.VPC != "vpc-0a" {
			t.Errorf("the snapshot below changed: %v", got)
		}

		s.Subnets.Delete(tx, s.Subnets.Key(a))
		s.Subnets.Delete(tx, s.Subnets.Key(b))
		s.Subnets.Delete(tx, s.Subnets.Key(b))
		expect(tx, "deleted", "", "")
		if _, ok := s.Subnets.Get(tx, s.Subnets.Key(a)); ok {
			t.Error("got a deleted record")
		}
		s.Subnets.Put(tx, b)
		expect(tx, "put again", "subnet-0b", "subnet-0b")
	})
	if got := ids(s.Subnets.List(s.Snapshot(), "", "")); got != "subnet-0b" {
		t.Errorf("committed %q", got)
	}
}

func testAbort(t *testing.T, s *store.Store) {
	before := update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, subnet(owner, "subnet-0a", "vpc-0a")) })

	mine := errors.New("mine")
	_, err := s.Update(t.Context(), func(tx *store.Tx) error {
		s.Subnets.Put(tx, subnet(owner, "subnet-0b", "vpc-0a"))
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("err = %v, want the function's own", err)
	}
	for _, bad := range []vpc.Subnet{
		subnet(owner, "", "vpc-0a"),
		subnet(vpc.Owner{Account: account}, "subnet-0b", "vpc-0a"),
		subnet(vpc.Owner{Account: "1/2", Region: region}, "subnet-0b", "vpc-0a"),
	} {
		if _, err := s.Update(t.Context(), func(tx *store.Tx) error {
			s.Subnets.Put(tx, bad)
			return nil
		}); err == nil {
			t.Errorf("put %v", bad)
		}
	}
	nothing := update(t, s, func(tx *store.Tx) {
		s.Subnets.Delete(tx, store.Key{Account: account, Region: region, ID: "subnet-0b"})
		s.Subnets.Put(tx, subnet(owner, "subnet-0c", "vpc-0a"))
		s.Subnets.Delete(tx, store.Key{Account: account, Region: region, ID: "subnet-0c"})
	})
	if nothing != before {
		t.Errorf("writing nothing made revision %d out of %d", nothing, before)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Update(ended, func(tx *store.Tx) error {
		s.Subnets.Put(tx, subnet(owner, "subnet-0d", "vpc-0a"))
		return nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context canceled", err)
	}
}

// testConflicts changes something while a transaction runs and looks whether
// the transaction runs again.
func testConflicts(t *testing.T, s *store.Store) {
	a, b := subnet(owner, "subnet-0a", "vpc-0a"), subnet(owner, "subnet-0b", "vpc-0a")
	west := subnet(vpc.Owner{Account: account, Region: "us-west-2"}, "subnet-0w", "vpc-0a")
	get := func(n vpc.Subnet) func(*store.Tx) {
		return func(tx *store.Tx) { s.Subnets.Get(tx, s.Subnets.Key(n)) }
	}
	put := func(n vpc.Subnet) func(*store.Tx) { return func(tx *store.Tx) { s.Subnets.Put(tx, n) } }
	remove := func(n vpc.Subnet) func(*store.Tx) {
		return func(tx *store.Tx) { s.Subnets.Delete(tx, s.Subnets.Key(n)) }
	}
	list := func(account, region string) func(*store.Tx) {
		return func(tx *store.Tx) { ids(s.Subnets.List(tx, account, region)) }
	}
	by := func(tx *store.Tx) { ids(s.Subnets.By(tx, "vpc", "vpc-0z")) }
	group := func(tx *store.Tx) { s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: "sg-0a"}) }

	for _, row := range []struct {
		name     string
		reads    func(*store.Tx)
		meantime func(*store.Tx)
		runs     int
	}{
		{"get, changed", get(a), put(a), 2},
		{"get, deleted", get(a), remove(a), 2},
		{"get nothing, created", get(b), put(b), 2},
		{"get, another changed", get(a), put(b), 1},
		{"revision, changed", func(tx *store.Tx) { s.Subnets.Revision(tx, s.Subnets.Key(a)) }, put(a), 2},
		{"delete, changed", remove(a), put(a), 2},
		{"delete nothing, created", remove(b), put(b), 2},
		{"list, changed", list(account, region), put(a), 2},
		{"list, created", list(account, region), put(b), 2},
		{"list, deleted", list(account, region), remove(a), 2},
		{"list, another Region", list(account, region), put(west), 1},
		{"list, another table", list(account, region), group, 1},
		{"list account, another Region", list(account, ""), put(west), 2},
		{"list Region, another Region", list("", region), put(west), 2}, // more than needed
		{"list all, deleted", list("", ""), remove(west), 2},
		{"by, created", by, put(west), 2},
		{"by, deleted", by, remove(a), 2},
		{"by, another table", by, group, 1},
		{"put, changed", put(a), put(a), 1},
		{"nothing read", func(*store.Tx) {}, put(a), 1},
		{"read below", func(tx *store.Tx) { s.Subnets.Get(tx.Snapshot(), s.Subnets.Key(a)) }, put(a), 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			update(t, s, func(tx *store.Tx) { put(a)(tx); put(west)(tx); remove(b)(tx) })
			runs := 0
			update(t, s, func(tx *store.Tx) {
				runs++
				row.reads(tx)
				if runs == 1 {
					update(t, s, row.meantime)
				}
				s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0result"})
			})
			if runs != row.runs {
				t.Errorf("ran %d times, want %d", runs, row.runs)
			}
		})
	}
}

func testApplied(t *testing.T, s *store.Store) {
	if r, err := s.Applied("vpc-0a"); r != 0 || err != nil {
		t.Errorf("applied = %d, %v before any report", r, err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.WaitApplied(short, 5, "vpc-0a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v, want deadline exceeded", err)
	}

	done := make(chan error, 1)
	go func() { done <- s.WaitApplied(t.Context(), 5, "vpc-0a", "vpc-0b") }()
	s.SetApplied("vpc-0b", 9, nil)
	s.SetApplied("vpc-0a", 4, errors.New("of an older revision"))
	select {
	case err := <-done:
		t.Fatalf("returned %v too early", err)
	default:
	}
	s.SetApplied("vpc-0a", 5, nil)
	if err := <-done; err != nil {
		t.Error(err)
	}

	s.SetApplied("vpc-0a", 3, errors.New("late report"))
	if r, err := s.Applied("vpc-0a"); r != 5 || err != nil {
		t.Errorf("applied = %d, %v after a late report", r, err)
	}
	broken := errors.New("no such device")
	s.SetApplied("vpc-0a", 6, broken)
	if err := s.WaitApplied(t.Context(), 6, "vpc-0a"); !errors.Is(err, broken) {
		t.Errorf("err = %v, want the agent's", err)
	}
	// What the changes up to a revision do not concern keeps its last report.
	s.SetReached(9)
	if err := s.WaitApplied(t.Context(), 9, "vpc-0b", "vpc-0new"); err != nil {
		t.Errorf("wait for what no change concerns: %v", err)
	}
	if err := s.WaitApplied(t.Context(), 9, "vpc-0a"); !errors.Is(err, broken) {
		t.Errorf("wait for what failed last: %v, want %v", err, broken)
	}
	if err := s.WaitApplied(t.Context(), 1); err != nil {
		t.Errorf("waiting for nothing: %v", err)
	}
}
