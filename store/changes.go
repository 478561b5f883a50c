package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
)

// Change is what became of one record between two snapshots.
type Change struct {
	Table string // Table.Name
	Old   any    // the record before, of the table's type; nil: there was none
	New   any    // the record after; nil: there is none
}

// change is a Change of the record at path.
type change struct {
	Change
	path string
}

// Changes is a feed of everything that happens, for one reader. It never
// loses a change and never blocks a writer: what a slow reader has not
// fetched is held once a record, from the state that the reader knows to the
// newest.
type Changes struct {
	store *Store
	ended <-chan struct{}
	ready chan struct{} // holds an item when there may be something to fetch

	mu       sync.Mutex
	begun    bool
	snapshot Snapshot
	pending  map[string]unread // by table and path
	sequence int               // of the newest change
}

// unread is what a reader does not know about a record.
type unread struct {
	Change
	sequence int // orders it among the others
}

// Changes returns a feed that lasts until ctx ends.
func (s *Store) Changes(ctx context.Context) *Changes {
	c := &Changes{
		store:   s,
		ended:   ctx.Done(),
		ready:   make(chan struct{}, 1),
		pending: make(map[string]unread),
	}
	c.ready <- struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.snapshot = s.Snapshot()
	s.feeds[c] = true
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.feeds, c)
	})
	return c
}

// Next waits for changes and returns them with the snapshot right after them.
// The first call returns at once with all records that exist, as new ones, in
// the order in which the tables refer to one another. Later ones return each
// changed record once, in the order of commit of their newest changes.
func (c *Changes) Next(ctx context.Context) ([]Change, Snapshot, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, Snapshot{}, ctx.Err()
		case <-c.ended:
			return nil, Snapshot{}, context.Canceled
		case <-c.store.closing:
			return nil, Snapshot{}, ErrClosed
		case <-c.ready:
		}
		if changes, snapshot, ok := c.take(); ok {
			return changes, snapshot, nil
		}
	}
}

func (c *Changes) take() ([]Change, Snapshot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.begun {
		c.begun = true
		return c.everything(), c.snapshot, true
	}
	inOrder := slices.SortedFunc(maps.Values(c.pending), func(a, b unread) int {
		return cmp.Compare(a.sequence, b.sequence)
	})
	clear(c.pending)
	var changes []Change
	for _, u := range inOrder {
		changes = append(changes, u.Change)
	}
	return changes, c.snapshot, len(changes) > 0
}

func (c *Changes) everything() []Change {
	var changes []Change
	for _, t := range c.store.tables {
		for _, v := range t.all(c.snapshot.txn) {
			changes = append(changes, Change{Table: t.Name(), New: v})
		}
	}
	return changes
}

// add merges the changes that lead to snapshot into what is pending.
func (c *Changes) add(changes []change, snapshot Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = snapshot
	if !c.begun || len(changes) == 0 {
		return
	}
	for _, n := range changes {
		c.merge(n)
	}
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *Changes) merge(n change) {
	key := n.Table + "/" + n.path
	if u, ok := c.pending[key]; ok {
		n.Old = u.Old
	}
	if n.Old == nil && n.New == nil {
		delete(c.pending, key) // came and went unseen
		return
	}
	c.sequence++
	c.pending[key] = unread{n.Change, c.sequence}
}
