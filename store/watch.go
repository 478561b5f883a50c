package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cilium/statedb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// mutation is one row that is to be put, or removed where row is nil.
type mutation struct {
	table table
	path  string
	row   any
}

// run follows etcd until ctx ends. Where the watch is lost beyond what the
// client repairs by itself (compaction, a member without a leader), it reads
// everything anew and goes on from there.
func (s *Store) run(ctx context.Context) {
	defer close(s.stopped)
	const first, longest = 50 * time.Millisecond, 2 * time.Second
	pause := first
	for {
		err := s.follow(ctx)
		for err != nil && ctx.Err() == nil {
			s.log.Warn("store lost its watch, reading everything anew", "err", err, "rev", s.Snapshot().revision)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, longest)
			err = s.load(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		pause = first
	}
}

// load makes the tables equal to what etcd holds now.
func (s *Store) load(ctx context.Context) error {
	answer, err := s.client.Get(ctx, root, clientv3.WithPrefix())
	if err != nil {
		return fmt.Errorf("read all records: %w", err)
	}
	txn := s.Snapshot().txn
	gone := make(map[string]map[string]int64)
	for _, t := range s.tables {
		gone[t.Name()] = t.revisions(txn)
	}
	var changed []*mvccpb.KeyValue
	for _, kv := range answer.Kvs {
		name, k, ok := cutRowKey(string(kv.Key))
		if !ok {
			continue
		}
		if gone[name][k.path()] != kv.ModRevision {
			changed = append(changed, kv)
		}
		delete(gone[name], k.path())
	}
	mutations, err := s.puts(changed)
	if err != nil {
		return err
	}
	for _, t := range s.tables {
		for _, path := range slices.Sorted(maps.Keys(gone[t.Name()])) {
			mutations = append(mutations, mutation{table: t, path: path})
		}
	}
	return s.apply(mutations, answer.Header.Revision)
}

// puts decodes rows of tables that this program knows.
func (s *Store) puts(kvs []*mvccpb.KeyValue) ([]mutation, error) {
	var mutations []mutation
	for _, kv := range kvs {
		m, ok, err := s.mutation(kv, false)
		if err != nil {
			return nil, err
		}
		if ok {
			mutations = append(mutations, m)
		}
	}
	return mutations, nil
}

func (s *Store) mutation(kv *mvccpb.KeyValue, deleted bool) (mutation, bool, error) {
	name, k, ok := cutRowKey(string(kv.Key))
	if !ok {
		return mutation{}, false, nil
	}
	i := slices.IndexFunc(s.tables, func(t table) bool { return t.Name() == name })
	if i < 0 {
		return mutation{}, false, nil
	}
	m := mutation{table: s.tables[i], path: k.path()}
	if deleted {
		return m, true, nil
	}
	var err error
	if m.row, err = m.table.decode(m.path, kv.ModRevision, kv.Value); err != nil {
		return mutation{}, false, fmt.Errorf("decode record %s: %w", kv.Key, err)
	}
	return m, true, nil
}

// follow applies what etcd commits after the revision of the tables. Each
// answer of the watch holds whole revisions, in order.
func (s *Store) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	from := s.Snapshot().revision + 1
	for answer := range s.client.Watch(ctx, root, clientv3.WithPrefix(), clientv3.WithRev(from)) {
		if err := answer.Err(); err != nil {
			return fmt.Errorf("watch from %d: %w", from, err)
		}
		if err := s.events(answer.Events); err != nil {
			return err
		}
	}
	return errors.New("watch ended")
}

func (s *Store) events(events []*clientv3.Event) error {
	if len(events) == 0 {
		return nil
	}
	var mutations []mutation
	for _, e := range events {
		m, ok, err := s.mutation(e.Kv, e.Type == clientv3.EventTypeDelete)
		if err != nil {
			return err
		}
		if ok {
			mutations = append(mutations, m)
		}
	}
	return s.apply(mutations, events[len(events)-1].Kv.ModRevision)
}

// apply changes the tables in one transaction and publishes the result. Only
// one goroutine calls it: the opening one, then run.
func (s *Store) apply(mutations []mutation, revision int64) error {
	txn, changes := s.Snapshot().txn, []change(nil)
	if len(mutations) > 0 {
		w := s.db.WriteTxn(affected(mutations)...)
		defer w.Abort()
		for _, m := range mutations {
			c, err := m.apply(w)
			if err != nil {
				return fmt.Errorf("apply revision %d to %s: %w", revision, m.table.Name(), err)
			}
			if c.Old != nil || c.New != nil {
				changes = append(changes, c)
			}
		}
		txn = w.Commit()
	}
	s.publish(Snapshot{txn: txn, revision: revision}, changes)
	return nil
}

func affected(mutations []mutation) []statedb.TableMeta {
	seen := make(map[string]bool)
	var metas []statedb.TableMeta
	for _, m := range mutations {
		if !seen[m.table.Name()] {
			seen[m.table.Name()] = true
			metas = append(metas, m.table.meta())
		}
	}
	return metas
}

func (m mutation) apply(w statedb.WriteTxn) (change, error) {
	c := change{Change: Change{Table: m.table.Name()}, path: m.path}
	var err error
	if m.row == nil {
		c.Old, err = m.table.remove(w, m.path)
	} else {
		c.Old, c.New, err = m.table.put(w, m.row)
	}
	return c, err
}

// publish makes a snapshot the newest one and hands it to all feeds.
func (s *Store) publish(snapshot Snapshot, changes []change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.state.Swap(&state{snapshot: snapshot, replaced: make(chan struct{})})
	for f := range s.feeds {
		f.add(changes, snapshot)
	}
	close(was.replaced)
}
