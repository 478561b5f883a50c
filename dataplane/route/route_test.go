package route_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/dataplane/route"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { netnstest.Main(m) }

func workload(n int) link.Link {
	subnet := netip.MustParsePrefix("10.0.1.0/24")
	return link.Link{
		ENI:     fmt.Sprintf("eni-0%016x", n),
		MAC:     fmt.Sprintf("02:00:00:00:00:%02x", n),
		Address: netip.AddrFrom4([4]byte{10, 0, 1, byte(n)}),
		Subnet:  subnet, Gateway: netip.MustParseAddr("10.0.1.1"),
	}
}

// router makes a VPC's namespace with links and returns its socket.
func router(t *testing.T, links ...link.Link) *netlink.Handle {
	t.Helper()
	dir := netnstest.Dir(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, l := range links {
		if err := netns.Create(path(l.ENI), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := netns.Create(path("vpc"), nil); err != nil {
		t.Fatal(err)
	}
	h, err := link.Open(path("vpc"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	if err := link.Ensure(h, path("vpc"), links, path, map[string]link.Link{}); err != nil {
		t.Fatal(err)
	}
	return h
}

// table lists routes and fixed neighbours, and the number of policy rules.
func table(t *testing.T, h *netlink.Handle) string {
	t.Helper()
	routes, err := h.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range routes {
		if r.Table != unix.RT_TABLE_LOCAL {
			lines = append(lines, fmt.Sprintf("%v type %d proto %d", r.Dst, r.Type, r.Protocol))
		}
	}
	neighbours, err := h.NeighList(0, unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range neighbours {
		if n.State&netlink.NUD_PERMANENT != 0 {
			lines = append(lines, fmt.Sprintf("%v at %v", n.IP, n.HardwareAddr))
		}
	}
	rules, err := h.RuleList(unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprint(len(rules), " rules")), "\n")
}

func set(t *testing.T, h *netlink.Handle, links ...link.Link) string {
	t.Helper()
	if err := route.Set(h, "vpc-1", links, nil, nil); err != nil {
		t.Fatal(err)
	}
	return table(t, h)
}

func TestSet(t *testing.T) {
	a, b := workload(5), workload(6)
	h := router(t, a, b)
	for _, row := range []struct {
		links []link.Link
		want  string
	}{
		{[]link.Link{a, b}, `
0.0.0.0/0 type 6 proto 80
10.0.1.5 at 02:00:00:00:00:05
10.0.1.5/32 type 1 proto 80
10.0.1.6 at 02:00:00:00:00:06
10.0.1.6/32 type 1 proto 80
3 rules`},
		{[]link.Link{b}, `
0.0.0.0/0 type 6 proto 80
10.0.1.6 at 02:00:00:00:00:06
10.0.1.6/32 type 1 proto 80
3 rules`},
		{nil, `
0.0.0.0/0 type 6 proto 80
3 rules`},
	} {
		for range 2 { // again changes nothing
			if got := set(t, h, row.links...); "\n"+got != row.want {
				t.Errorf("with %d links:\n%s\nwant%s", len(row.links), got, row.want)
			}
		}
	}
}

// Whatever else leads somewhere is removed: a way around the blackhole would
// be a way out of the VPC.
func TestForeignRoutesAreRemoved(t *testing.T) {
	a := workload(5)
	h := router(t, a)
	want := set(t, h, a)
	l, err := h.LinkByName(link.Name(a.ENI))
	if err != nil {
		t.Fatal(err)
	}
	index := l.Attrs().Index
	parse := func(s string) *netlink.Route {
		n, err := netlink.ParseIPNet(s)
		if err != nil {
			t.Fatal(err)
		}
		return &netlink.Route{Dst: n, LinkIndex: index, Scope: netlink.SCOPE_LINK}
	}
	for name, junk := range map[string]func() error{
		"a route":          func() error { return h.RouteAdd(parse("192.0.2.0/24")) },
		"a better default": func() error { return h.RouteAdd(parse("0.0.0.0/1")) },
		"ours with a metric": func() error {
			r := parse("10.0.1.5/32")
			r.Priority = 9
			r.Protocol = route.Protocol
			return h.RouteAdd(r)
		},
		"a route of a table":  func() error { r := parse("0.0.0.0/0"); r.Table = 77; return h.RouteAdd(r) },
		"a policy rule":       func() error { r := netlink.NewRule(); r.Table, r.Priority = 77, 10; return h.RuleAdd(r) },
		"ours is gone":        func() error { return h.RouteDel(parse("10.0.1.5/32")) },
		"the neighbour's MAC": func() error { return h.NeighSet(neighbour(index, "10.0.1.5", 9)) },
		"a false neighbour":   func() error { return h.NeighSet(neighbour(index, "10.0.1.9", 9)) },
	} {
		if err := junk(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if table(t, h) == want {
			t.Errorf("%s: made no difference", name)
		}
		if got := set(t, h, a); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func neighbour(index int, a string, mac byte) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: index, Family: unix.AF_INET, State: netlink.NUD_PERMANENT,
		IP: netip.MustParseAddr(a).AsSlice(), HardwareAddr: []byte{2, 0, 0, 0, 0, mac}}
}

func TestSetNeedsItsLinks(t *testing.T) {
	h := router(t)
	if err := route.Set(h, "vpc-1", []link.Link{workload(5)}, nil, nil); err == nil {
		t.Error("a route to a link that does not exist")
	}
}

func TestInUserNamespace(t *testing.T) {
	netnstest.InUserNamespace(t, "^Test(Set|Foreign)")
}
