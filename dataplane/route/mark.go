package route

import (
	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

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
