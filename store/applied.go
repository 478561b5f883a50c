package store

import (
	"context"
	"fmt"
	"sync"
)

// applied is what the agent of this node has reported, in memory only: after
// a restart the agent applies everything again.
type applied struct {
	mu      sync.Mutex
	objects map[string]report
	reached int64         // what no object has a newer report for holds at this revision too
	changed chan struct{} // closed and replaced at each report
}

type report struct {
	revision int64
	err      error
}

func (a *applied) init() {
	a.objects = make(map[string]report)
	a.changed = make(chan struct{})
}

// SetApplied reports that the data plane of an object (a VPC's id) matches
// the records as of revision, or that the attempt to reach it failed. A
// report of an older revision than the object's last one is ignored.
func (s *Store) SetApplied(object string, revision int64, err error) {
	a := &s.applied
	a.mu.Lock()
	defer a.mu.Unlock()
	if revision < a.objects[object].revision {
		return
	}
	a.objects[object] = report{revision, err}
	close(a.changed)
	a.changed = make(chan struct{})
}

// SetReached reports that all changes up to revision have been looked at: the
// objects that they concern have reports of their own, and for the others the
// last report still holds.
func (s *Store) SetReached(revision int64) {
	a := &s.applied
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached = max(a.reached, revision)
	close(a.changed)
	a.changed = make(chan struct{})
}

// Applied returns the newest report on an object, 0 if there is none.
func (s *Store) Applied(object string) (revision int64, err error) {
	s.applied.mu.Lock()
	defer s.applied.mu.Unlock()
	r := s.applied.objects[object]
	return max(r.revision, s.applied.reached), r.err
}

// WaitApplied waits until the data plane of all objects matches revision or a
// newer one. An object that the changes up to revision do not concern matches. It returns the reported error of the first attempt at such a
// revision that failed.
func (s *Store) WaitApplied(ctx context.Context, revision int64, objects ...string) error {
	for _, object := range objects {
		if err := s.waitApplied(ctx, revision, object); err != nil {
			return fmt.Errorf("wait until %s is applied at revision %d: %w", object, revision, err)
		}
	}
	return nil
}

func (s *Store) waitApplied(ctx context.Context, revision int64, object string) error {
	for {
		s.applied.mu.Lock()
		r, reached, changed := s.applied.objects[object], s.applied.reached, s.applied.changed
		s.applied.mu.Unlock()
		if max(r.revision, reached) >= revision {
			return r.err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return ErrClosed
		}
	}
}
