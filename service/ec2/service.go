package ec2

import (
	"context"
	"slices"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Config is what a Service needs.
type Config struct {
	Store  *store.Store     // required
	Limits vpc.Limits       // vpc.DefaultLimits() where AWS's are wanted
	Now    func() time.Time // time.Now when nil

	// Availability says where the services of AWS take endpoints; nil means
	// vpc.DefaultAvailability().
	Availability vpc.Availability

	// LookupTXT asks the public DNS for the TXT records of a name. Without it
	// no private name of an endpoint service is ever verified.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
}

// Service is the EC2 API.
type Service struct {
	store  *store.Store
	limits vpc.Limits
	now    func() time.Time

	availability vpc.Availability
	lookupTXT    func(ctx context.Context, name string) ([]string, error)
}

// New returns the service over c.Store, which the caller keeps open as long
// as the service is used.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Availability == nil {
		c.Availability = vpc.DefaultAvailability()
	}
	return &Service{store: c.Store, limits: c.Limits, now: c.Now, availability: c.Availability, lookupTXT: c.LookupTXT}
}

// Methods are the operations that the service implements.
func (s *Service) Methods() []wire.Method {
	return tagging(slices.Concat(
		s.networkMethods(),
		s.networkInterfaceMethods(),
		s.securityGroupMethods(),
		s.tagMethods(),
		s.endpointMethods(),
		s.serviceMethods(),
	))
}

// key is where the caller's record of that id is stored.
func key(c auth.Caller, id string) store.Key {
	return store.Key{Account: c.Account, Region: c.Region, ID: id}
}

// ownerOf is the owner of what the caller makes.
func ownerOf(c auth.Caller) vpc.Owner { return vpc.Owner{Account: c.Account, Region: c.Region} }

// arn names a caller's resource of that type: vpc, subnet, security-group …
func arn(o vpc.Owner, kind, id string) string {
	return o.ARN("ec2", kind+"/"+id)
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
