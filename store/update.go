package store

import (
	"context"
	"errors"
	"fmt"
)

// errConflict says that something which a transaction read has changed. The
// tables have seen a newer revision when it is returned.
var errConflict = errors.New("conflict with another transaction")

// Update runs fn and commits what it wrote. It returns the revision of the
// commit once the tables of this store have reached it.
//
// fn runs again, on a newer snapshot, for as long as others change what it
// read: it must have no effect outside its Tx. An error of fn ends Update
// and nothing is written. If fn writes nothing, nothing is committed and the
// revision is that of the snapshot.
//
// An error of etcd (a timeout, a lost connection) leaves open whether the
// commit took place. If ctx ends while the tables catch up, the error comes
// with the revision of the commit, which did take place.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) (int64, error) {
	revision, err := s.attempt(ctx, fn)
	if !errors.Is(err, errConflict) {
		return revision, err
	}
	// Those that lost repeat one after another, so that they do not also
	// make one another lose.
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", err, ctx.Err())
	case <-s.closing:
		return 0, ErrClosed
	}
	for errors.Is(err, errConflict) {
		revision, err = s.attempt(ctx, fn)
	}
	return revision, err
}

func (s *Store) attempt(ctx context.Context, fn func(tx *Tx) error) (int64, error) {
	tx := newTx(s.Snapshot())
	if err := fn(tx); err != nil {
		return 0, err
	}
	if tx.err != nil {
		return 0, tx.err
	}
	ops := tx.operations()
	if len(ops) == 0 {
		return tx.snapshot.revision, nil
	}
	answer, err := s.client.Txn(ctx).If(tx.compares()...).Then(ops...).Commit()
	if err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	if answer.Succeeded {
		return answer.Header.Revision, s.wait(ctx, answer.Header.Revision)
	}
	if err := s.wait(ctx, tx.snapshot.revision+1); err != nil {
		return 0, err
	}
	return 0, errConflict
}
