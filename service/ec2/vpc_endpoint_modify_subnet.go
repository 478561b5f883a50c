package ec2

import (
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// modifySubnets adds subnets, removes others, replaces the network interfaces
// for which the request designates addresses, and gives those that stay the
// families of e's address type. As with AWS, a zone that this call frees is
// not free for this call.
func (s *Service) modifySubnets(tx *store.Tx, e *vpc.Endpoint, t endpointTarget, in *ec2.ModifyVpcEndpointInput) error {
	added, err := s.newSubnets(tx, *e, t, in.AddSubnetIds)
	if err != nil {
		return err
	}
	for _, id := range distinct(in.RemoveSubnetIds) {
		if err := s.removeEndpointSubnet(tx, e, id); err != nil {
			return err
		}
	}
	subnets := append(slices.Clone(e.Subnets), in.AddSubnetIds...)
	wanted, err := designated(subnets, in.SubnetConfigurations, e.IPAddressType)
	if err != nil {
		return err
	}
	for _, id := range slices.Clone(e.Subnets) {
		if err := s.refitSubnet(tx, e, id, wanted); err != nil {
			return err
		}
	}
	return s.addEndpointSubnets(tx, e, added, wanted)
}

// designated are the addresses that a request designates for an endpoint that
// will have these subnets.
func designated(subnets []string, configurations []ec2.SubnetConfiguration, kind string) (map[string]vpc.AddressPair, error) {
	if len(subnets) == 0 && len(configurations) > 0 {
		return nil, errSubnetConfiguration(wire.Value(configurations[0].SubnetId))
	}
	_, addresses, err := configuredSubnets(subnets, configurations, kind)
	return addresses, err
}

func (s *Service) removeEndpointSubnet(tx *store.Tx, e *vpc.Endpoint, id string) error {
	i := slices.Index(e.Subnets, id)
	if i < 0 {
		if _, ok := s.store.Subnets.Get(tx, ownKey(e.Owner, id)); !ok {
			return errSubnetNotFound(id)
		}
		return errSubnetNotOfEndpoint(id, e.ID)
	}
	s.removeInterface(tx, ownKey(e.Owner, e.ENIs[i]))
	e.Subnets = slices.Delete(slices.Clone(e.Subnets), i, i+1)
	e.ENIs = slices.Delete(slices.Clone(e.ENIs), i, i+1)
	return nil
}

// refitSubnet makes the network interface of e in a subnet that stays one of
// e's address type. Where other addresses are designated than it has, another
// one takes its place.
func (s *Service) refitSubnet(tx *store.Tx, e *vpc.Endpoint, subnet string, wanted map[string]vpc.AddressPair) error {
	i := slices.Index(e.Subnets, subnet)
	eni, ok := s.store.ENIs.Get(tx, ownKey(e.Owner, e.ENIs[i]))
	if !ok {
		return errInterfaceNotFound(e.ENIs[i])
	}
	sn, ok := s.store.Subnets.Get(tx, ownKey(e.Owner, subnet))
	if !ok {
		return errSubnetNotFound(subnet)
	}
	families := vpc.FamiliesOf(e.IPAddressType)
	pair, replace := wanted[subnet]
	switch {
	case replace && pair == vpc.AddressPair{IPv4: eni.Address, IPv6: eni.IPv6},
		!replace && families == vpc.Families{IPv4: eni.Address.IsValid(), IPv6: eni.IPv6.IsValid()}:
		return nil
	case !fits(sn, e.IPAddressType):
		return errAddressType(e.IPAddressType, "subnet "+subnet)
	case !replace:
		return s.refitENI(tx, eni, sn, families)
	}
	s.removeInterface(tx, s.store.ENIs.Key(eni))
	made, err := s.newEndpointENI(tx, *e, sn, pair)
	if err != nil {
		return err
	}
	e.ENIs = slices.Clone(e.ENIs)
	e.ENIs[i] = made.ID
	return nil
}

// refitENI gives a network interface an address of each family that it lacks,
// and takes away what it has of others.
func (s *Service) refitENI(tx *store.Tx, eni vpc.ENI, sn vpc.Subnet, f vpc.Families) error {
	lacks := vpc.Families{IPv4: f.IPv4 && !eni.Address.IsValid(), IPv6: f.IPv6 && !eni.IPv6.IsValid()}
	added, err := s.place(tx, sn, lacks, vpc.AddressPair{})
	if err != nil {
		return err
	}
	if lacks.IPv4 || !f.IPv4 {
		eni.Address = added.IPv4
	}
	if lacks.IPv6 || !f.IPv6 {
		eni.IPv6 = added.IPv6
	}
	s.store.ENIs.Put(tx, eni)
	return nil
}
