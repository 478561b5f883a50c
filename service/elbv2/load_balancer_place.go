package elbv2

import (
	"errors"
	"iter"
	"net/netip"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// minFree is how many addresses a subnet must have left for a load balancer.
const minFree = 8

// requester is what users see on the network interfaces of load balancers.
const requester = "amazon-elb"

// place is where a request wants a node: a subnet, and addresses in it or the
// zero Addr for any.
type place struct {
	subnet    string
	addresses vpc.AddressPair
}

func placesOf(in *elbv2.CreateLoadBalancerInput) ([]place, error) {
	switch {
	case len(in.Subnets) > 0 && len(in.SubnetMappings) > 0:
		return nil, errValidation("Subnets and subnet mappings cannot be specified at the same time")
	case len(in.Subnets)+len(in.SubnetMappings) == 0:
		return nil, errValidation("At least one subnet must be specified")
	}
	var places []place
	for _, id := range in.Subnets {
		places = append(places, place{subnet: id})
	}
	for _, m := range in.SubnetMappings {
		p, err := mapped(in, m)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

func mapped(in *elbv2.CreateLoadBalancerInput, m elbv2.SubnetMapping) (place, error) {
	p := place{subnet: wire.Value(m.SubnetId)}
	switch {
	case p.subnet == "":
		return p, errValidation("A subnet ID must be specified in each subnet mapping")
	case m.AllocationId != nil:
		return p, &wire.Error{Code: "AllocationIdNotFound", Message: "The allocation IDs '" + *m.AllocationId + "' are not available for use"}
	case m.SourceNatIpv6Prefix != nil:
		return p, errUnavailable("SourceNatIpv6Prefix")
	case m.PrivateIPv4Address != nil && wire.Value(in.Scheme) != elbv2.LoadBalancerSchemeEnumInternal:
		return p, errValidation("Private IPv4 addresses can be specified for internal load balancers only")
	case m.IPv6Address != nil && wire.Value(in.IpAddressType) != elbv2.IpAddressTypeDualstack:
		return p, errValidation("IPv6 addresses can be specified for load balancers with the IP address type 'dualstack' only")
	}
	var err error
	if a := m.PrivateIPv4Address; a != nil {
		if p.addresses.IPv4, err = netip.ParseAddr(*a); err != nil || !p.addresses.IPv4.Is4() {
			return p, errValidation("The IP address '%s' is not a valid IPv4 address", *a)
		}
	}
	if a := m.IPv6Address; a != nil {
		if p.addresses.IPv6, err = netip.ParseAddr(*a); err != nil || !p.addresses.IPv6.Is6() || p.addresses.IPv6.Zone() != "" {
			return p, errValidation("The IP address '%s' is not a valid IPv6 address", *a)
		}
	}
	return p, nil
}

// place gives l a node in each of the places and stores their network
// interfaces.
func (s *Service) place(tx *store.Tx, l *vpc.LoadBalancer, places []place) error {
	subnets, err := s.subnets(tx, *l, places)
	if err != nil {
		return err
	}
	l.VPC = subnets[0].VPC
	if l.Scheme == elbv2.LoadBalancerSchemeEnumInternetFacing {
		return errSubnet("VPC %s has no internet gateway", l.VPC)
	}
	if err := s.checkGroups(tx, *l); err != nil {
		return err
	}
	for i, sn := range subnets {
		eni, err := s.newNode(tx, *l, sn, places[i])
		if err != nil {
			return err
		}
		s.store.ENIs.Put(tx, eni)
		l.Nodes = append(l.Nodes, vpc.LoadBalancerNode{Zone: sn.Zone, Subnet: sn.ID, ENI: eni.ID, Asked: places[i].addresses})
	}
	return nil
}

// subnets reads the subnets of the places: of one VPC, one a zone.
func (s *Service) subnets(tx *store.Tx, l vpc.LoadBalancer, places []place) ([]vpc.Subnet, error) {
	var rows []vpc.Subnet
	zones := map[string]bool{}
	for _, p := range places {
		sn, ok := s.store.Subnets.Get(tx, key(l.Owner, p.subnet))
		switch {
		case !ok:
			return nil, errSubnetNotFound(p.subnet)
		case len(rows) > 0 && rows[0].VPC != sn.VPC:
			return nil, errSubnet("The subnets must be in the same VPC: '%s' is not in '%s'", sn.ID, rows[0].VPC)
		case zones[sn.Zone]:
			return nil, errZoneTwice()
		case sn.Native:
			return nil, errSubnet("The subnet '%s' has no IPv4 CIDR block", sn.ID)
		case l.AddressType == elbv2.IpAddressTypeDualstack && !sn.IPv6.CIDR.IsValid():
			return nil, errConfiguration("You must specify subnets with an associated IPv6 CIDR block.")
		}
		zones[sn.Zone] = true
		rows = append(rows, sn)
	}
	return rows, nil
}

func (s *Service) checkGroups(tx *store.Tx, l vpc.LoadBalancer) error {
	if len(l.Groups) > s.limits.GroupsPerENI {
		return errConfiguration("A load balancer can have at most %d security groups", s.limits.GroupsPerENI)
	}
	for _, id := range l.Groups {
		g, ok := s.store.SecurityGroups.Get(tx, key(l.Owner, id))
		switch {
		case !ok:
			return errGroup(id)
		case g.VPC != l.VPC:
			return errGroupVPC(id, l.VPC)
		}
	}
	return nil
}

// newNode is the network interface of l in a subnet.
func (s *Service) newNode(tx *store.Tx, l vpc.LoadBalancer, sn vpc.Subnet, p place) (vpc.ENI, error) {
	present := s.store.ENIs.By(tx, "subnet", sn.ID)
	if freeIPv4(sn, present) < minFree {
		return vpc.ENI{}, errSubnetFull(sn.ID, minFree)
	}
	addresses, err := vpc.Place(sn, vpc.FamiliesOf(l.AddressType), p.addresses, present)
	if err != nil {
		return vpc.ENI{}, addressError(err)
	}
	return vpc.ENI{
		Owner:            l.Owner,
		ID:               vpc.NewID("eni"),
		VPC:              l.VPC,
		Subnet:           sn.ID,
		Type:             vpc.InterfaceLoadBalancer,
		Description:      "ELB " + strings.TrimPrefix(vpc.ELBID(l.ARN), "loadbalancer/"),
		Address:          addresses.IPv4,
		IPv6:             addresses.IPv6,
		MAC:              vpc.NewMAC(),
		Groups:           l.Groups,
		LoadBalancer:     l.ARN,
		Attachment:       vpc.NewID("ela-attach"),
		RequesterManaged: true,
		Requester:        requester,
		Created:          l.Created,
	}, nil
}

// freeIPv4 is how many IPv4 addresses of sn nobody has.
func freeIPv4(sn vpc.Subnet, present iter.Seq[vpc.ENI]) int {
	free := vpc.Usable(sn.CIDR)
	for eni := range present {
		if eni.Address.IsValid() {
			free--
		}
	}
	return free
}

// addressError is the error of vpc.Place in the words of the API.
func addressError(err error) error {
	at, ok := errors.AsType[*vpc.AddressError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, vpc.ErrSubnetFull):
		return errSubnetFull(at.Subnet, minFree)
	case errors.Is(err, vpc.ErrAddressInUse):
		return errValidation("The IP address '%s' in subnet '%s' is already in use", at.Address, at.Subnet)
	}
	return errValidation("The IP address '%s' is not a usable address of subnet '%s'", at.Address, at.Subnet)
}
