package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// testSnapshots has one writer keep a record in three tables equal, and reads
// meanwhile.
func testSnapshots(t *testing.T, s *store.Store) {
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	for range 2 {
		g.Go(func() error {
			last := int64(0)
			for ctx.Err() == nil {
				r := s.Snapshot()
				n, _ := s.Networks.Get(r, store.Key{Account: account, Region: region, ID: "vpc-0a"})
				u, _ := s.Subnets.Get(r, store.Key{Account: account, Region: region, ID: "subnet-0a"})
				f, _ := s.FlowLogs.Get(r, store.Key{Account: account, Region: region, ID: "fl-0a"})
				if n.DHCPOptions != u.VPC || u.VPC != f.Resource {
					return fmt.Errorf("revision %d is torn: %q %q %q", r.Revision(), n.DHCPOptions, u.VPC, f.Resource)
				}
				if r.Revision() < last {
					return errors.New("snapshots went back")
				}
				last = r.Revision()
			}
			return nil
		})
	}
	for i := range 200 {
		round := fmt.Sprint(i)
		written := update(t, s, func(tx *store.Tx) {
			s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0a", DHCPOptions: round})
			s.Subnets.Put(tx, subnet(owner, "subnet-0a", round))
			s.FlowLogs.Put(tx, vpc.FlowLog{Owner: owner, ID: "fl-0a", Resource: round})
		})
		if r := s.Snapshot(); r.Revision() < written {
			t.Fatalf("snapshot at %d after a write at %d", r.Revision(), written)
		}
	}
	stop()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
