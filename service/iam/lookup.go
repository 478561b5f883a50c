package iam

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Key finds an access key that may be used: its secret and the user behind it.
// The caller's Region is not known here.
func (s *Service) Key(id string) (secret string, caller auth.Caller, ok bool) {
	r := s.store.Snapshot()
	k, ok := first(s.store.AccessKeys.By(r, "id", id))
	if !ok || k.Inactive {
		return "", auth.Caller{}, false
	}
	u, ok := s.users.byID(r, k.User)
	if !ok {
		return "", auth.Caller{}, false
	}
	named := arn(u.Entity, "user")
	return k.Secret, auth.Caller{
		Account: u.Account, ARN: named, UserID: u.ID, AccessKey: id, Kind: auth.User, Identity: named,
	}, true
}

// AccountOf returns the account of a user's access key, active or not.
func (s *Service) AccountOf(accessKeyID string) (account string, ok bool) {
	k, ok := first(s.store.AccessKeys.By(s.store.Snapshot(), "id", accessKeyID))
	return k.Account, ok
}

// Policies are those of a caller's identity: its own and those of its groups,
// its permissions boundary, and the session policies. It is false where the
// identity does not exist any more, which is then allowed nothing.
func (s *Service) Policies(c auth.Caller) (policy.Set, bool) {
	r := s.store.Snapshot()
	set := policy.Set{Session: s.sessionPolicies(r, c)}
	if strings.HasSuffix(c.Identity, ":root") {
		return set, true
	}
	v, groups, ok := s.identityOf(r, c)
	if !ok {
		return set, false
	}
	set.Identity = s.appendPolicies(r, set.Identity, v)
	for _, g := range groups {
		set.Identity = s.appendPolicies(r, set.Identity, g.Identity)
	}
	if v.Boundary != "" {
		set.Boundary = s.appendManaged(r, []policy.Named{}, v.GlobalOwner, v.Boundary)
	}
	return set, true
}

// identityOf finds the user or role whose policies count for a caller, and a
// user's groups. The unique id must be the one that the credentials were made
// for: another identity of the same name is another one.
func (s *Service) identityOf(r store.Reader, c auth.Caller) (store.Identity, []store.Group, bool) {
	n, ok := parseARN(c.Identity)
	if !ok {
		return store.Identity{}, nil, false
	}
	id, _, _ := strings.Cut(c.UserID, ":")
	switch n.kind {
	case "user":
		u, ok := s.store.Users.Get(r, n.Key(n.name))
		return u.Identity, s.groupsOf(r, u), ok && (c.Kind != auth.User || u.ID == id)
	case "role":
		role, ok := s.store.Roles.Get(r, n.Key(n.name))
		return role.Identity, nil, ok && role.ID == id
	}
	return store.Identity{}, nil, false
}

// appendPolicies appends the inline and the attached policies of an identity.
func (s *Service) appendPolicies(r store.Reader, to []policy.Named, i store.Identity) []policy.Named {
	to = slices.Grow(to, len(i.Inline)+len(i.Attached))
	for _, name := range slices.Sorted(maps.Keys(i.Inline)) {
		to = s.appendDocument(to, name, i.Inline[name])
	}
	for _, attached := range i.Attached {
		to = s.appendManaged(r, to, i.GlobalOwner, attached)
	}
	return to
}

// appendManaged appends the version in force of a managed policy.
func (s *Service) appendManaged(r store.Reader, to []policy.Named, o store.GlobalOwner, named string) []policy.Named {
	p, ok := s.findPolicy(r, o, named)
	if !ok {
		return to
	}
	return s.appendDocument(to, named, inForce(p).Document)
}

func (s *Service) appendDocument(to []policy.Named, name, text string) []policy.Named {
	if document := s.documents.get(text); document != nil {
		to = append(to, policy.Named{Name: name, Document: document})
	}
	return to
}

// sessionPolicies are those that were given when a session was made; nil
// where there are none.
func (s *Service) sessionPolicies(r store.Reader, c auth.Caller) []policy.Named {
	if c.Session == nil || c.Session.Policy == "" && len(c.Session.PolicyARNs) == 0 {
		return nil
	}
	o := store.GlobalOwner{Account: c.Account, Partition: vpc.PartitionOf(c.Region).Name}
	all := []policy.Named{}
	if c.Session.Policy != "" {
		all = s.appendDocument(all, "", c.Session.Policy)
	}
	for _, named := range c.Session.PolicyARNs {
		all = s.appendManaged(r, all, o, named)
	}
	return all
}

// Tags are a caller's, for aws:PrincipalTag: those of the user or role, which
// session tags of the same keys replace.
func (s *Service) Tags(c auth.Caller) vpc.Tags {
	i, _, ok := s.identityOf(s.store.Snapshot(), c)
	if c.Session == nil || len(c.Session.Tags) == 0 {
		if !ok {
			return nil
		}
		return i.Tags
	}
	tags := vpc.Tags{}
	maps.Copy(tags, i.Tags)
	for _, t := range c.Session.Tags {
		maps.DeleteFunc(tags, func(key, _ string) bool { return strings.EqualFold(key, t.Key) })
		tags[t.Key] = t.Value
	}
	return tags
}

// Role is what others need of a role to let it be assumed.
type Role struct {
	ARN        string // with its path
	ID         string // AROA…
	Trust      *policy.Document
	MaxSession time.Duration
	Tags       []auth.Tag
}

// Role finds a role by its ARN, which has the role's path.
func (s *Service) Role(named string) (Role, bool) {
	n, ok := parseARN(named)
	if !ok || n.kind != "role" {
		return Role{}, false
	}
	r, ok := s.store.Roles.Get(s.store.Snapshot(), n.Key(n.name))
	if !ok || r.Path != n.path {
		return Role{}, false
	}
	role := Role{
		ARN: arn(r.Entity, "role"), ID: r.ID, Trust: s.documents.get(r.Trust),
		MaxSession: time.Duration(r.MaxSession) * time.Second,
	}
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		role.Tags = append(role.Tags, auth.Tag{Key: key, Value: r.Tags[key]})
	}
	return role, true
}

// Provider is what others need of an OpenID Connect provider to verify its
// tokens.
type Provider struct {
	ARN         string
	URL         string // without https://
	ClientIDs   []string
	Thumbprints []string // of its certificates' authority, SHA-1 in hexadecimal
}

// Provider finds an identity provider by its ARN.
func (s *Service) Provider(named string) (Provider, bool) {
	n, ok := parseARN(named)
	if !ok || n.kind != "oidc-provider" {
		return Provider{}, false
	}
	p, ok := s.store.OIDCProviders.Get(s.store.Snapshot(), n.Key(issuerOf(named)))
	if !ok {
		return Provider{}, false
	}
	return Provider{ARN: *providerARN(p), URL: p.URL, ClientIDs: p.ClientIDs, Thumbprints: p.Thumbprints}, true
}

// issuerOf is the URL, without its scheme, in the ARN of an identity provider.
func issuerOf(named string) string {
	_, issuer, _ := strings.Cut(named, ":oidc-provider/")
	return issuer
}
