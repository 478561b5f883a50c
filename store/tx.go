package store

import (
	"maps"
	"slices"
	"strings"

	"github.com/cilium/statedb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Tx is one attempt at a transaction: a snapshot, the pending writes over it,
// and a list of what was read. It belongs to the function that Update gave it
// to, and to one goroutine.
type Tx struct {
	snapshot Snapshot
	writes   map[string]map[string]write // table, path
	keys     map[string]seen             // by etcd key
	areas    map[string]bool             // parts of tables that were listed
	err      error                       // the first write that cannot be stored
}

// write is a pending put, or a delete where value is nil.
type write struct {
	value any
	data  []byte
	mark  string // area of the record
}

// seen is a record, or its absence, that the transaction relies on.
type seen struct {
	revision int64
	area     string
}

// manyKeys is how many single records a transaction compares before it
// compares their parts of the tables instead. etcd takes 128 compares by
// default (--max-txn-ops).
const manyKeys = 64

func newTx(s Snapshot) *Tx {
	return &Tx{
		snapshot: s,
		writes:   make(map[string]map[string]write),
		keys:     make(map[string]seen),
		areas:    make(map[string]bool),
	}
}

func (tx *Tx) reader() (statedb.ReadTxn, *Tx) { return tx.snapshot.txn, tx }

// Snapshot returns what the transaction stands on, without its writes. What
// is read from it is not compared at commit.
func (tx *Tx) Snapshot() Snapshot { return tx.snapshot }

func (tx *Tx) sawKey(table string, k Key, revision int64) {
	tx.keys[rowKey(table, k.path())] = seen{revision, area(table, k.Account, k.Region)}
}

func (tx *Tx) sawArea(a string) { tx.areas[a] = true }

func (tx *Tx) pending(table, path string) (write, bool) {
	w, ok := tx.writes[table][path]
	return w, ok
}

func (tx *Tx) write(table string, k Key, w write) {
	if tx.writes[table] == nil {
		tx.writes[table] = make(map[string]write)
	}
	w.mark = area(table, k.Account, k.Region)
	tx.writes[table][k.path()] = w
}

func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// operations are the writes in etcd's words, in a stable order: the records,
// and a mark for each part of a table that changes.
func (tx *Tx) operations() []clientv3.Op {
	var ops []clientv3.Op
	marks := make(map[string]bool)
	for _, table := range slices.Sorted(maps.Keys(tx.writes)) {
		writes := tx.writes[table]
		for _, path := range slices.Sorted(maps.Keys(writes)) {
			w, key := writes[path], rowKey(table, path)
			switch {
			case w.value != nil:
				ops = append(ops, clientv3.OpPut(key, string(w.data)))
			case tx.keys[key].revision != 0:
				ops = append(ops, clientv3.OpDelete(key))
			default:
				continue // put and deleted by this transaction
			}
			marks[w.mark] = true
		}
	}
	for _, mark := range slices.Sorted(maps.Keys(marks)) {
		ops = append(ops, clientv3.OpPut(mark, ""))
	}
	return ops
}

// compares are the conditions under which the transaction's snapshot is as
// good as the newest state: nothing that it read has changed.
func (tx *Tx) compares() []clientv3.Cmp {
	keys := maps.Clone(tx.keys)
	maps.DeleteFunc(keys, func(_ string, s seen) bool { return tx.listed(s.area) })
	if len(keys) > manyKeys {
		for _, s := range keys {
			tx.sawArea(s.area)
		}
		clear(keys)
	}
	var cmps []clientv3.Cmp
	for key, s := range keys {
		cmps = append(cmps, clientv3.Compare(clientv3.ModRevision(key), "=", s.revision))
	}
	for a := range tx.areas {
		newest := clientv3.ModRevision(a).WithPrefix()
		cmps = append(cmps, clientv3.Compare(newest, "<", tx.snapshot.revision+1))
	}
	return cmps
}

// listed reports whether a compare of a listed area covers area a as well.
func (tx *Tx) listed(a string) bool {
	for l := range tx.areas {
		if strings.HasPrefix(a, l) {
			return true
		}
	}
	return false
}
