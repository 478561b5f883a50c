package store_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
)

// TestMain is also the process that the crash test kills.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Arg(0) == "write" {
		writeForever(flag.Arg(1))
	}
	goleak.VerifyTestMain(m)
}

func TestEmbedded(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func(testing.TB) *store.Store {
		c := store.Config{Dir: t.TempDir()}
		return func(t testing.TB) *store.Store { return open(t, c) }
	})
}

func TestRemote(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func(testing.TB) *store.Store {
		c := store.Config{Endpoints: []string{storetest.NewServer(t).Endpoint}}
		return func(t testing.TB) *store.Store { return open(t, c) }
	})
}

func open(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
