package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// InstallationKey is a secret of 32 bytes that all nodes of an installation
// share: what one has sealed the others open. The newest seals.
type InstallationKey struct {
	ID      string
	Created time.Time
	Secret  []byte
}

// Installation is what stands for an account, and Global for a Region, in the
// keys of records that belong to none.
const (
	Installation = "installation"
	Global       = "global"
)

// OpenInstallationKeys returns the keys of the installation, the newest first.
// Where there is none it adds first: of the nodes that start at the same time
// only one adds its own.
func (s *Store) OpenInstallationKeys(ctx context.Context, first InstallationKey) ([]InstallationKey, error) {
	_, err := s.Update(ctx, func(tx *Tx) error {
		for range s.InstallationKeys.List(tx, Installation, Global) {
			return nil
		}
		s.InstallationKeys.Put(tx, first)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open installation keys: %w", err)
	}
	newest := func(a, b InstallationKey) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	}
	return slices.SortedFunc(s.InstallationKeys.List(s.Snapshot(), Installation, Global), newest), nil
}
