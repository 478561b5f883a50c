package dataplane

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/postern/postern/dataplane/conntrack"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/dataplane/route"
	"github.com/vishvananda/netlink"
)

// room is what a Host keeps of one VPC between two calls: open sockets in its
// namespace and what it knows to be right there.
type room struct {
	mu   sync.Mutex // held for a whole Set or Delete
	path string

	routes *netlink.Handle
	filter *nft.Conn
	known  map[string]link.Link  // links whose workload's end has been seen to, by ENI
	peers  map[string]bool       // peer links whose other end has been seen to, by name
	owners map[netip.Addr]string // ENIs by address as of the last Set; nil: not known
	marks  marks                 // as of the last Set; nil: not known
}

// open finds or makes the namespace.
func (r *room) open(h *Host) error {
	if r.routes != nil && netns.Exists(r.path) {
		return nil
	}
	r.close()
	made, err := h.claim(r.path)
	if err != nil {
		return err
	}
	routes, err := link.Open(r.path)
	if err != nil {
		return err
	}
	r.routes, r.filter = routes, nft.Open(r.path)
	r.known, r.peers = map[string]link.Link{}, map[string]bool{}
	if made { // nothing is in it
		r.owners, r.marks = map[netip.Addr]string{}, marks{}
	}
	return nil
}

func (r *room) close() {
	if r.routes != nil {
		r.routes.Close()
	}
	r.routes, r.filter, r.known, r.peers, r.owners, r.marks = nil, nil, nil, nil, nil, nil
}

// set removes first, filters then, and adds last: no address is reachable
// with another one's filter.
func (r *room) set(h *Host, v VPC) error {
	if err := valid(v); err != nil {
		return err
	}
	if err := r.open(h); err != nil {
		return err
	}
	marks, err := r.assign(v) // first: a table loses its route with the link
	if err != nil {
		return err
	}
	if err := r.prune(h, v); err != nil {
		return err
	}
	if err := r.judge(v, marks); err != nil {
		return err
	}
	if err := r.connect(h, v); err != nil {
		return err
	}
	if err := route.Set(r.routes, v.ID, v.Links, v.Peers, marks); err != nil {
		return err
	}
	return link.SetLocals(r.routes, v.Locals)
}

// prune removes what v does not have.
func (r *room) prune(h *Host, v VPC) error {
	if err := link.Prune(r.routes, v.Links); err != nil {
		return err
	}
	if err := h.prunePeers(r, v); err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, l := range v.Links {
		keep[l.ENI] = true
	}
	for _, eni := range h.owned(v.ID) {
		if keep[eni] {
			continue
		}
		if err := h.disown(v.ID, eni); err != nil {
			return err
		}
		delete(r.known, eni)
	}
	return nil
}

// judge puts the filter in force and ends the connections of addresses that
// belong to another ENI now or to none, so that nobody inherits a connection
// past its filter, and those of peer links that are gone: their marks lead to
// nobody, and to somebody else soon.
func (r *room) judge(v VPC, marks marks) error {
	want := nft.Build(v.filter(marks))
	was, first := r.owners, r.owners == nil
	if first {
		have, err := r.filter.List()
		if err != nil {
			return err
		}
		was = have.Owners()
	}
	forget := first // what was lost meanwhile
	r.owners = nil  // not known, until all is done
	if err := r.filter.Apply(want); err != nil {
		return err
	}
	now := v.owners()
	gone := func(a netip.Addr) bool { return now[a] == "" || was[a] != "" && now[a] != was[a] }
	lost := r.marks.lost(marks)
	for a := range was {
		forget = forget || gone(a)
	}
	for _, mark := range r.marks {
		forget = forget || lost(mark)
	}
	if forget {
		if err := conntrack.Forget(r.path, gone, lost); err != nil {
			return err
		}
	}
	r.owners, r.marks = now, marks
	return nil
}

// connect makes the workloads' namespaces and links.
func (r *room) connect(h *Host, v VPC) error {
	for _, l := range v.Links {
		path := h.Netns(l.ENI)
		if netns.Exists(path) {
			continue
		}
		delete(r.known, l.ENI)
		err := netns.Create(path, func() error { return writeLabel(v.ID) })
		if err != nil {
			return fmt.Errorf("namespace of %s: %w", l.ENI, err)
		}
		h.own(v.ID, l.ENI)
	}
	if err := link.Ensure(r.routes, r.path, v.Links, h.Netns, r.known); err != nil {
		return err
	}
	return h.ensurePeers(r, v)
}

// remove deletes the VPC. Its links go first: the namespace itself lives as
// long as somebody has a socket in it.
func (r *room) remove(h *Host, id string) error {
	if netns.Exists(r.path) {
		if err := r.open(h); err != nil {
			return err
		}
		if err := link.Prune(r.routes, nil); err != nil {
			return err
		}
	}
	for _, eni := range h.owned(id) {
		if err := h.disown(id, eni); err != nil {
			return err
		}
	}
	return h.abandon(r)
}
