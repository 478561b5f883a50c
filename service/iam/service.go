package iam

import (
	"context"
	"log/slog"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// Config is what a Service needs.
type Config struct {
	Store  *store.Store     // required
	Limits Limits           // DefaultLimits() where AWS's are wanted
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // of Run; nil: nothing is logged
}

// Service is the IAM API.
type Service struct {
	store  *store.Store
	limits Limits
	now    func() time.Time
	log    *slog.Logger

	users  kind[store.User]
	groups kind[store.Group]
	roles  kind[store.Role]

	aws       catalogue
	documents documents
	uses      uses
}

// New returns the service over c.Store, which the caller keeps open as long
// as the service is used.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store: c.Store, limits: c.Limits, now: c.Now, log: c.Log,
		users: kind[store.User]{"user", "User", c.Store.Users, func(u *store.User) *store.Identity { return &u.Identity },
			c.Limits.AttachedPerUser, c.Limits.UserPolicySize},
		groups: kind[store.Group]{"group", "Group", c.Store.Groups, func(g *store.Group) *store.Identity { return &g.Identity },
			c.Limits.AttachedPerGroup, c.Limits.GroupPolicySize},
		roles: kind[store.Role]{"role", "Role", c.Store.Roles, func(r *store.Role) *store.Identity { return &r.Identity },
			c.Limits.AttachedPerRole, c.Limits.RolePolicySize},
	}
}

// ownerFrom is the owner of what the caller makes: one IAM serves all Regions
// of a partition.
func ownerFrom(ctx context.Context) store.GlobalOwner {
	c := auth.CallerFrom(ctx)
	return store.GlobalOwner{Account: c.Account, Partition: vpc.PartitionOf(c.Region).Name}
}

// update runs one transaction.
func (s *Service) update(ctx context.Context, fn func(tx *store.Tx) error) error {
	_, err := s.store.Update(ctx, fn)
	return err
}

// newEntity is a named resource that a request asks for.
func (s *Service) newEntity(o store.GlobalOwner, prefix string, name, path *string, tags vpc.Tags) store.Entity {
	return store.Entity{
		GlobalOwner: o,
		Name:        wire.Value(name),
		Path:        orRoot(path),
		ID:          newID(prefix),
		Created:     s.time(),
		Tags:        tags,
	}
}

// time is now as IAM has it: in whole seconds.
func (s *Service) time() time.Time { return s.now().UTC().Truncate(time.Second) }

// orRoot is a path, or / where a request has none.
func orRoot(path *string) string {
	if path == nil {
		return "/"
	}
	return *path
}
