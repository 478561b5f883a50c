package main

import "fmt"

// reach is the part of a model that bound operations use.
type reach struct {
	m      *model
	inputs map[string]bool // shapes below an input: their constraints are checked
	all    map[string]bool // shapes below an input or an output
	nested map[string]bool // structures used as the type of a member
}

func reachable(m *model, bound []string) (*reach, error) {
	r := &reach{m, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, name := range bound {
		op := m.Operations[name]
		if op == nil {
			continue // reported by missing
		}
		for _, set := range []struct {
			ref   *ref
			shape map[string]bool
		}{{op.Input, r.inputs}, {op.Output, r.all}} {
			if set.ref == nil {
				continue
			}
			if err := r.walk(set.ref.Shape, set.shape, true); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name := range r.inputs {
		r.all[name] = true
	}
	return r, nil
}

// walk adds the shape and everything below it to seen. The top of an
// operation becomes OpInput or OpOutput, all other structures a type of the
// shape's own name.
func (r *reach) walk(name string, seen map[string]bool, top bool) error {
	s := r.m.Shapes[name]
	if s == nil {
		return fmt.Errorf("no shape %s in the model", name)
	}
	if !top && s.Type == "structure" {
		r.nested[name] = true
	}
	if seen[name] {
		return nil
	}
	seen[name] = true
	for _, below := range s.refs() {
		if err := r.walk(below.Shape, seen, false); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) refs() []*ref {
	var refs []*ref
	for _, name := range sorted(s.Members) {
		refs = append(refs, s.Members[name])
	}
	for _, one := range []*ref{s.Member, s.Key, s.Value} {
		if one != nil {
			refs = append(refs, one)
		}
	}
	return refs
}

// constrained says whether values of the shape, or of its elements, have
// rules that a request is checked against.
func (r *reach) constrained(name string) bool {
	s := r.m.Shapes[name]
	if s.Type == "structure" {
		return false // its members carry their own
	}
	if ownRules[r.m.Metadata.EndpointPrefix+"."+name] {
		return false
	}
	if len(s.Enum) > 0 || s.Min != nil || s.Max != nil || s.Pattern != "" {
		return true
	}
	for _, element := range []*ref{s.Member, s.Key, s.Value} {
		if element != nil && r.constrained(element.Shape) {
			return true
		}
	}
	return false
}
