package ec2

import (
	"context"
	"testing"

	"github.com/postern/postern/store"
)

// applyAll stands for the agent: it reports every VPC as applied at once,
// until the test ends.
func applyAll(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	feed := s.Changes(ctx)
	done := make(chan struct{})
	seen := map[string]bool{}
	go func() {
		defer close(done)
		for {
			_, snapshot, err := feed.Next(ctx)
			if err != nil {
				return
			}
			for n := range s.Networks.List(snapshot, "", "") {
				seen[n.ID] = true
			}
			for id := range seen { // deleted ones are applied too
				s.SetApplied(id, snapshot.Revision(), nil)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}
