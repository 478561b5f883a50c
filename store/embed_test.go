package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
	"github.com/postern/postern/vpc"
)

// sockets counts the open sockets of this process, of whatever family.
func sockets(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

func TestEmbeddedOpensNoSocket(t *testing.T) {
	before := sockets(t)
	s := storetest.Open(t)
	if _, err := s.Update(t.Context(), func(tx *store.Tx) error {
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0a"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if after := sockets(t); after != before {
		t.Errorf("%d sockets with a store, %d without", after, before)
	}
}

func TestDataFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	c := store.Config{Dir: dir}
	s := open(t, c)
	if _, err := store.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("second open: %v", err)
	}
	filepath.WalkDir(dir, func(path string, d os.DirEntry, walkErr error) error {
		if walkErr != nil {
			return walkErr
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, c).Close(); err != nil {
		t.Errorf("open after close: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name string
		ctx  context.Context
		c    store.Config
	}{
		{"no place", t.Context(), store.Config{}},
		{"two places", t.Context(), store.Config{Dir: t.TempDir(), Endpoints: []string{"unix:///nowhere"}}},
		{"a file as folder", t.Context(), store.Config{Dir: "/dev/null"}},
		{"nobody at the endpoint", ended, store.Config{Endpoints: []string{"unix:///nowhere"}}},
		{"ended context", ended, store.Config{Dir: t.TempDir()}},
	} {
		if s, err := store.Open(row.ctx, row.c); err == nil {
			s.Close()
			t.Errorf("%s: opened", row.name)
		}
	}
}

func TestCloseEndsWaiting(t *testing.T) {
	s := open(t, store.Config{Dir: t.TempDir()})
	feed := s.Changes(t.Context())
	if _, _, err := feed.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error, 2)
	go func() { _, _, err := feed.Next(t.Context()); errs <- err }()
	go func() { errs <- s.WaitApplied(t.Context(), 1<<40, "vpc-0a") }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-errs; !errors.Is(err, store.ErrClosed) {
			t.Errorf("err = %v, want ErrClosed", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Update(ctx, func(tx *store.Tx) error {
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0a"})
		return nil
	}); err == nil || ctx.Err() != nil {
		t.Errorf("update on a closed store: %v", err)
	}
	if n := s.Snapshot().Revision(); n == 0 {
		t.Error("snapshot is gone")
	}
}
