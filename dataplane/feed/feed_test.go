package feed

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { netnstest.Main(m) }

// open listens to changes of nftables, which the tests can make themselves.
func open(t *testing.T, path string, each func(netlink.Message)) *Feed {
	t.Helper()
	f, err := Open(Config{
		Path:  path,
		Setup: func(c *netlink.Conn) error { return c.JoinGroup(unix.NFNLGRP_NFTABLES) },
		Each:  each,
		Lost:  func() { t.Error("lost something") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSyncMeansEverything(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := netnstest.New(t)
	var seen atomic.Int64
	f := open(t, path, func(netlink.Message) { seen.Add(1) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for range 100 {
		before := seen.Load()
		change(t, path)
		if err := f.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if seen.Load() == before {
			t.Fatal("Sync came back before the event")
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(ctx); err == nil {
		t.Error("a closed feed syncs")
	}
	if len(f.waiting) != 0 {
		t.Errorf("%d markers are remembered", len(f.waiting))
	}
}

// A reader that does not come back does not hold up a Sync for ever.
func TestSyncEndsWithItsContext(t *testing.T) {
	path := netnstest.New(t)
	release := make(chan struct{})
	f := open(t, path, func(netlink.Message) { <-release })
	change(t, path)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := f.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Sync of a stuck feed: %v", err)
	}
	close(release)
	if err := f.Sync(context.Background()); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := Open(Config{Path: "/nowhere"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no namespace: %v", err)
	}
	want := errors.New("no")
	_, err := Open(Config{Path: netnstest.New(t), Setup: func(*netlink.Conn) error { return want }})
	if !errors.Is(err, want) {
		t.Errorf("failed setup: %v", err)
	}
}
