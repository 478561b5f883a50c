package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/store"
)

// openRing opens the installation's keys, which lie with the records, so that all nodes
// have them. The first node makes one.
func openRing(ctx context.Context, records *store.Store) (*seal.Ring, error) {
	first := seal.NewKey()
	stored, err := records.OpenInstallationKeys(ctx, store.InstallationKey{ID: uuid.NewString(), Created: time.Now().UTC(), Secret: first[:]})
	if err != nil {
		return nil, err
	}
	keys := make([]seal.Key, len(stored))
	for i, k := range stored {
		if len(k.Secret) != len(keys[i]) {
			return nil, fmt.Errorf("open installation key %s: it has %d bytes", k.ID, len(k.Secret))
		}
		keys[i] = seal.Key(k.Secret)
	}
	return seal.NewRing(keys[0], keys[1:]...), nil
}
