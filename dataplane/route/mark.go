package route

import (
	"errors"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Reserve makes what has the marks of some peer links lead nowhere, until Set
// makes it lead to the links: packets may come in as soon as a link is there,
// and their answers must not go where their addresses lead without the mark.
func Reserve(h *netlink.Handle, vpc string, peers []link.Peer, marks map[string]uint32) error {
	for k := range routesOf(vpc, nil, peers, marks, nil) {
		if k.kind != unix.RTN_BLACKHOLE || k.table == unix.RT_TABLE_MAIN || k.dst.Addr().Is6() && !netns.HasIPv6() {
			continue
		}
		if err := add(h, k); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
	for _, family := range families() {
		for k := range rulesOf(family, vpc, peers, marks) {
			if err := addRule(h, k); err != nil && !errors.Is(err, unix.EEXIST) {
				return err
			}
		}
	}
	return nil
}

// Marks reads what Set has made of its marks: by the name of a peer link, the
// mark whose table leads to it.
func Marks(h *netlink.Handle) (map[string]uint32, error) {
	index, err := indexes(h)
	if err != nil {
		return nil, err
	}
	routes, err := list(h, unix.AF_INET)
	if err != nil {
		return nil, err
	}
	links := map[uint32]int{} // by mark: no two have the same one
	for _, r := range routes {
		mark := r.Table - replyTables
		if mark < 1 || mark > int(link.MaxMark) || !plain(r) || r.Type != unix.RTN_UNICAST {
			continue
		}
		links[uint32(mark)] = r.LinkIndex
	}
	names := map[int]string{}
	for name, i := range index {
		names[i] = name
	}
	marks := map[string]uint32{}
	for mark, i := range links {
		marks[names[i]] = mark
	}
	return marks, nil
}
