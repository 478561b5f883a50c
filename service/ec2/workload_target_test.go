package ec2

import (
	"slices"
	"testing"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// A target that is a workload's interface goes with it, also from a group that
// it is in twice; what was known of its health goes too. An address that was
// registered as such stays.
func TestDetachWorkloadDeregisters(t *testing.T) {
	s, _ := endpointFixture(t)
	applyAll(t, s.store)
	eni, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetA, Session: "s-1"})
	if err != nil {
		t.Fatal(err)
	}
	other := vpc.Target{ID: eni.Address.String(), Address: eni.Address, Port: 80}
	group := vpc.TargetGroup{Owner: me, ARN: "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/apps/1", VPC: vpcID,
		Targets: []vpc.Target{{ID: eni.ID, Address: eni.Address, Port: 8080}, other, {ID: eni.ID, Address: eni.Address, Port: 8081}}}
	_, err = s.store.Update(t.Context(), func(tx *store.Tx) error {
		s.store.TargetGroups.Put(tx, group)
		for _, target := range group.Targets {
			s.store.TargetHealths.Put(tx, vpc.TargetHealth{Owner: me, TargetGroup: group.ARN, Target: target.Key(), State: "healthy"})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DetachWorkload(t.Context(), me, eni.ID); err != nil {
		t.Fatal(err)
	}
	r := s.store.Snapshot()
	left, _ := s.store.TargetGroups.Get(r, s.store.TargetGroups.Key(group))
	if !slices.Equal(left.Targets, []vpc.Target{other}) {
		t.Errorf("targets left: %+v", left.Targets)
	}
	known := slices.Collect(s.store.TargetHealths.By(r, "targetgroup", group.ARN))
	if len(known) != 1 || known[0].Target != other.Key() {
		t.Errorf("known of the health: %+v", known)
	}
}
