package ec2

import (
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// privateLinkAccount is the requester that users see on the network
// interfaces of endpoints: the account of AWS that manages them.
const privateLinkAccount = "727180483921"

// addEndpointSubnets gives e a network interface in each of the subnets, at
// the wanted addresses or at free ones.
func (s *Service) addEndpointSubnets(tx *store.Tx, e *vpc.Endpoint, subnets []vpc.Subnet, wanted map[string]vpc.AddressPair) error {
	for _, sn := range subnets {
		eni, err := s.newEndpointENI(tx, *e, sn, wanted[sn.ID])
		if err != nil {
			return err
		}
		e.Subnets = append(slices.Clip(e.Subnets), sn.ID)
		e.ENIs = append(slices.Clip(e.ENIs), eni.ID)
	}
	return nil
}

// newSubnets reads the subnets that e is to get. Each must be of e's VPC, in a
// zone that the service has and in which e has no subnet yet, and have CIDRs
// of e's address families.
func (s *Service) newSubnets(tx *store.Tx, e vpc.Endpoint, t endpointTarget, ids []string) ([]vpc.Subnet, error) {
	taken, offered := s.endpointZones(tx, e), t.zones()
	var rows []vpc.Subnet
	for _, id := range ids {
		sn, err := s.subnet(tx, auth.Caller{Account: e.Account, Region: e.Region}, id)
		switch {
		case err != nil:
			return nil, err
		case sn.VPC != e.VPC:
			return nil, errSubnetElsewhere(id, e.VPC)
		case slices.Contains(taken, sn.Zone):
			return nil, errSubnetZoneTaken(id)
		case !slices.ContainsFunc(offered, func(z vpc.Zone) bool { return z.ID == sn.ZoneID }):
			return nil, errServiceZone(e.Service, id)
		case !fits(sn, e.IPAddressType):
			return nil, errAddressType(e.IPAddressType, "subnet "+id)
		}
		taken = append(taken, sn.Zone)
		rows = append(rows, sn)
	}
	return rows, nil
}

func (s *Service) newEndpointENI(tx *store.Tx, e vpc.Endpoint, sn vpc.Subnet, wanted vpc.AddressPair) (vpc.ENI, error) {
	a, err := s.place(tx, sn, vpc.FamiliesOf(e.IPAddressType), wanted)
	if err != nil {
		return vpc.ENI{}, err
	}
	eni := vpc.ENI{
		Owner:            e.Owner,
		ID:               vpc.NewID("eni"),
		VPC:              e.VPC,
		Subnet:           sn.ID,
		Type:             vpc.InterfaceEndpoint,
		Description:      "VPC Endpoint Interface " + e.ID,
		Address:          a.IPv4,
		IPv6:             a.IPv6,
		MAC:              vpc.NewMAC(),
		Groups:           e.Groups,
		Endpoint:         e.ID,
		Attachment:       vpc.NewID("ela-attach"),
		RequesterManaged: true,
		Requester:        privateLinkAccount,
		Created:          s.now().UTC(),
	}
	s.store.ENIs.Put(tx, eni)
	return eni, nil
}
