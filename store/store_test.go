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

// drivers are the ways to keep records: each returns an empty place, and that
// opens stores there.
var drivers = map[string]func(t *testing.T) func(testing.TB) *store.Store{
	"embedded": func(t *testing.T) func(testing.TB) *store.Store {
		c := store.Config{Dir: t.TempDir()}
		return func(t testing.TB) *store.Store { return open(t, c) }
	},
	"remote": func(t *testing.T) func(testing.TB) *store.Store {
		c := store.Config{Endpoints: []string{storetest.NewServer(t).Endpoint}}
		return func(t testing.TB) *store.Store { return open(t, c) }
	},
}

func TestDrivers(t *testing.T) {
	for driver, place := range drivers {
		t.Run(driver, func(t *testing.T) { storetest.Run(t, place) })
	}
}

func open(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
