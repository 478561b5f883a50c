package ec2

import (
	"math/rand/v2"
	"net/netip"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// takeAddress returns an address of sn for a new network interface: the
// wanted one, or any free one if that is the zero Addr.
func (s *Service) takeAddress(tx *store.Tx, sn vpc.Subnet, wanted netip.Addr) (netip.Addr, error) {
	taken := make(map[netip.Addr]bool)
	for eni := range s.store.ENIs.By(tx, "subnet", sn.ID) {
		taken[eni.Address] = true
	}
	if wanted.IsValid() {
		return wanted, checkAddress(sn, wanted, taken)
	}
	a := vpc.Free(sn.CIDR, rand.Uint32(), func(a netip.Addr) bool { return taken[a] })
	if !a.IsValid() {
		return netip.Addr{}, errSubnetFull()
	}
	return a, nil
}

func checkAddress(sn vpc.Subnet, a netip.Addr, taken map[netip.Addr]bool) error {
	switch {
	case !sn.CIDR.Contains(a):
		return errAddressOutside()
	case vpc.Reserved(sn.CIDR, a):
		return errAddressReserved(a)
	case taken[a]:
		return errAddressInUse(a)
	}
	return nil
}

// groupsOrDefault checks the security groups that a network interface of the
// VPC is to carry. Without ids it is the VPC's default group.
func (s *Service) groupsOrDefault(tx *store.Tx, o vpc.Owner, vpcID string, ids []string) ([]string, error) {
	if len(ids) > 0 {
		return s.groups(tx, o, vpcID, ids)
	}
	for g := range s.store.SecurityGroups.By(tx, "vpc", vpcID) {
		if g.Name == "default" {
			return []string{g.ID}, nil
		}
	}
	return nil, errGroupNotFound("default")
}

// groups checks that all of ids are groups of the VPC and not too many for
// one network interface, and returns them without repetitions.
func (s *Service) groups(tx *store.Tx, o vpc.Owner, vpcID string, ids []string) ([]string, error) {
	ids = distinct(ids)
	for _, id := range ids {
		g, ok := s.store.SecurityGroups.Get(tx, ownKey(o, id))
		switch {
		case !ok:
			return nil, errGroupNotFound(id)
		case g.VPC != vpcID:
			return nil, errGroupElsewhere(id, vpcID)
		}
	}
	if len(ids) > s.limits.GroupsPerENI {
		return nil, errGroupsPerENI()
	}
	return ids, nil
}

// removeInterface deletes a network interface, and the flow logs on it, which
// could never see traffic again.
func (s *Service) removeInterface(tx *store.Tx, k store.Key) {
	for l := range s.store.FlowLogs.By(tx, "resource", k.ID) {
		s.store.FlowLogs.Delete(tx, s.store.FlowLogs.Key(l))
	}
	s.store.ENIs.Delete(tx, k)
}

// ownKey is where an owner's record of that id is stored.
func ownKey(o vpc.Owner, id string) store.Key {
	return store.Key{Account: o.Account, Region: o.Region, ID: id}
}

// distinct returns ids in their order without repetitions.
func distinct(ids []string) []string {
	var d []string
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			d = append(d, id)
		}
	}
	return d
}
