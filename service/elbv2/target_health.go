package elbv2

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// DescribeTargetHealth answers with the state of the targets of a group, or of
// those that a request names.
func (s *Service) DescribeTargetHealth(ctx context.Context, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	r := s.store.Snapshot()
	g, err := s.targetGroup(r, ownerFrom(ctx), wire.Value(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	present := g.Present(s.now())
	seen := s.sight(r, g)
	out := &elbv2.DescribeTargetHealthOutput{}
	add := func(d elbv2.TargetDescription, port uint16, h elbv2.TargetHealth) {
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbv2.TargetHealthDescription{
			Target: &d, TargetHealth: &h, HealthCheckPort: wire.Ptr(strconv.Itoa(int(port))),
		})
	}
	if len(in.Targets) == 0 {
		for _, t := range present {
			add(targetShape(t), g.HealthCheck.CheckPort(t), seen.health(t, s.now()))
		}
	}
	for _, d := range in.Targets {
		i := slices.IndexFunc(present, named(g, d))
		if i < 0 {
			port := targetPort(g, d)
			add(elbv2.TargetDescription{Id: d.Id, Port: wire.Ptr(int32(port))}, g.HealthCheck.CheckPort(vpc.Target{Port: port}), notRegistered())
			continue
		}
		add(targetShape(present[i]), g.HealthCheck.CheckPort(present[i]), seen.health(present[i], s.now()))
	}
	return out, nil
}

func targetShape(t vpc.Target) elbv2.TargetDescription {
	return elbv2.TargetDescription{Id: &t.ID, Port: wire.Ptr(int32(t.Port)), AvailabilityZone: &t.Zone}
}

// sight is what the state of a group's targets follows from.
type sight struct {
	group         vpc.TargetGroup
	loadBalancers []vpc.LoadBalancer          // that forward to the group
	checked       map[string]vpc.TargetHealth // by Target.Key: what the health checks saw
	gone          map[string]bool             // ids of instances that are no more
	applied       bool                        // the node knows the group as it is
}

// sight gathers it.
func (s *Service) sight(r store.Reader, g vpc.TargetGroup) sight {
	seen := sight{group: g, loadBalancers: s.loadBalancersOf(r, g), checked: map[string]vpc.TargetHealth{}, gone: map[string]bool{}}
	for h := range s.store.TargetHealths.By(r, "targetgroup", g.ARN) {
		seen.checked[h.Target] = h
	}
	if g.TargetType == elbv2.TargetTypeEnumInstance {
		for _, t := range g.Targets {
			eni, ok := s.store.ENIs.Get(r, key(g.Owner, t.ID))
			seen.gone[t.ID] = !ok || !slices.Contains(eni.Addresses(), t.Address)
		}
	}
	applied, err := s.store.Applied(g.VPC)
	seen.applied = err == nil && applied >= s.store.TargetGroups.Revision(r, s.store.TargetGroups.Key(g))
	return seen
}

// health is the state of a target at a time.
func (s sight) health(t vpc.Target, now time.Time) elbv2.TargetHealth {
	switch {
	case !t.Draining.IsZero() && now.Before(t.Draining.Add(s.group.DeregistrationDelay())):
		return health(elbv2.TargetHealthStateEnumDraining, elbv2.TargetHealthReasonEnumTargetDeregistrationInProgress,
			"Target deregistration is in progress")
	case s.gone[t.ID]:
		return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetInvalidState,
			"Target is in the terminated state")
	case len(s.loadBalancers) == 0:
		return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetNotInUse,
			"Target group is not configured to receive traffic from the load balancer")
	case !slices.ContainsFunc(s.loadBalancers, func(l vpc.LoadBalancer) bool { return s.group.Reaches(l, t) }):
		return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetNotInUse,
			"Target is in an Availability Zone that is not enabled for the load balancer")
	case !s.applied:
		return health(elbv2.TargetHealthStateEnumInitial, elbv2.TargetHealthReasonEnumElbRegistrationInProgress,
			"Target registration is in progress")
	}
	seen, ok := s.checked[t.Key()]
	switch {
	case !ok:
		return health(elbv2.TargetHealthStateEnumInitial, elbv2.TargetHealthReasonEnumElbInitialHealthChecking,
			"Initial health checks in progress")
	case seen.State == elbv2.TargetHealthStateEnumHealthy:
		return elbv2.TargetHealth{State: &seen.State}
	}
	return health(seen.State, seen.Reason, seen.Description)
}

func notRegistered() elbv2.TargetHealth {
	return health(elbv2.TargetHealthStateEnumUnused, elbv2.TargetHealthReasonEnumTargetNotRegistered,
		"Target is not registered to the target group")
}

func health(state, reason, description string) elbv2.TargetHealth {
	return elbv2.TargetHealth{State: &state, Reason: &reason, Description: &description}
}
