package iam

import (
	"maps"
	"slices"

	"github.com/postern/postern/store"
)

// attachedDocument is a policy of an identity with its text.
type attachedDocument struct {
	kind     string // user, group or role
	identity string // name of what has it
	name     string // of the policy
	arn      string // of a managed one; empty: inline
	text     string
}

// documentsOf are the policies of an identity, inline ones first.
func (s *Service) documentsOf(r store.Reader, kind string, i store.Identity) []attachedDocument {
	var all []attachedDocument
	for _, name := range slices.Sorted(maps.Keys(i.Inline)) {
		all = append(all, attachedDocument{kind, i.Name, name, "", i.Inline[name]})
	}
	for _, attached := range i.Attached {
		if p, ok := s.findPolicy(r, i.GlobalOwner, attached); ok {
			all = append(all, attachedDocument{kind, i.Name, p.Name, attached, inForce(p).Document})
		}
	}
	return all
}

// source is the identity that a request asks about by its ARN.
type source struct {
	store.Identity
	kind      string // user, group or role
	documents []attachedDocument
}

// source finds the user, group or role of one of o's ARNs, with the policies
// that count for it: a user has those of its groups, too.
func (s *Service) source(r store.Reader, o store.GlobalOwner, named string) (source, error) {
	n, ok := parseARN(named)
	if !ok || n.GlobalOwner != o {
		return source{}, errARN(named)
	}
	src := source{kind: n.kind}
	switch n.kind {
	case "user":
		u, err := s.users.get(r, o, n.name)
		if err != nil {
			return src, err
		}
		src.Identity = u.Identity
		src.documents = s.documentsOf(r, "user", u.Identity)
		for _, g := range s.groupsOf(r, u) {
			src.documents = append(src.documents, s.documentsOf(r, "group", g.Identity)...)
		}
	case "group":
		g, err := s.groups.get(r, o, n.name)
		if err != nil {
			return src, err
		}
		src.Identity, src.documents = g.Identity, s.documentsOf(r, "group", g.Identity)
	case "role":
		role, err := s.roles.get(r, o, n.name)
		if err != nil {
			return src, err
		}
		src.Identity, src.documents = role.Identity, s.documentsOf(r, "role", role.Identity)
	default:
		return src, errARN(named)
	}
	return src, nil
}
