package store

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cilium/statedb"
	"github.com/cilium/statedb/index"
)

// Reader is what tables are read through: a Snapshot, or a Tx, which sees its
// own pending writes over its snapshot.
type Reader interface {
	reader() (statedb.ReadTxn, *Tx)
}

// Table holds one kind of record in memory, in the order of account, Region
// and id, with secondary indexes. Values are shared: whoever reads one must
// not change what its slices and maps hold.
type Table[T any] struct {
	name    string
	key     func(T) Key
	byKey   statedb.Index[*row[T], string]
	indexes map[string]secondary[T]
	rows    statedb.RWTable[*row[T]]
}

// row is a record as etcd holds it.
type row[T any] struct {
	path     string
	revision int64 // etcd's ModRevision
	value    T
}

// secondary is an index: which values a record is found under.
type secondary[T any] struct {
	values func(T) []string
	rows   statedb.Index[*row[T], string]
}

func newTable[T any](db *statedb.DB, name string, key func(T) Key, indexes map[string]func(T) []string) (*Table[T], error) {
	t := &Table[T]{name: name, key: key, byKey: primary[T](), indexes: make(map[string]secondary[T])}
	var others []statedb.Indexer[*row[T]]
	for name, values := range indexes {
		s := secondary[T]{values: values, rows: statedb.Index[*row[T], string]{
			Name:       name,
			FromObject: func(r *row[T]) index.KeySet { return index.StringSlice(distinct(values(r.value))) },
			FromKey:    index.String,
		}}
		t.indexes[name] = s
		others = append(others, s.rows)
	}
	header := func() []string { return []string{"Key", "Revision"} }
	cells := func(r *row[T]) []string { return []string{r.path, fmt.Sprint(r.revision)} }
	var err error
	t.rows, err = statedb.NewTableAny(db, name, header, cells, t.byKey, others...)
	return t, err
}

func primary[T any]() statedb.Index[*row[T], string] {
	return statedb.Index[*row[T], string]{
		Name:       "key",
		FromObject: func(r *row[T]) index.KeySet { return index.NewKeySet(index.String(r.path)) },
		FromKey:    index.String,
		Unique:     true,
	}
}

// distinct returns the values without empty and repeated ones.
func distinct(values []string) []string {
	var d []string
	for _, v := range values {
		if v != "" && !slices.Contains(d, v) {
			d = append(d, v)
		}
	}
	return d
}

// Key returns the key of a record.
func (t *Table[T]) Key(v T) Key { return t.key(v) }

// Get returns the record of that key.
func (t *Table[T]) Get(r Reader, k Key) (T, bool) {
	txn, tx := r.reader()
	stored, revision := t.lookup(txn, k.path())
	if tx != nil {
		tx.sawKey(t.name, k, revision)
		if w, ok := tx.pending(t.name, k.path()); ok {
			v, ok := w.value.(T)
			return v, ok
		}
	}
	if stored == nil {
		var none T
		return none, false
	}
	return stored.value, true
}

// Revision returns the revision at which the record of that key was last
// written, 0 if there is none. The pending writes of a Tx have none yet.
func (t *Table[T]) Revision(r Reader, k Key) int64 {
	txn, tx := r.reader()
	_, revision := t.lookup(txn, k.path())
	if tx != nil {
		tx.sawKey(t.name, k, revision)
	}
	return revision
}

// Version is another one whenever a record of the table has changed. It is for
// what is derived from a Snapshot and kept; in a Tx it compares nothing.
func (t *Table[T]) Version(r Reader) uint64 {
	txn, _ := r.reader()
	return t.rows.Revision(txn)
}

func (t *Table[T]) lookup(txn statedb.ReadTxn, path string) (*row[T], int64) {
	r, _, ok := t.rows.Get(txn, t.byKey.Query(path))
	if !ok {
		return nil, 0
	}
	return r, r.revision
}

// List returns the records of an account in a Region, ordered by id. An empty
// account stands for all accounts, an empty region for all Regions; the order
// is then that of account, Region and id.
func (t *Table[T]) List(r Reader, account, region string) iter.Seq[T] {
	txn, tx := r.reader()
	prefix := pathPrefix(account, region)
	keep := func(path string) bool {
		if account == "" && region != "" {
			_, path, _ = strings.Cut(path, "/")
			return strings.HasPrefix(path, region+"/")
		}
		return strings.HasPrefix(path, prefix)
	}
	stored := func(yield func(*row[T]) bool) {
		for r := range t.rows.Prefix(txn, t.byKey.Query(prefix)) {
			if keep(r.path) && !yield(r) {
				return
			}
		}
	}
	if tx == nil {
		return values(stored)
	}
	tx.sawArea(area(t.name, account, region))
	return values(t.overlay(tx, stored, func(path string, _ T) bool { return keep(path) }))
}

// By returns the records that the index holds under value, over all accounts
// and Regions, in the order of account, Region and id. Nothing is held under the
// empty value. It panics on an index that the table does not have.
func (t *Table[T]) By(r Reader, index, value string) iter.Seq[T] {
	ix, ok := t.indexes[index]
	if !ok {
		panic("store: table " + t.name + " has no index " + index)
	}
	if value == "" {
		return func(func(T) bool) {} // read nothing, so that no write conflicts with it
	}
	txn, tx := r.reader()
	stored := statedb.ToSeq(t.rows.List(txn, ix.rows.Query(value)))
	if tx == nil {
		return values(stored)
	}
	tx.sawArea(area(t.name, "", ""))
	return values(t.overlay(tx, stored, func(_ string, v T) bool {
		return slices.Contains(ix.values(v), value)
	}))
}

// overlay puts the pending writes of tx that match over the stored rows. The
// pending writes are those at the time when the iteration begins.
func (t *Table[T]) overlay(tx *Tx, stored iter.Seq[*row[T]], match func(path string, v T) bool) iter.Seq[*row[T]] {
	return func(yield func(*row[T]) bool) {
		if len(tx.writes[t.name]) == 0 {
			stored(yield)
			return
		}
		var merged []*row[T]
		for r := range stored {
			if _, ok := tx.pending(t.name, r.path); !ok {
				merged = append(merged, r)
			}
		}
		for path, w := range tx.writes[t.name] {
			if v, ok := w.value.(T); ok && match(path, v) {
				merged = append(merged, &row[T]{path: path, value: v})
			}
		}
		slices.SortFunc(merged, func(a, b *row[T]) int { return strings.Compare(a.path, b.path) })
		slices.Values(merged)(yield)
	}
}

func values[T any](rows iter.Seq[*row[T]]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for r := range rows {
			if !yield(r.value) {
				return
			}
		}
	}
}

// Put writes a record when tx commits, whether or not there is one of its key.
func (t *Table[T]) Put(tx *Tx, v T) {
	k := t.key(v)
	if err := k.valid(); err != nil {
		tx.fail(fmt.Errorf("put into %s: %w", t.name, err))
		return
	}
	data, err := encode(v)
	if err != nil {
		tx.fail(fmt.Errorf("encode %s %s: %w", t.name, k.ID, err))
		return
	}
	tx.write(t.name, k, write{value: v, data: data})
}

// Delete removes the record of that key when tx commits. It succeeds where
// there is none.
func (t *Table[T]) Delete(tx *Tx, k Key) {
	if _, ok := t.Get(tx, k); ok {
		tx.write(t.name, k, write{})
	}
}
