package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// brief writes changes as "+subnet-0a", "~subnet-0a" and "-subnet-0a".
func brief(t *testing.T, changes []store.Change) string {
	t.Helper()
	var words []string
	for _, c := range changes {
		switch {
		case c.Old == nil:
			words = append(words, "+"+id(t, c.New))
		case c.New == nil:
			words = append(words, "-"+id(t, c.Old))
		default:
			words = append(words, "~"+id(t, c.New))
		}
	}
	return strings.Join(words, " ")
}

func id(t *testing.T, record any) string {
	switch r := record.(type) {
	case vpc.Network:
		return r.ID
	case vpc.Subnet:
		return r.ID
	}
	t.Fatalf("record %T in a feed", record)
	return ""
}

func next(t *testing.T, feed *store.Changes) (string, store.Snapshot) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changes, snapshot, err := feed.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return brief(t, changes), snapshot
}

func testFeed(t *testing.T, s *store.Store) {
	a, b := subnet(owner, "subnet-0a", "vpc-0a"), subnet(owner, "subnet-0b", "vpc-0a")
	empty := s.Changes(t.Context())
	if got, _ := next(t, empty); got != "" {
		t.Errorf("an empty store begins with %q", got)
	}
	update(t, s, func(tx *store.Tx) {
		s.Subnets.Put(tx, a)
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0a"})
	})
	life, end := context.WithCancel(t.Context())
	feed := s.Changes(life)
	last := update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, b) })
	got, snapshot := next(t, feed)
	if got != "+vpc-0a +subnet-0a +subnet-0b" {
		t.Errorf("begins with %q", got)
	}
	if snapshot.Revision() != last {
		t.Errorf("snapshot at %d, want %d", snapshot.Revision(), last)
	}

	for _, row := range []struct {
		change func(*store.Tx)
		want   string
	}{
		{func(tx *store.Tx) { s.Subnets.Put(tx, subnet(owner, "subnet-0b", "vpc-0c")) }, "~subnet-0b"},
		{func(tx *store.Tx) { s.Subnets.Delete(tx, s.Subnets.Key(a)) }, "-subnet-0a"},
		{func(tx *store.Tx) { s.Subnets.Put(tx, a); s.Subnets.Delete(tx, s.Subnets.Key(b)) }, "+subnet-0a -subnet-0b"},
	} {
		revision := update(t, s, row.change)
		got, snapshot := next(t, feed)
		if got != row.want {
			t.Errorf("feed = %q, want %q", got, row.want)
		}
		if snapshot.Revision() != revision {
			t.Errorf("snapshot at %d, want %d", snapshot.Revision(), revision)
		}
	}

	end()
	if _, _, err := feed.Next(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v after the feed's context ended", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := s.Changes(t.Context())
	next(t, fresh)
	if _, _, err := fresh.Next(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v with an ended context", err)
	}
}

// testSlowFeed makes many changes before the reader comes back.
func testSlowFeed(t *testing.T, s *store.Store) {
	first := subnet(owner, "subnet-0a", "vpc-1")
	update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, first); s.Subnets.Put(tx, subnet(owner, "subnet-0b", "")) })
	feed := s.Changes(t.Context())
	next(t, feed)
	for i := range 20 {
		update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, subnet(owner, "subnet-0a", fmt.Sprint("vpc-", i+2))) })
	}
	update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, subnet(owner, "subnet-0c", "")) })
	update(t, s, func(tx *store.Tx) { s.Subnets.Delete(tx, s.Subnets.Key(subnet(owner, "subnet-0c", ""))) })
	update(t, s, func(tx *store.Tx) { s.Subnets.Delete(tx, s.Subnets.Key(subnet(owner, "subnet-0b", ""))) })
	update(t, s, func(tx *store.Tx) { s.Subnets.Put(tx, subnet(owner, "subnet-0b", "again")) })

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changes, _, err := feed.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Change{
		{Table: "subnets", Old: first, New: subnet(owner, "subnet-0a", "vpc-21")},
		{Table: "subnets", Old: subnet(owner, "subnet-0b", ""), New: subnet(owner, "subnet-0b", "again")},
	}
	if !reflect.DeepEqual(changes, want) {
		t.Errorf("feed = %v, want %v", changes, want)
	}
}

// testFeedUnderLoad builds a copy of the tables from a feed while others
// write, and compares it with each snapshot.
func testFeedUnderLoad(t *testing.T, s *store.Store) {
	feed := s.Changes(t.Context())
	var g errgroup.Group
	for w := range 3 {
		g.Go(func() error {
			for i := range 60 {
				n := subnet(owner, fmt.Sprintf("subnet-%d", (i*7+w)%10), fmt.Sprint(w, i))
				_, err := s.Update(t.Context(), func(tx *store.Tx) error {
					if i%3 == 2 {
						s.Subnets.Delete(tx, s.Subnets.Key(n))
					} else {
						s.Subnets.Put(tx, n)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	finished := make(chan error, 1)
	go func() {
		written := g.Wait()
		_, err := s.Update(t.Context(), func(tx *store.Tx) error {
			s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0end"})
			return nil
		})
		finished <- errors.Join(written, err)
	}()

	copied := make(map[string]string)
	for end := false; !end; _, end = copied["vpc-0end"] {
		changes, snapshot, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			follow(t, copied, c)
		}
		stored := make(map[string]string)
		for n := range s.Subnets.List(snapshot, "", "") {
			stored[n.ID] = n.VPC
		}
		for n := range s.Networks.List(snapshot, "", "") {
			stored[n.ID] = ""
		}
		if !maps.Equal(copied, stored) {
			t.Fatalf("at revision %d the reader knows %v, the store has %v", snapshot.Revision(), copied, stored)
		}
	}
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

func follow(t *testing.T, copied map[string]string, c store.Change) {
	t.Helper()
	if was, ok := c.Old.(vpc.Subnet); ok && copied[was.ID] != was.VPC {
		t.Fatalf("change of %s from %q, the reader knows %q", was.ID, was.VPC, copied[was.ID])
	}
	if c.New == nil {
		delete(copied, id(t, c.Old))
		return
	}
	copied[id(t, c.New)] = ""
	if now, ok := c.New.(vpc.Subnet); ok {
		copied[now.ID] = now.VPC
	}
}
