package elbv2

import (
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// Bounds of a forward action.
const (
	maxForwards = 5
	maxWeight   = 999
)

// forwardsOf reads the default actions of a listener: one, that forwards to a
// target group or, by weight, to several.
func forwardsOf(actions []elbv2.Action) ([]vpc.Forward, error) {
	switch {
	case len(actions) == 0:
		return nil, errValidation("At least one default action must be specified")
	case len(actions) > 1:
		return nil, &wire.Error{Code: "TooManyActions", Message: "A listener of a network load balancer has one default action"}
	}
	a := actions[0]
	if kind := wire.Value(a.Type); kind != elbv2.ActionTypeEnumForward {
		return nil, &wire.Error{Code: "InvalidLoadBalancerAction", Message: "The action type '" + kind + "' is not valid with network load balancers"}
	}
	if a.ForwardConfig == nil {
		if a.TargetGroupArn == nil {
			return nil, errValidation("A target group ARN must be specified")
		}
		return []vpc.Forward{{TargetGroup: *a.TargetGroupArn, Weight: 1}}, nil
	}
	forwards, err := weighted(*a.ForwardConfig)
	if err != nil {
		return nil, err
	}
	if a.TargetGroupArn != nil && (len(forwards) != 1 || forwards[0].TargetGroup != *a.TargetGroupArn) {
		return nil, errValidation("You cannot specify both a target group ARN and a forward configuration with other target groups")
	}
	return forwards, nil
}

func weighted(c elbv2.ForwardActionConfig) ([]vpc.Forward, error) {
	if sticky := c.TargetGroupStickinessConfig; sticky != nil && wire.Value(sticky.Enabled) {
		return nil, errUnavailable("TargetGroupStickinessConfig")
	}
	if n := len(c.TargetGroups); n == 0 || n > maxForwards {
		return nil, errValidation("A forward action must have between 1 and %d target groups", maxForwards)
	}
	var forwards []vpc.Forward
	for _, g := range c.TargetGroups {
		f := vpc.Forward{TargetGroup: wire.Value(g.TargetGroupArn), Weight: 1}
		if g.Weight != nil {
			f.Weight = int(*g.Weight)
		}
		switch {
		case f.Weight < 0 || f.Weight > maxWeight:
			return nil, errValidation("The weight '%d' of a target group must be between 0 and %d", f.Weight, maxWeight)
		case slices.ContainsFunc(forwards, func(o vpc.Forward) bool { return o.TargetGroup == f.TargetGroup }):
			return nil, errValidation("The target group '%s' is specified more than once", f.TargetGroup)
		}
		forwards = append(forwards, f)
	}
	return forwards, nil
}

// actionShape is an action that forwards as it is answered.
func actionShape(forwards []vpc.Forward) elbv2.Action {
	a := elbv2.Action{
		Type:          wire.Ptr(elbv2.ActionTypeEnumForward),
		ForwardConfig: &elbv2.ForwardActionConfig{TargetGroupStickinessConfig: &elbv2.TargetGroupStickinessConfig{Enabled: wire.Ptr(false)}},
	}
	if len(forwards) == 1 {
		a.TargetGroupArn = &forwards[0].TargetGroup
	}
	for _, f := range forwards {
		a.ForwardConfig.TargetGroups = append(a.ForwardConfig.TargetGroups,
			elbv2.TargetGroupTuple{TargetGroupArn: &f.TargetGroup, Weight: wire.Ptr(int32(f.Weight))})
	}
	return a
}

// groupProtocols are the protocols of target groups that a listener's
// connections can end in.
var groupProtocols = map[string][]string{
	elbv2.ProtocolEnumTcp:    {elbv2.ProtocolEnumTcp, elbv2.ProtocolEnumTcpUdp},
	elbv2.ProtocolEnumUdp:    {elbv2.ProtocolEnumUdp, elbv2.ProtocolEnumTcpUdp},
	elbv2.ProtocolEnumTcpUdp: {elbv2.ProtocolEnumTcpUdp},
}

// checkForwards checks that a listener of lb can forward to its target groups.
func (s *Service) checkForwards(tx *store.Tx, lb vpc.LoadBalancer, l vpc.Listener) error {
	family := ""
	for _, f := range l.Forwards {
		g, err := s.targetGroup(tx, lb.Owner, f.TargetGroup)
		switch {
		case err != nil:
			return err
		case g.VPC != lb.VPC:
			return errConfiguration("The target group '%s' and the load balancer '%s' are not in the same VPC", g.ARN, lb.ARN)
		case !slices.Contains(groupProtocols[l.Protocol], g.Protocol):
			return errProtocols(g.ARN, g.Protocol, l.Protocol)
		case g.AddressType == elbv2.TargetGroupIpAddressTypeEnumIpv6 && lb.AddressType != elbv2.IpAddressTypeDualstack:
			return errConfiguration("The target group '%s' has the IP address type 'ipv6', which needs a load balancer with the IP address type 'dualstack'", g.ARN)
		case family != "" && family != g.AddressType:
			return errConfiguration("The target groups of an action must have the same IP address type")
		}
		family = g.AddressType
		for other := range s.store.Listeners.By(tx, "targetgroup", g.ARN) {
			if other.LoadBalancer != lb.ARN {
				return errAssociation(g.ARN)
			}
		}
	}
	return nil
}
