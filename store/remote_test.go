package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
	"github.com/postern/postern/vpc"
)

// TestTwoNodes has two stores on one etcd count in the same record.
func TestTwoNodes(t *testing.T) {
	server := storetest.NewServer(t)
	nodes := []*store.Store{
		storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}}),
		storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}}),
	}
	counter := vpc.FlowLog{Owner: owner, ID: "fl-0counter"}
	const goroutines, rounds = 3, 20
	var g errgroup.Group
	for _, s := range nodes {
		for range goroutines {
			g.Go(func() error {
				for range rounds {
					if _, err := s.Update(t.Context(), func(tx *store.Tx) error {
						now, _ := s.FlowLogs.Get(tx, s.FlowLogs.Key(counter))
						now.Owner, now.ID = counter.Owner, counter.ID
						now.Interval++
						s.FlowLogs.Put(tx, now)
						return nil
					}); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	// Each node reads its own last write; the other's arrives by the watch.
	const want = 2 * goroutines * rounds
	for _, s := range nodes {
		eventually(t, func() error {
			if got, _ := s.FlowLogs.Get(s.Snapshot(), s.FlowLogs.Key(counter)); got.Interval != want {
				return fmt.Errorf("counted %d, want %d", got.Interval, want)
			}
			return nil
		})
	}
}

// TestServerRestarts stops etcd under a store, changes the records while the
// store cannot see it, and looks whether store and feed catch up.
func TestServerRestarts(t *testing.T) {
	server := storetest.NewServer(t)
	s := storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}})
	feed := s.Changes(t.Context())
	put := func(s *store.Store, id string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := s.Update(ctx, func(tx *store.Tx) error {
			s.Networks.Put(tx, vpc.Network{Owner: owner, ID: id})
			return nil
		})
		return err
	}
	if err := put(s, "vpc-0before"); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := put(s, "vpc-0lost"); err == nil {
		t.Error("wrote to a server that is down")
	}
	if _, ok := s.Networks.Get(s.Snapshot(), store.Key{Account: owner.Account, Region: owner.Region, ID: "vpc-0before"}); !ok {
		t.Error("nothing to read while the server is down")
	}
	server.Start(t)
	other := storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}})
	if err := put(other, "vpc-0other"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return put(s, "vpc-0after") })

	seen := make(map[string]bool)
	for !seen["vpc-0before"] || !seen["vpc-0other"] || !seen["vpc-0after"] {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		changes, _, err := feed.Next(ctx)
		cancel()
		if err != nil {
			t.Fatalf("saw only %v: %v", seen, err)
		}
		for _, c := range changes {
			seen[c.New.(vpc.Network).ID] = true
		}
	}
}

// eventually repeats check until it succeeds, for at most 20 s.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}
