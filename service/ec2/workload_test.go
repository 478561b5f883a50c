package ec2

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

func TestAttachWorkload(t *testing.T) {
	s, _ := endpointFixture(t)
	applyAll(t, s.store)
	eni, sn, network, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetA, Session: "s-1", Description: "postern exec"})
	if err != nil {
		t.Fatal(err)
	}
	if sn.ID != subnetA || network.ID != vpcID || !sn.CIDR.Contains(eni.Address) || vpc.Reserved(sn.CIDR, eni.Address) {
		t.Errorf("attached at %v in %s of %s", eni.Address, sn.ID, network.ID)
	}
	want := vpc.ENI{
		Owner: me, ID: eni.ID, VPC: vpcID, Subnet: subnetA, Type: vpc.InterfaceWorkload, Description: "postern exec",
		Address: eni.Address, MAC: eni.MAC, Groups: []string{groupDef}, Session: "s-1", Attachment: eni.Attachment, Created: then,
	}
	address := cmpopts.EquateComparable(eni.Address)
	if d := cmp.Diff([]vpc.ENI{want}, enis(s), address); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
	if err := s.DetachWorkload(t.Context(), me, eni.ID); err != nil {
		t.Fatal(err)
	}
	if left := enis(s); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	if err := s.DetachWorkload(t.Context(), me, eni.ID); err != nil {
		t.Errorf("detach what is gone: %v", err)
	}
}

func TestAttachWorkloadRefuses(t *testing.T) {
	s, _ := endpointFixture(t)
	applyAll(t, s.store)
	rows := []struct {
		a             AttachWorkload
		code, message string
	}{
		{AttachWorkload{Subnet: "subnet-0f"}, "InvalidSubnetID.NotFound", "The subnet ID 'subnet-0f' does not exist"},
		{AttachWorkload{Subnet: subnetA, Groups: []string{"sg-0f"}}, "InvalidGroup.NotFound", "The security group 'sg-0f' does not exist"},
		{AttachWorkload{Subnet: subnetA, Groups: []string{otherGroup}}, "InvalidParameter", "Security group " + otherGroup + " does not belong to VPC " + vpcID},
	}
	for _, row := range rows {
		_, _, _, err := s.AttachWorkload(t.Context(), row.a)
		refused(t, row.a.Subnet, err, row.code, row.message)
	}
}

func TestAttachWorkloadFindsForeignSubnets(t *testing.T) {
	s, _ := endpointFixture(t)
	applyAll(t, s.store)
	far := vpc.Owner{Account: "444455556666", Region: "eu-west-1"}
	_, err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		n, _ := s.store.Networks.Get(tx, ownKey(me, vpcID))
		n.Owner, n.ID = far, "vpc-0e000000000000001"
		s.store.Networks.Put(tx, n)
		sn, _ := s.store.Subnets.Get(tx, ownKey(me, subnetA))
		sn.Owner, sn.ID, sn.VPC = far, "subnet-0e000000000000001", n.ID
		s.store.Subnets.Put(tx, sn)
		s.store.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: far, ID: "sg-0e000000000000001", VPC: n.ID, Name: "default"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	eni, _, network, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: "subnet-0e000000000000001"})
	if err != nil {
		t.Fatal(err)
	}
	if eni.Owner != far || network.Owner != far {
		t.Errorf("the interface belongs to %v, the VPC to %v", eni.Owner, network.Owner)
	}
}

func TestAttachWorkloadLeavesNothingWhenTheNetworkFails(t *testing.T) {
	s, _ := endpointFixture(t)
	broken := errors.New("no veth")
	s.store.SetApplied(vpcID, 1<<40, broken)
	if _, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetA}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, _, err := s.AttachWorkload(ctx, AttachWorkload{Subnet: otherSubnet}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	if left := enis(s); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestAttachWorkloadRaced(t *testing.T) {
	s, _ := endpointFixture(t)
	applyAll(t, s.store)
	got := race(12, func(int) error { // a /28 has 11 addresses
		_, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetC})
		return err
	})
	want := make([]string, 11)
	want = append(want, "InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request.")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDropSessions(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	createEndpoint(t, s, ctx, inSubnets(subnetB))
	for _, session := range []string{"gone", "here"} {
		if _, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetA, Session: session}); err != nil {
			t.Fatal(err)
		}
	}
	for _, eni := range enis(s) {
		if eni.Type == vpc.InterfaceEndpoint {
			if err := s.DetachWorkload(t.Context(), me, eni.ID); err != nil {
				t.Errorf("detach an endpoint's interface: %v", err)
			}
		}
	}
	if err := s.DropSessions(t.Context(), func(session string) bool { return session == "here" }); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, eni := range enis(s) {
		left = append(left, string(eni.Type)+" "+eni.Session)
	}
	if d := cmp.Diff([]string{"interface here", "vpc_endpoint "}, left); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}
