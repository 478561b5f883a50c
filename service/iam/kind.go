package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/store"
)

// kind is one of the three kinds of identities: what they have in common is
// done once.
type kind[T any] struct {
	noun     string // user
	title    string // User
	table    *store.Table[T]
	identity func(*T) *store.Identity
	attached int // how many managed policies one may have
	inline   int // size of all its inline policies
}

// get reads an owner's identity of that name.
func (k kind[T]) get(r store.Reader, o store.GlobalOwner, name string) (T, error) {
	v, ok := k.table.Get(r, o.Key(name))
	if !ok {
		return v, errNotFound(k.noun, name)
	}
	return v, nil
}

// byID reads the identity of that unique id.
func (k kind[T]) byID(r store.Reader, id string) (T, bool) { return first(k.table.By(r, "id", id)) }

// create writes a new identity, whose name must be free.
func (k kind[T]) create(tx *store.Tx, v T, limit int, s *Service) error {
	i := k.identity(&v)
	if _, taken := k.table.Get(tx, i.Key(i.Name)); taken {
		return errExists("%s with name %s already exists.", k.title, i.Name)
	}
	if s.limits.Account && count(k.table.List(tx, i.Account, i.Partition)) >= limit {
		return errQuota(k.title+"sPerAccount", limit)
	}
	k.table.Put(tx, v)
	return nil
}

// change lets fn work on a copy of the caller's identity of that name and
// stores the result. AWS's own roles are refused.
func (k kind[T]) change(ctx context.Context, s *Service, name string, fn func(tx *store.Tx, v *T) error) error {
	return s.update(ctx, func(tx *store.Tx) error {
		v, err := k.get(tx, ownerFrom(ctx), name)
		if err != nil {
			return err
		}
		if err := refuseServiceRole(v); err != nil {
			return err
		}
		i := k.identity(&v)
		i.Inline, i.Tags, i.Attached = maps.Clone(i.Inline), maps.Clone(i.Tags), slices.Clone(i.Attached)
		if err := fn(tx, &v); err != nil {
			return err
		}
		k.table.Put(tx, v)
		return nil
	})
}

// rename gives an identity a name and a path, where a request has them, and
// moves its record.
func (k kind[T]) rename(tx *store.Tx, v *T, newName, newPath *string) error {
	i := k.identity(v)
	old := i.Key(i.Name)
	if newPath != nil {
		i.Path = *newPath
	}
	if newName == nil {
		return nil
	}
	i.Name = *newName
	moved := i.Key(i.Name)
	if moved == old {
		return nil
	}
	if _, taken := k.table.Get(tx, moved); taken {
		return errExists("%s with name %s already exists.", k.title, i.Name)
	}
	k.table.Delete(tx, old)
	return nil
}

// empty refuses to delete an identity that still has policies.
func empty(i store.Identity) error {
	switch {
	case len(i.Attached) > 0:
		return errConflict("Cannot delete entity, must detach all policies first.")
	case len(i.Inline) > 0:
		return errConflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// refuseServiceRole refuses a change of a service-linked role by its account.
func refuseServiceRole(v any) error {
	if r, ok := v.(store.Role); ok && r.Service != "" {
		return errProtected(r.Name)
	}
	return nil
}

// under returns an owner's records below a path, each as shape makes it, in
// the order of their names.
func under[T, S any](s *Service, ctx context.Context, table *store.Table[T], prefix *string, entity func(*T) *store.Entity, shape func(T) S) []S {
	o := ownerFrom(ctx)
	shapes := []S{}
	for v := range table.List(s.store.Snapshot(), o.Account, o.Partition) {
		if strings.HasPrefix(entity(&v).Path, orRoot(prefix)) {
			shapes = append(shapes, shape(v))
		}
	}
	return shapes
}
