package conntrack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/postern/postern/dataplane/feed"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// Source counts the connections of one namespace, in which the sysctls
// nf_conntrack_acct, _timestamp and _events must be 1. Safe for concurrent
// use.
type Source struct {
	dumps  *conntrack.Conn
	events *feed.Feed

	collecting sync.Mutex // one collection at a time
	mu         sync.Mutex // guards ledger; not held over I/O
	ledger     *ledger
}

// Open begins to count in the namespace at path. The caller closes the
// Source; until then it keeps the namespace alive.
func Open(path string) (*Source, error) {
	dumps, err := dial(path)
	if err != nil {
		return nil, err
	}
	s := &Source{dumps: dumps, ledger: newLedger(nil, time.Now())}
	s.events, err = feed.Open(feed.Config{
		Path:  path,
		Setup: subscribe,
		Each:  s.event,
		Lost:  func() {}, // the kernel sends destroy events again
	})
	if err != nil {
		return nil, errors.Join(err, dumps.Close())
	}
	live, err := dumps.Dump(nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dump connections: %w", err), s.Close())
	}
	s.mu.Lock()
	ended := s.ledger.ended
	s.ledger = newLedger(live, time.Now())
	s.ledger.ended = ended
	s.mu.Unlock()
	return s, nil
}

func subscribe(c *netlink.Conn) error {
	if err := c.SetOption(netlink.BroadcastError, true); err != nil {
		return err
	}
	return c.JoinGroup(unix.NFNLGRP_CONNTRACK_DESTROY)
}

// event takes a destroy event.
func (s *Source) event(m netlink.Message) {
	var e conntrack.Event
	if err := e.Unmarshal(m); err != nil || e.Flow == nil {
		return // not of a kind that this package reads
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.end(*e.Flow)
}

// Collect returns what passed since the last call, or since Open, and how
// many connections are missing in it for want of memory.
//
// The dump comes first: a connection that ends meanwhile is then in both, and
// its event, whose counters are the last, wins.
func (s *Source) Collect(ctx context.Context) ([]vpc.Conversation, uint64, error) {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	live, err := s.dumps.Dump(nil)
	if err != nil {
		return nil, 0, fmt.Errorf("dump connections: %w", err)
	}
	if err := s.events.Sync(ctx); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, lost := s.ledger.collect(live, time.Now())
	return all, lost, nil
}

// Close ends counting.
func (s *Source) Close() error { return errors.Join(s.events.Close(), s.dumps.Close()) }

// Forget ends the connections in the namespace at path with an address at
// either end that is gone, or with a mark that is lost. The ends are those that
// the VPC sees: of what comes in by a peer link, the load balancer and the
// target.
//
// The kernel keeps the connections of all namespaces in one table, and goes
// through all of it for a dump of one: where there are none it is not asked.
func Forget(path string, gone func(netip.Addr) bool, lost func(mark uint32) bool) error {
	if any, err := tracks(path); !any || err != nil {
		return err
	}
	c, err := dial(path)
	if err != nil {
		return err
	}
	defer c.Close()
	live, err := c.Dump(nil)
	if err != nil {
		return fmt.Errorf("dump connections: %w", err)
	}
	for _, f := range live {
		if !lost(f.Mark) && !touches(f, gone) {
			continue
		}
		// Only what identifies it: other attributes could refuse the match.
		f = conntrack.Flow{ID: f.ID, TupleOrig: f.TupleOrig, TupleReply: f.TupleReply, Zone: f.Zone}
		if err := c.Delete(f); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("delete connection %v: %w", tupleOf(f.TupleOrig), err)
		}
	}
	return nil
}

// tracks reports whether the namespace at path has any connection.
func tracks(path string) (any bool, err error) {
	err = netns.Do(path, func() error {
		count, err := netns.ReadSysctl("net/netfilter/nf_conntrack_count")
		any = count != "0"
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count connections: %w", err)
	}
	return any, nil
}

func dial(path string) (c *conntrack.Conn, err error) {
	err = netns.Do(path, func() error {
		c, err = conntrack.Dial(nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open conntrack netlink: %w", err)
	}
	return c, nil
}
