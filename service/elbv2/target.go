package elbv2

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// RegisterTargets adds targets to a target group. One that it has stays as it
// is; one that is draining is in service again.
func (s *Service) RegisterTargets(ctx context.Context, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	err := s.changeTargets(ctx, in.TargetGroupArn, func(tx *store.Tx, g *vpc.TargetGroup) error {
		for _, d := range in.Targets {
			t, err := s.newTarget(tx, *g, d)
			if err != nil {
				return err
			}
			if i := slices.IndexFunc(g.Targets, same(t)); i >= 0 {
				g.Targets[i] = t
			} else {
				g.Targets = append(g.Targets, t)
			}
		}
		if len(g.Targets) > s.limits.TargetsPer {
			return errLimit("TooManyTargets", "targets of a target group", s.limits.TargetsPer)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.RegisterTargetsOutput{}, nil
}

// DeregisterTargets takes targets out of service: no new connections reach
// them, and they are gone when the group's deregistration delay is over. A
// target that no load balancer uses is gone at once. One that is not registered
// is no error.
func (s *Service) DeregisterTargets(ctx context.Context, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	now := s.now().UTC()
	err := s.changeTargets(ctx, in.TargetGroupArn, func(tx *store.Tx, g *vpc.TargetGroup) error {
		used := len(s.loadBalancersOf(tx, *g)) > 0
		for _, d := range in.Targets {
			i := slices.IndexFunc(g.Targets, named(*g, d))
			switch {
			case i < 0:
			case !used:
				g.Targets = slices.Delete(g.Targets, i, i+1)
			case g.Targets[i].Draining.IsZero():
				g.Targets[i].Draining = now
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.DeregisterTargetsOutput{}, nil
}

// changeTargets lets change work on a target group whose targets are a copy.
func (s *Service) changeTargets(ctx context.Context, arn *string, change func(tx *store.Tx, g *vpc.TargetGroup) error) error {
	return s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		g, err := s.targetGroup(tx, ownerFrom(ctx), wire.Value(arn))
		if err != nil {
			return nil, err
		}
		g.Targets = g.Present(s.now())
		if err := change(tx, &g); err != nil {
			return nil, err
		}
		s.putTargetGroup(tx, g)
		return s.reachOfGroup(tx.Snapshot(), g), nil
	})
}

// same matches the target at t's address and port.
func same(t vpc.Target) func(vpc.Target) bool {
	return func(o vpc.Target) bool { return o.Key() == t.Key() }
}

// named matches the target that a request names: by its id and its port, which
// is the group's where the request says none.
func named(g vpc.TargetGroup, d elbv2.TargetDescription) func(vpc.Target) bool {
	id := wire.Value(d.Id)
	if a, err := netip.ParseAddr(id); err == nil {
		id = a.String()
	}
	return func(t vpc.Target) bool { return t.ID == id && t.Port == targetPort(g, d) }
}

func targetPort(g vpc.TargetGroup, d elbv2.TargetDescription) uint16 {
	if d.Port == nil {
		return g.Port
	}
	return uint16(*d.Port)
}

// newTarget checks the target that a request describes.
func (s *Service) newTarget(tx *store.Tx, g vpc.TargetGroup, d elbv2.TargetDescription) (vpc.Target, error) {
	if d.QuicServerId != nil {
		return vpc.Target{}, errUnavailable("QuicServerId")
	}
	t := vpc.Target{ID: wire.Value(d.Id), Port: targetPort(g, d)}
	if g.TargetType == elbv2.TargetTypeEnumInstance {
		return s.instance(tx, g, t, d.AvailabilityZone)
	}
	a, err := netip.ParseAddr(t.ID)
	if family := strings.Replace(g.AddressType, "ip", "IP", 1); err != nil || a.Zone() != "" || a.Is4() != (g.AddressType == elbv2.TargetGroupIpAddressTypeEnumIpv4) {
		return vpc.Target{}, errValidation("The IP address '%s' is not a valid %s address", t.ID, family)
	}
	t.ID, t.Address = a.String(), a
	sn, ok := s.subnetOf(tx, g, a)
	if !ok {
		return vpc.Target{}, errTarget("The IP address '%s' is not in a subnet of VPC '%s'", t.ID, g.VPC)
	}
	t.Zone = sn.Zone
	if zone := d.AvailabilityZone; zone != nil && *zone != sn.Zone {
		return vpc.Target{}, errValidation("The IP address '%s' is within the VPC, and cannot have its Availability Zone overridden to '%s' from '%s'", t.ID, *zone, sn.Zone)
	}
	return t, s.checkTarget(tx, g, sn, a)
}

// instance fills in the address and the zone of a target that is a network
// interface.
func (s *Service) instance(tx *store.Tx, g vpc.TargetGroup, t vpc.Target, zone *string) (vpc.Target, error) {
	if zone != nil {
		return t, errValidation("Availability Zones cannot be specified for targets with target type 'instance'")
	}
	eni, ok := s.store.ENIs.Get(tx, key(g.Owner, t.ID))
	switch {
	case !ok || eni.Type != vpc.InterfaceWorkload:
		return t, errTarget("The following targets are not valid instances: '%s'", t.ID)
	case eni.VPC != g.VPC:
		return t, errTarget("The following targets are not in the target group VPC '%s': '%s'", g.VPC, t.ID)
	}
	t.Address = eni.Address
	if g.AddressType == elbv2.TargetGroupIpAddressTypeEnumIpv6 {
		t.Address = eni.IPv6
	}
	if !t.Address.IsValid() {
		return t, errTarget("The following targets have no address of the type '%s': '%s'", g.AddressType, t.ID)
	}
	sn, _ := s.store.Subnets.Get(tx, key(g.Owner, eni.Subnet))
	t.Zone = sn.Zone
	return t, nil
}

// subnetOf is the subnet of the group's VPC that an address lies in.
func (s *Service) subnetOf(tx *store.Tx, g vpc.TargetGroup, a netip.Addr) (vpc.Subnet, bool) {
	for sn := range s.store.Subnets.By(tx, "vpc", g.VPC) {
		if sn.CIDR.Contains(a) || sn.IPv6.CIDR.Contains(a) {
			return sn, true
		}
	}
	return vpc.Subnet{}, false
}

// checkTarget refuses addresses that cannot be a target: those that AWS keeps,
// and those of endpoints and load balancers, which no connection is led to.
func (s *Service) checkTarget(tx *store.Tx, g vpc.TargetGroup, sn vpc.Subnet, a netip.Addr) error {
	if sn.CIDR.Contains(a) && vpc.Reserved(sn.CIDR, a) || sn.IPv6.CIDR.Contains(a) && vpc.Reserved(sn.IPv6.CIDR, a) {
		return errTarget("The IP address '%s' is reserved in subnet '%s'", a, sn.ID)
	}
	for eni := range s.store.ENIs.By(tx, "subnet", sn.ID) {
		if slices.Contains(eni.Addresses(), a) && eni.Type != vpc.InterfaceWorkload {
			return errTarget("The IP address '%s' belongs to a network interface of type '%s', which cannot be a target", a, eni.Type)
		}
	}
	return nil
}
