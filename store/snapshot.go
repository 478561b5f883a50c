package store

import "github.com/cilium/statedb"

// Snapshot is an immutable view of all tables at one revision. It costs
// nothing to take and is read from memory. The zero Snapshot is not valid.
type Snapshot struct {
	txn      statedb.ReadTxn
	revision int64
}

func (s Snapshot) reader() (statedb.ReadTxn, *Tx) { return s.txn, nil }

// Revision is etcd's revision that the snapshot stands at: it holds every
// change up to that one and none after it.
func (s Snapshot) Revision() int64 { return s.revision }
