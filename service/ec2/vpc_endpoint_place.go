package ec2

import (
	"net/netip"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// privateLinkAccount is the requester that users see on the network
// interfaces of endpoints: the account of AWS that manages them.
const privateLinkAccount = "727180483921"

// configuredSubnets are the subnets that a request names, and the addresses
// that it wants in them. A subnet of a configuration must also be one of ids,
// unless there are no ids at all.
func configuredSubnets(ids []string, configurations []ec2.SubnetConfiguration) ([]string, map[string]netip.Addr, error) {
	subnets := slices.Clone(ids)
	addresses := make(map[string]netip.Addr)
	for _, c := range configurations {
		id := wire.Value(c.SubnetId)
		switch {
		case len(ids) == 0 && !slices.Contains(subnets, id):
			subnets = append(subnets, id)
		case !slices.Contains(subnets, id):
			return nil, nil, errSubnetConfiguration(id)
		}
		a, err := configuredAddress(c)
		if err != nil {
			return nil, nil, err
		}
		addresses[id] = a
	}
	return subnets, addresses, nil
}

func configuredAddress(c ec2.SubnetConfiguration) (netip.Addr, error) {
	if c.Ipv6 != nil {
		return netip.Addr{}, errSubnetConfigurationIPv6(wire.Value(c.SubnetId))
	}
	if c.Ipv4 == nil {
		return netip.Addr{}, errSubnetConfigurationIPv4(wire.Value(c.SubnetId))
	}
	a, err := netip.ParseAddr(*c.Ipv4)
	if err != nil || !a.Is4() {
		return netip.Addr{}, errAddressSyntax(*c.Ipv4)
	}
	return a, nil
}

// endpointSubnets reads the subnets that e is to get. Each must be of e's
// VPC, and in a zone in which e has none yet.
func (s *Service) endpointSubnets(tx *store.Tx, e vpc.Endpoint, ids []string) ([]vpc.Subnet, error) {
	zones := s.endpointZones(tx, e)
	var rows []vpc.Subnet
	for _, id := range ids {
		sn, ok := s.store.Subnets.Get(tx, ownKey(e.Owner, id))
		switch {
		case !ok:
			return nil, errSubnetNotFound(id)
		case sn.VPC != e.VPC:
			return nil, errSubnetElsewhere(id, e.VPC)
		case slices.Contains(zones, sn.Zone):
			return nil, errSubnetZoneTaken(id)
		}
		zones = append(zones, sn.Zone)
		rows = append(rows, sn)
	}
	return rows, nil
}

// addEndpointSubnet gives e a network interface in sn, at the wanted address
// or, if that is the zero Addr, at a free one.
func (s *Service) addEndpointSubnet(tx *store.Tx, e *vpc.Endpoint, sn vpc.Subnet, wanted netip.Addr) error {
	eni, err := s.newEndpointENI(tx, *e, sn, wanted)
	if err != nil {
		return err
	}
	e.Subnets = append(slices.Clip(e.Subnets), sn.ID)
	e.ENIs = append(slices.Clip(e.ENIs), eni.ID)
	return nil
}

func (s *Service) newEndpointENI(tx *store.Tx, e vpc.Endpoint, sn vpc.Subnet, wanted netip.Addr) (vpc.ENI, error) {
	a, err := s.place(tx, sn, vpc.FamiliesOf(e.IPAddressType), vpc.AddressPair{IPv4: wanted})
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

// enablePrivateDNS gives e the private names of its service, each in a hidden
// zone of its own. No other endpoint of the VPC may have one of them.
func (s *Service) enablePrivateDNS(tx *store.Tx, e *vpc.Endpoint, network vpc.Network) error {
	if !network.DNSSupport || !network.DNSHostnames {
		return errPrivateDNSAttributes(network.ID)
	}
	service, ok := vpc.FindEndpointService(e.Service)
	if !ok {
		return errServiceNotFound(e.Service)
	}
	for other := range s.store.Endpoints.By(tx, "vpc", e.VPC) {
		if other.ID == e.ID {
			continue
		}
		for _, name := range service.PrivateNames {
			if _, taken := other.PrivateZones[name]; taken {
				return errPrivateDNSConflict(name, e.VPC)
			}
		}
	}
	e.PrivateDNS = true
	e.PrivateZones = make(map[string]string, len(service.PrivateNames))
	for _, name := range service.PrivateNames {
		e.PrivateZones[name] = vpc.NewZoneID()
	}
	return nil
}
