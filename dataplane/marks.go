package dataplane

import (
	"fmt"
	"slices"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/route"
)

// marks are those of the peer links that a provider's VPC serves, by the
// links' names. A connection that comes in by such a link carries its mark,
// as packet mark, connection mark and zone, and the table of the mark leads
// its answers back. A link keeps its mark as long as the VPC has it; that
// table is where the next Host reads it.
type marks map[string]uint32

// assign returns the marks of v's peer links: new ones get marks that no
// other link has, or had until now. They lead nowhere yet.
func (r *room) assign(v VPC) (marks, error) {
	if r.marks == nil {
		have, err := route.Marks(r.routes)
		if err != nil {
			return nil, err
		}
		r.marks = have
	}
	now, err := r.marks.next(v)
	if err != nil {
		return nil, err
	}
	added := slices.DeleteFunc(slices.Clone(v.Peers), func(p link.Peer) bool {
		_, has := r.marks[link.PeerName(p.Consumer, p.Provider)]
		return has || p.Provider != v.ID
	})
	if len(added) == 0 {
		return now, nil
	}
	return now, route.Reserve(r.routes, v.ID, added, now)
}

func (m marks) next(v VPC) (marks, error) {
	used := map[uint32]bool{}
	for _, mark := range m {
		used[mark] = true
	}
	now, free := marks{}, uint32(1)
	for _, p := range v.Peers {
		if p.Provider != v.ID {
			continue
		}
		name := link.PeerName(p.Consumer, p.Provider)
		if mark, has := m[name]; has {
			now[name] = mark
			continue
		}
		for used[free] {
			free++
		}
		if free > link.MaxMark {
			return nil, fmt.Errorf("no mark is left for the peer link with %s", p.Consumer)
		}
		now[name] = free
		free++
	}
	return now, nil
}

// lost tells which marks of connections are those of links that have them no
// longer, if now takes the place of m.
func (m marks) lost(now marks) func(mark uint32) bool {
	kept := map[uint32]bool{}
	for name, mark := range m {
		kept[mark] = now[name] == mark
	}
	return func(mark uint32) bool { return mark != 0 && mark <= link.MaxMark && !kept[mark] }
}
