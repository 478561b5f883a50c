package storetest

import (
	"testing"

	"github.com/postern/postern/store"
)

// Run runs the suite. place returns an empty place for records and opens a
// store there; the suite closes one store before it opens the next.
func Run(t *testing.T, place func(t *testing.T) (open func(t testing.TB) *store.Store)) {
	tests := []struct {
		name string
		run  func(t *testing.T, s *store.Store)
	}{
		{"every field survives a restart", nil},
		{"get, list and by", testReads},
		{"indexes follow changes", testIndexes},
		{"ids with any characters", testOddIDs},
		{"a transaction sees its own writes", testOwnWrites},
		{"what aborts", testAbort},
		{"conflicts", testConflicts},
		{"many reads and writes in one transaction", testMany},
		{"snapshots are consistent", testSnapshots},
		{"feed", testFeed},
		{"a slow reader of a feed", testSlowFeed},
		{"feeds and writers at once", testFeedUnderLoad},
		{"applied", testApplied},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := place(t)
			if test.run == nil {
				testRestart(t, open)
				return
			}
			s := open(t)
			defer closeStore(t, s)
			test.run(t, s)
		})
	}
}

func closeStore(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func update(t testing.TB, s *store.Store, fn func(tx *store.Tx)) int64 {
	t.Helper()
	revision, err := s.Update(t.Context(), func(tx *store.Tx) error {
		fn(tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}
