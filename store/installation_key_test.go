package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
)

// All nodes have the same keys, whichever started first.
func TestInstallationKeys(t *testing.T) {
	server := storetest.NewServer(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key := func(id string, age time.Duration) store.InstallationKey {
		return store.InstallationKey{ID: id, Created: at.Add(-age), Secret: []byte("secret of " + id)}
	}
	open := func(s *store.Store, id string, want ...store.InstallationKey) {
		t.Helper()
		got, err := s.OpenInstallationKeys(t.Context(), key(id, 0))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
	a := storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}})
	b := storetest.OpenConfig(t, store.Config{Endpoints: []string{server.Endpoint}})
	open(a, "a", key("a", 0))
	open(b, "b", key("a", 0))
	for _, k := range []store.InstallationKey{key("oldest", time.Hour), key("newest", -time.Hour)} {
		if _, err := b.Update(t.Context(), func(tx *store.Tx) error { b.InstallationKeys.Put(tx, k); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	open(b, "c", key("newest", -time.Hour), key("a", 0), key("oldest", time.Hour))
}
