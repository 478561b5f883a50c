package iam

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// useInterval is how often the last uses are written, so that a key costs a
// write a minute at most; usesPerWrite bounds one transaction.
const (
	useInterval  = time.Minute
	usesPerWrite = 50
	lastWrite    = 5 * time.Second // at the end
)

// uses are the last uses that are not written yet, by id of the access key or
// role. The zero value is ready.
type uses struct {
	mu   sync.Mutex
	byID map[string]store.LastUse
}

// Used notes that a verified caller has called a service (ec2). It costs no
// I/O: Run writes it.
func (s *Service) Used(c auth.Caller, service string) {
	id := c.AccessKey
	if c.Kind == auth.Role {
		id, _, _ = strings.Cut(c.UserID, ":")
	} else if c.Kind != auth.User || c.Session != nil {
		return
	}
	use := store.LastUse{
		GlobalOwner: store.GlobalOwner{Account: c.Account, Partition: vpc.PartitionOf(c.Region).Name},
		ID:          id, Time: s.time(), Region: c.Region, Service: service,
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.byID == nil {
		s.uses.byID = map[string]store.LastUse{}
	}
	s.uses.byID[id] = use
}

// lastUse is the last use of an access key or role.
func (s *Service) lastUse(r store.Reader, o store.GlobalOwner, id string) (store.LastUse, bool) {
	s.uses.mu.Lock()
	use, ok := s.uses.byID[id]
	s.uses.mu.Unlock()
	if ok {
		return use, true
	}
	return s.store.LastUses.Get(r, o.Key(id))
}

// Run writes the last uses of access keys and roles until ctx ends, and those
// that are left then.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(useInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.writeUses(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("last uses of access keys are not written; they stay in memory", "err", err)
			}
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			return s.writeUses(ctx)
		}
	}
}

// writeUses writes all uses that are in memory, some at a time.
func (s *Service) writeUses(ctx context.Context) error {
	for {
		batch := s.uses.some()
		if len(batch) == 0 {
			return nil
		}
		err := s.update(ctx, func(tx *store.Tx) error {
			for _, use := range batch {
				s.writeUse(tx, use)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write last uses: %w", err)
		}
		s.uses.forget(batch)
	}
}

// writeUse writes a use of what still exists.
func (s *Service) writeUse(tx *store.Tx, use store.LastUse) {
	_, exists := s.store.AccessKeys.Get(tx, use.Key(use.ID))
	if strings.HasPrefix(use.ID, idRole) {
		_, exists = s.roles.byID(tx.Snapshot(), use.ID)
	}
	if exists {
		s.store.LastUses.Put(tx, use)
	}
}

// some returns up to usesPerWrite uses.
func (u *uses) some() []store.LastUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	var batch []store.LastUse
	for _, use := range u.byID {
		if len(batch) == usesPerWrite {
			break
		}
		batch = append(batch, use)
	}
	return batch
}

// forget drops what was written, where nothing newer has come meanwhile.
func (u *uses) forget(batch []store.LastUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range batch {
		if u.byID[use.ID] == use {
			delete(u.byID, use.ID)
		}
	}
}
