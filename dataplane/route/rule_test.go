package route_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/route"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// consumers is the number of a provider's peer links: each group of marks has
// two or three.
const consumers = 130

// An answer leaves by the link of its mark, however many there are, and no
// packet meets a rule for each of them.
func TestMarksOfManyConsumers(t *testing.T) {
	h := router(t)
	if lo, err := h.LinkByName("lo"); err != nil || h.LinkSetUp(lo) != nil {
		t.Fatal("no lo", err)
	}
	var peers []link.Peer
	marks, index := map[string]uint32{}, map[uint32]int{}
	for mark := uint32(1); mark <= consumers; mark++ {
		p := link.Peer{Consumer: fmt.Sprintf("vpc-0%016x", mark), Provider: "vpc-1"}
		name := link.PeerName(p.Consumer, p.Provider)
		peers, marks[name] = append(peers, p), mark
		index[mark] = up(t, h, name, fmt.Sprint("far", mark))
	}
	var first []netlink.Rule
	for range 2 { // again changes nothing
		if err := route.Set(h, "vpc-1", nil, peers, marks); err != nil {
			t.Fatal(err)
		}
		rules, err := h.RuleList(unix.AF_INET)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && fmt.Sprint(rules) != fmt.Sprint(first) {
			t.Errorf("rules after setting the same:\n%v\nwant\n%v", rules, first)
		}
		first = rules
	}
	for mark, want := range index {
		routes, err := h.RouteGetWithOptions(net.IPv4(10, 9, 9, 9), &netlink.RouteGetOptions{Mark: mark})
		if err != nil || len(routes) != 1 || routes[0].LinkIndex != want {
			t.Errorf("mark %d leads to %v, %v, want link %d", mark, routes, err, want)
		}
		if n := met(first, mark); n > 70 {
			t.Errorf("mark %d meets %d rules", mark, n)
		}
	}
	for _, mark := range []uint32{0, consumers + 1} {
		if routes, err := h.RouteGetWithOptions(net.IPv4(10, 9, 9, 9), &netlink.RouteGetOptions{Mark: mark}); err == nil {
			t.Errorf("mark %d leads to %v", mark, routes)
		}
	}
	if n := met(first, 0); n > 4 {
		t.Errorf("a packet without a mark meets %d rules", n)
	}
	if err := route.Set(h, "vpc-1", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if rules, err := h.RuleList(unix.AF_INET); err != nil || len(rules) != 3 {
		t.Errorf("without peers: %v, %v", rules, err)
	}
}

// up makes a link that is up and returns its index.
func up(t *testing.T, h *netlink.Handle, name, far string) int {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	pair := netlink.NewVeth(attrs)
	pair.PeerName = far
	if err := h.LinkAdd(pair); err != nil {
		t.Fatal(err)
	}
	var index int
	for _, end := range []string{far, name} {
		l, err := h.LinkByName(end)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.LinkSetUp(l); err != nil {
			t.Fatal(err)
		}
		index = l.Attrs().Index
	}
	return index
}

// met counts the rules that the kernel looks at until one of a mark or all are
// through.
func met(rules []netlink.Rule, mark uint32) int {
	n := 0
	for i := 0; i < len(rules); i++ {
		n++
		r := rules[i]
		switch {
		case r.Mask == nil || (mark^r.Mark)&*r.Mask != 0:
		case r.Goto < 0:
			return n
		default:
			i = slices.IndexFunc(rules, func(to netlink.Rule) bool { return to.Priority == r.Goto }) - 1
		}
	}
	return n
}
