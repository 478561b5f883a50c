package elbv2

import (
	"context"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Config is what a Service needs.
type Config struct {
	Store  *store.Store     // required
	Limits vpc.Limits       // vpc.DefaultLimits() where AWS's are wanted
	Now    func() time.Time // time.Now when nil
}

// Service is the Elastic Load Balancing API.
type Service struct {
	store  *store.Store
	limits vpc.Limits
	now    func() time.Time
}

// New returns the service over c.Store, which the caller keeps open as long
// as the service is used.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{store: c.Store, limits: c.Limits, now: c.Now}
}

// key is where an owner's record of that id is stored; the id of what has an
// ARN is the end of it (vpc.ELBID).
func key(o vpc.Owner, id string) store.Key {
	return store.Key{Account: o.Account, Region: o.Region, ID: id}
}

// ownerFrom is the owner of what the caller makes.
func ownerFrom(ctx context.Context) vpc.Owner {
	c := auth.CallerFrom(ctx)
	return vpc.Owner{Account: c.Account, Region: c.Region}
}

// apply runs a transaction and waits until this node's network matches it.
// The transaction returns the ids of the VPCs that it changes.
func (s *Service) apply(ctx context.Context, fn func(tx *store.Tx) (vpcs []string, err error)) error {
	var vpcs []string
	revision, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		vpcs, err = fn(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.store.WaitApplied(ctx, revision, vpcs...)
}

// reach are the VPCs in which a load balancer's connections begin or end: its
// own, and those of the endpoints whose service it stands behind. It is
// answered from a snapshot: whom a change reaches later waits for itself.
func (s *Service) reach(r store.Snapshot, l vpc.LoadBalancer) []string {
	vpcs := []string{l.VPC}
	for c := range s.store.ServiceConfigurations.By(r, "loadbalancer", l.ARN) {
		for e := range s.store.Endpoints.By(r, "service", c.ServiceName()) {
			vpcs = append(vpcs, e.VPC)
		}
	}
	return vpcs
}

// reachOfGroup are the VPCs of the connections that end in a target group.
func (s *Service) reachOfGroup(r store.Snapshot, g vpc.TargetGroup) []string {
	var vpcs []string
	for _, l := range s.loadBalancersOf(r, g) {
		vpcs = append(vpcs, s.reach(r, l)...)
	}
	return vpcs
}
