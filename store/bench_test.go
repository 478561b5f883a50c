package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
	"github.com/postern/postern/vpc"
)

// filled returns a store with n subnets in ten VPCs.
func filled(b *testing.B, n int) *store.Store {
	s := storetest.Open(b)
	for i := 0; i < n; i += 500 {
		if _, err := s.Update(b.Context(), func(tx *store.Tx) error {
			for j := i; j < min(i+500, n); j++ {
				s.Subnets.Put(tx, vpc.Subnet{Owner: owner, ID: fmt.Sprintf("subnet-%06d", j), VPC: fmt.Sprint("vpc-", j%10)})
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		if err := open(b, store.Config{Dir: dir}).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := filled(b, 10_000)
	k := store.Key{Account: owner.Account, Region: owner.Region, ID: "subnet-005000"}
	for b.Loop() {
		if _, ok := s.Subnets.Get(s.Snapshot(), k); !ok {
			b.Fatal("gone")
		}
	}
}

func BenchmarkBy(b *testing.B) {
	s := filled(b, 10_000)
	for b.Loop() {
		n := 0
		for range s.Subnets.By(s.Snapshot(), "vpc", "vpc-5") {
			n++
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkList(b *testing.B) {
	s := filled(b, 10_000)
	for b.Loop() {
		n := 0
		for range s.Subnets.List(s.Snapshot(), owner.Account, owner.Region) {
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkUpdate is a transaction that looks for others by index, reads a
// record and writes it, from one goroutine and from many. The many conflict
// all the time in one case and never in the other.
func BenchmarkUpdate(b *testing.B) {
	s := filled(b, 10_000)
	var id atomic.Int64
	change := func(b *testing.B, list bool) {
		n := vpc.Subnet{Owner: owner, ID: fmt.Sprintf("subnet-%06d", id.Add(1)%10_000), VPC: "vpc-5"}
		if _, err := s.Update(b.Context(), func(tx *store.Tx) error {
			if list {
				for range s.Subnets.By(tx, "vpc", "vpc-none") {
				}
			}
			s.Subnets.Get(tx, s.Subnets.Key(n))
			s.Subnets.Put(tx, n)
			return nil
		}); err != nil {
			b.Error(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			change(b, true)
		}
	})
	for name, list := range map[string]bool{"apart": false, "conflicting": true} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(25) // × GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					change(b, list)
				}
			})
		})
	}
}
