package elbv2

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// CreateTargetGroup makes a target group without targets. The same request
// again answers with what the first one made.
func (s *Service) CreateTargetGroup(ctx context.Context, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	wanted, err := s.newTargetGroup(ctx, in)
	if err != nil {
		return nil, err
	}
	var answer elbv2.TargetGroup
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		made, known, err := s.targetGroupOfName(tx, wanted)
		if err != nil {
			return err
		}
		if !known {
			made = wanted
			if err := s.checkTargetVPC(tx, made); err != nil {
				return err
			}
			s.store.TargetGroups.Put(tx, made)
		}
		answer = s.targetGroupShape(tx, made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []elbv2.TargetGroup{answer}}, nil
}

// newTargetGroup checks a request as far as that needs no records, and returns
// the target group that it asks for.
func (s *Service) newTargetGroup(ctx context.Context, in *elbv2.CreateTargetGroupInput) (vpc.TargetGroup, error) {
	name, o := wire.Value(in.Name), ownerFrom(ctx)
	if err := checkName("target group", name); err != nil {
		return vpc.TargetGroup{}, err
	}
	if err := checkTargetGroup(in); err != nil {
		return vpc.TargetGroup{}, err
	}
	check, err := healthCheck(vpc.HealthCheck{}, probeOf(in))
	if err != nil {
		return vpc.TargetGroup{}, err
	}
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return vpc.TargetGroup{}, err
	}
	return vpc.TargetGroup{
		Owner:       o,
		ARN:         newARN(o, "targetgroup/"+name+"/"+newHash()),
		Name:        name,
		Protocol:    *in.Protocol,
		Port:        uint16(*in.Port),
		VPC:         *in.VpcId,
		TargetType:  targetType(in),
		AddressType: cmp.Or(wire.Value(in.IpAddressType), elbv2.TargetGroupIpAddressTypeEnumIpv4),
		HealthCheck: check,
		Created:     s.now().UTC(),
		Tags:        tags,
	}, nil
}

func targetType(in *elbv2.CreateTargetGroupInput) string {
	return cmp.Or(wire.Value(in.TargetType), elbv2.TargetTypeEnumInstance)
}

// targetGroupProtocols are those of the target groups of network load balancers.
var targetGroupProtocols = listenerProtocols

// checkTargetGroup refuses what is missing, and the target groups of other
// types of load balancers.
func checkTargetGroup(in *elbv2.CreateTargetGroupInput) error {
	kind := targetType(in)
	switch {
	case kind != elbv2.TargetTypeEnumInstance && kind != elbv2.TargetTypeEnumIp:
		return errValidation("Target groups with target type '%s' are not available; the target type must be 'instance' or 'ip'", kind)
	case in.Protocol == nil:
		return errValidation("A protocol must be specified")
	case !slices.Contains(targetGroupProtocols, *in.Protocol):
		return errValidation("Target group protocol '%s' must be one of '%s'", *in.Protocol, strings.Join(targetGroupProtocols, ", "))
	case in.Port == nil:
		return errValidation("A port must be specified")
	case in.VpcId == nil:
		return errValidation("A VPC ID must be specified")
	case in.ProtocolVersion != nil:
		return errValidation("A protocol version cannot be specified for target groups with protocol '%s'", *in.Protocol)
	case in.TargetControlPort != nil:
		return errUnavailable("TargetControlPort")
	}
	return nil
}

// checkTargetVPC checks that the VPC of a target group exists and has
// addresses of its family.
func (s *Service) checkTargetVPC(tx *store.Tx, g vpc.TargetGroup) error {
	n, ok := s.store.Networks.Get(tx, key(g.Owner, g.VPC))
	switch {
	case !ok:
		return errValidation("The VPC ID '%s' is not found", g.VPC)
	case g.AddressType == elbv2.TargetGroupIpAddressTypeEnumIpv6 && !n.IPv6.CIDR.IsValid():
		return errConfiguration("The VPC '%s' has no IPv6 CIDR block", g.VPC)
	}
	return nil
}

// targetGroupOfName looks for a target group of the wanted one's name: known is
// true where it has the same settings, other settings are an error.
func (s *Service) targetGroupOfName(tx *store.Tx, wanted vpc.TargetGroup) (row vpc.TargetGroup, known bool, err error) {
	others := 0
	for g := range s.store.TargetGroups.List(tx, wanted.Account, wanted.Region) {
		switch {
		case g.Name != wanted.Name:
			others++
		case sameTargetGroup(g, wanted):
			return g, true, nil
		default:
			return vpc.TargetGroup{}, false, errDuplicateName("DuplicateTargetGroupName", "target group", g.Name)
		}
	}
	if s.limits.Account && others >= s.limits.TargetGroupsPerReg {
		return vpc.TargetGroup{}, false, errLimit("TooManyTargetGroups", "target groups", s.limits.TargetGroupsPerReg)
	}
	return vpc.TargetGroup{}, false, nil
}

func sameTargetGroup(a, b vpc.TargetGroup) bool {
	return a.Protocol == b.Protocol && a.Port == b.Port && a.VPC == b.VPC && a.TargetType == b.TargetType &&
		a.AddressType == b.AddressType && a.HealthCheck == b.HealthCheck && maps.Equal(a.Tags, b.Tags)
}

// ModifyTargetGroup replaces the settings of the health checks that a request
// names.
func (s *Service) ModifyTargetGroup(ctx context.Context, in *elbv2.ModifyTargetGroupInput) (*elbv2.ModifyTargetGroupOutput, error) {
	var answer elbv2.TargetGroup
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		g, err := s.targetGroup(tx, ownerFrom(ctx), wire.Value(in.TargetGroupArn))
		if err != nil {
			return nil, err
		}
		if g.HealthCheck, err = healthCheck(g.HealthCheck, probeOfChange(g, in)); err != nil {
			return nil, err
		}
		s.putTargetGroup(tx, g)
		answer = s.targetGroupShape(tx, g)
		return s.reachOfGroup(tx.Snapshot(), g), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyTargetGroupOutput{TargetGroups: []elbv2.TargetGroup{answer}}, nil
}

// putTargetGroup writes g without the targets whose deregistration delay is
// over, and deletes what is known of the health of targets that it no longer
// has.
func (s *Service) putTargetGroup(tx *store.Tx, g vpc.TargetGroup) {
	g.Targets = g.Present(s.now())
	has := map[string]bool{}
	for _, t := range g.Targets {
		has[t.Key()] = true
	}
	for h := range s.store.TargetHealths.By(tx, "targetgroup", g.ARN) {
		if !has[h.Target] {
			s.store.TargetHealths.Delete(tx, s.store.TargetHealths.Key(h))
		}
	}
	s.store.TargetGroups.Put(tx, g)
}
