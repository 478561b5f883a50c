package iam

import (
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Caller is whoever would call as the identity of that ARN: the root user of
// an account, a user, a role in a session, or a session of a role.
func (s *Service) Caller(arn string) (auth.Caller, bool) {
	named, ok := vpc.ParseARN(arn)
	if !ok {
		return auth.Caller{}, false
	}
	kind, rest := named.Kind()
	switch o := (store.GlobalOwner{Account: named.Account, Partition: named.Partition}); named.Service + ":" + kind {
	case "iam:root":
		return auth.RootOf(o.Account), true
	case "iam:user":
		u, ok := s.store.Users.Get(s.store.Snapshot(), o.Key(rest[strings.LastIndexByte(rest, '/')+1:]))
		is := u.ARN("user" + u.Path + u.Name)
		return auth.Caller{Account: o.Account, ARN: is, UserID: u.ID, Kind: auth.User, Identity: is}, ok && is == arn
	case "iam:role":
		return s.roleCaller(o, rest[strings.LastIndexByte(rest, '/')+1:], "session")
	case "sts:assumed-role":
		role, session, _ := strings.Cut(rest, "/")
		return s.roleCaller(o, role, session)
	}
	return auth.Caller{}, false
}

func (s *Service) roleCaller(o store.GlobalOwner, name, session string) (auth.Caller, bool) {
	r, ok := s.store.Roles.Get(s.store.Snapshot(), o.Key(name))
	return auth.Caller{
		Account: o.Account, UserID: r.ID + ":" + session, Kind: auth.Role, Identity: r.ARN("role" + r.Path + r.Name),
		ARN: "arn:" + o.Partition + ":sts::" + o.Account + ":assumed-role/" + r.Name + "/" + session,
	}, ok
}
