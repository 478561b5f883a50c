// Package store keeps the records of the control plane: typed tables over
// etcd, which runs inside the process or as a cluster of its own.
//
// # Reads
//
// All reads are served from memory. One etcd watch feeds the tables; every
// revision of etcd appears in them as a whole, so a Snapshot is consistent
// across tables, and the snapshots of a Store only go forward. After Update
// has returned, every later Snapshot holds what it wrote.
//
// # Writes
//
// Update runs a function on a snapshot and commits what it put and deleted in
// one etcd transaction, which etcd accepts only if nothing that the function
// read has changed since. Otherwise the function runs again on a newer
// snapshot. What is compared:
//
//   - Get, Revision and Delete: the record itself. Another transaction that
//     creates, changes, or deletes it conflicts.
//   - List: the account's part of the table in that Region, or more where a
//     parameter is empty. Another transaction that creates, changes, or deletes any
//     record there conflicts, so a list can be relied on to be complete.
//   - By: the whole table, in the same way.
//   - Put: nothing. It overwrites whatever there is; read first what must
//     not be lost.
//
// So transactions that write are serializable. A function that writes nothing
// has seen one consistent snapshot, which may be older than the newest commit
// of another node.
//
// For List and By every commit also writes a mark a part of a table that it
// changes (key.go); comparing the revisions of the marks costs the same for
// any number of records and does not miss deletes. It follows that whatever
// writes records must be this package.
//
// # Durability
//
// etcd syncs its log to disk before it answers: what Update acknowledged is
// there after a crash of the process or of the machine.
package store
