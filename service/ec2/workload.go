package ec2

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// AttachWorkload asks for a network interface for a command that runs in a
// subnet.
type AttachWorkload struct {
	Subnet      string   // subnet-… of any account
	Groups      []string // of the subnet's VPC; its default group when empty
	Session     string   // the session that the interface lives and ends with
	Description string
}

// AttachWorkload gives a session a network interface at a free address. When
// it returns, the interface is in the network, and DetachWorkload is due when
// the session ends. If it fails after the interface was recorded, it has
// taken it away again.
func (s *Service) AttachWorkload(ctx context.Context, a AttachWorkload) (vpc.ENI, vpc.Subnet, vpc.Network, error) {
	var eni vpc.ENI
	var sn vpc.Subnet
	var network vpc.Network
	revision, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		if sn, network, err = s.findSubnet(tx, a.Subnet); err != nil {
			return err
		}
		eni, err = s.newWorkloadENI(tx, sn, a)
		return err
	})
	if err != nil {
		return vpc.ENI{}, vpc.Subnet{}, vpc.Network{}, err
	}
	if err := s.store.WaitApplied(ctx, revision, eni.VPC); err != nil {
		return vpc.ENI{}, vpc.Subnet{}, vpc.Network{}, s.giveUp(ctx, eni, err)
	}
	return eni, sn, network, nil
}

// findSubnet reads a subnet of any account, by its id, and its VPC.
func (s *Service) findSubnet(tx *store.Tx, id string) (vpc.Subnet, vpc.Network, error) {
	for found := range s.store.Subnets.List(tx.Snapshot(), "", "") {
		if found.ID != id {
			continue
		}
		// Read again through tx, so that the commit depends on it.
		sn, ok := s.store.Subnets.Get(tx, ownKey(found.Owner, id))
		if !ok {
			break
		}
		network, ok := s.store.Networks.Get(tx, ownKey(sn.Owner, sn.VPC))
		if !ok {
			return vpc.Subnet{}, vpc.Network{}, errVpcNotFound(sn.VPC)
		}
		return sn, network, nil
	}
	return vpc.Subnet{}, vpc.Network{}, errSubnetNotFound(id)
}

func (s *Service) newWorkloadENI(tx *store.Tx, sn vpc.Subnet, a AttachWorkload) (vpc.ENI, error) {
	groups, err := s.groupsOrDefault(tx, sn.Owner, sn.VPC, a.Groups)
	if err != nil {
		return vpc.ENI{}, err
	}
	address, err := s.place(tx, sn, launchFamilies(sn), vpc.AddressPair{})
	if err != nil {
		return vpc.ENI{}, err
	}
	eni := vpc.ENI{
		Owner:       sn.Owner,
		ID:          vpc.NewID("eni"),
		VPC:         sn.VPC,
		Subnet:      sn.ID,
		Type:        vpc.InterfaceWorkload,
		Description: a.Description,
		Address:     address.IPv4,
		IPv6:        address.IPv6,
		MAC:         vpc.NewMAC(),
		Groups:      groups,
		Session:     a.Session,
		Attachment:  vpc.NewID("eni-attach"),
		Created:     s.now().UTC(),
	}
	s.store.ENIs.Put(tx, eni)
	return eni, nil
}

// launchFamilies are the families of the addresses that a network interface
// gets in sn when nobody says which.
func launchFamilies(sn vpc.Subnet) vpc.Families {
	f := sn.Families()
	f.IPv6 = f.IPv6 && (sn.Native || sn.AssignIPv6)
	return f
}

// giveUp takes back an interface that the network does not have, and returns
// why. It goes on after ctx has ended, which may be the reason.
func (s *Service) giveUp(ctx context.Context, eni vpc.ENI, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpTimeout)
	defer cancel()
	if _, err := s.removeWorkload(ctx, eni.Owner, eni.ID); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// DetachWorkload takes away an interface that AttachWorkload gave. It
// succeeds where there is none any more, and returns when the network has
// forgotten it.
func (s *Service) DetachWorkload(ctx context.Context, o vpc.Owner, id string) error {
	gone, err := s.removeWorkload(ctx, o, id)
	if err != nil {
		return err
	}
	return s.waitAll(ctx, gone)
}

// removeWorkload removes the interface's record; gone is the revision at
// which its VPC is without it.
func (s *Service) removeWorkload(ctx context.Context, o vpc.Owner, id string) (gone map[string]int64, err error) {
	var vpcID string
	revision, err := s.store.Update(ctx, func(tx *store.Tx) error {
		vpcID = ""
		eni, ok := s.store.ENIs.Get(tx, ownKey(o, id))
		if !ok || eni.Type != vpc.InterfaceWorkload {
			return nil
		}
		vpcID = eni.VPC
		s.deregister(tx, eni)
		s.removeInterface(tx, s.store.ENIs.Key(eni))
		return nil
	})
	if err != nil || vpcID == "" {
		return nil, err
	}
	return map[string]int64{vpcID: revision}, nil
}

// DropSessions removes the interfaces of all sessions that keep does not
// want. It is for the start of a daemon, when the sessions of the last one
// are gone: it does not wait for the network, whose agent starts later.
func (s *Service) DropSessions(ctx context.Context, keep func(session string) bool) error {
	for eni := range s.store.ENIs.List(s.store.Snapshot(), "", "") {
		if eni.Type != vpc.InterfaceWorkload || keep(eni.Session) {
			continue
		}
		if _, err := s.removeWorkload(ctx, eni.Owner, eni.ID); err != nil {
			return fmt.Errorf("drop session %s: %w", eni.Session, err)
		}
	}
	return nil
}

// giveUpTimeout bounds one write to the store, which takes a millisecond.
const giveUpTimeout = 10 * time.Second
