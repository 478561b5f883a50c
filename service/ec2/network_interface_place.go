package ec2

import (
	"errors"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// place chooses the addresses of a network interface in sn, one of each
// family: the wanted one, or any free one where that is not valid.
func (s *Service) place(tx *store.Tx, sn vpc.Subnet, f vpc.Families, wanted vpc.AddressPair) (vpc.AddressPair, error) {
	pair, err := vpc.Place(sn, f, wanted, s.store.ENIs.By(tx, "subnet", sn.ID))
	if err != nil {
		return vpc.AddressPair{}, errPlace(err)
	}
	return pair, nil
}

// errPlace is the error of vpc.Place in EC2's words.
func errPlace(err error) error {
	e, ok := errors.AsType[*vpc.AddressError](err)
	if !ok {
		return err
	}
	switch e.Err {
	case vpc.ErrNoCIDR:
		return errSubnetFamily(e.Subnet)
	case vpc.ErrSubnetFull:
		return errSubnetFull()
	case vpc.ErrAddressOutside:
		return errAddressOutside()
	case vpc.ErrAddressReserved:
		return errAddressReserved(e.Address)
	case vpc.ErrAddressInUse:
		return errAddressInUse(e.Address)
	}
	return err
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
