package dataplane

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/dataplane/route"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// state lists what a namespace holds, without what the kernel numbers.
func state(path string) (string, error) {
	h, err := link.Open(path)
	if err != nil {
		return "", err
	}
	defer h.Close()
	var lines []string
	links, err := h.LinkList()
	if err != nil {
		return "", err
	}
	name := map[int]string{}
	for _, l := range links {
		a := l.Attrs()
		name[a.Index] = a.Name
		line := fmt.Sprintf("link %s %s mtu %d alias %q up %v", a.Name, l.Type(), a.MTU, a.Alias, a.Flags&1 != 0)
		if a.Name == "eth0" {
			line += " mac " + a.HardwareAddr.String()
		}
		lines = append(lines, line)
		addrs, err := h.AddrList(l, unix.AF_UNSPEC)
		if err != nil {
			return "", err
		}
		for _, x := range addrs {
			lines = append(lines, fmt.Sprintf("address %v of %s", x.IPNet, a.Name))
		}
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		routing, err := routingState(h, family, name)
		if err != nil {
			return "", err
		}
		lines = append(lines, routing...)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

// routingState lists the routes, neighbours and policy rules of one family,
// with the names of links.
func routingState(h *netlink.Handle, family int, name map[int]string) (lines []string, err error) {
	routes, err := h.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.Table != unix.RT_TABLE_LOCAL {
			lines = append(lines, fmt.Sprintf("route %v type %d dev %s via %v proto %d table %d metric %d", r.Dst, r.Type, name[r.LinkIndex], r.Gw, r.Protocol, r.Table, r.Priority))
		}
	}
	neighbours, err := h.NeighList(0, family)
	if err != nil {
		return nil, err
	}
	for _, x := range neighbours {
		if x.State&netlink.NUD_PERMANENT == 0 {
			continue
		}
		line := fmt.Sprintf("neighbour %v dev %s", x.IP, name[x.LinkIndex])
		if name[x.LinkIndex] != "eth0" { // the VPC's end of a link has a MAC that the kernel chose
			line += " mac " + x.HardwareAddr.String()
		}
		lines = append(lines, line)
	}
	rules, err := h.RuleList(family)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		lines = append(lines, fmt.Sprintf("family %d: %v mark %x", family, r, r.Mark))
	}
	return lines, nil
}

// whole lists everything that a host holds.
func whole(h *Host) (string, error) {
	var w strings.Builder
	names, err := netns.List(h.dir, "")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		s, err := state(h.path(name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&w, "== %s\n%s\n", name, s)
		if strings.HasPrefix(name, "vpc-") {
			r, err := nft.Open(h.path(name)).List()
			if err != nil {
				return "", err
			}
			w.WriteString(r.String())
		}
	}
	return w.String(), nil
}

func drawNetwork(t *rapid.T, n *network) {
	n.enis, n.next = nil, 0
	clear(n.rules)
	n.ipv6 = rapid.Bool().Draw(t, "IPv6")
	n.ipv4 = !n.ipv6 || rapid.Bool().Draw(t, "IPv4")
	for _, id := range []string{client, other, server, far, door} {
		if !rapid.Bool().Draw(t, "eni") {
			continue
		}
		n.enis = append(n.enis, id)
		if rapid.Bool().Draw(t, "egress") {
			n.may(id, anything(true))
		}
		if rapid.Bool().Draw(t, "ingress") {
			n.may(id, tcpFrom("10.0.0.0/16", rapid.IntRange(1, 3).Draw(t, "port")))
		}
	}
}

// junk does damage to a VPC's namespace, or to a workload's.
var junk = map[string]func(h *Host, vpc *netlink.Handle) error{
	"an address on lo": func(h *Host, x *netlink.Handle) error {
		lo, err := x.LinkByName("lo")
		if err != nil {
			return err
		}
		a, _ := netlink.ParseAddr("192.0.2.1/32")
		return x.AddrReplace(lo, a)
	},
	"a link": func(h *Host, x *netlink.Handle) error {
		a := netlink.NewLinkAttrs()
		a.Name = "junk0"
		return x.LinkAdd(&netlink.Bridge{LinkAttrs: a})
	},
	"a link with our name": func(h *Host, x *netlink.Handle) error {
		a := netlink.NewLinkAttrs()
		a.Name = link.Name(client)
		return ignore(x.LinkAdd(&netlink.Bridge{LinkAttrs: a}), unix.EEXIST)
	},
	"a link is gone": func(h *Host, x *netlink.Handle) error {
		l, err := x.LinkByName(link.Name(client))
		if err != nil {
			return nil
		}
		return x.LinkDel(l)
	},
	"a link is down": func(h *Host, x *netlink.Handle) error {
		l, err := x.LinkByName(link.Name(client))
		if err != nil {
			return nil
		}
		return x.LinkSetDown(l)
	},
	"routes": func(h *Host, x *netlink.Handle) error {
		for _, to := range []string{"198.51.100.0/24", "10.0.1.5/32"} {
			a, _ := netlink.ParseIPNet(to)
			if err := ignore(x.RouteAdd(&netlink.Route{Dst: a, Type: unix.RTN_UNREACHABLE, Priority: 7}), unix.EEXIST); err != nil {
				return err
			}
			if err := ignore(x.RouteAdd(&netlink.Route{Dst: a, Type: unix.RTN_PROHIBIT, Table: 99}), unix.EEXIST); err != nil {
				return err
			}
		}
		r := netlink.NewRule()
		r.Table, r.Priority = 99, 5
		return ignore(x.RuleAdd(r), unix.EEXIST)
	},
	"IPv6 routes": func(h *Host, x *netlink.Handle) error {
		for _, to := range []string{"2001:db8:7::/64", at6[client].String() + "/128"} {
			a, _ := netlink.ParseIPNet(to)
			if err := ignore(x.RouteAdd(&netlink.Route{Dst: a, Type: unix.RTN_UNREACHABLE, Priority: 7}), unix.EEXIST); err != nil {
				return err
			}
			if err := ignore(x.RouteAdd(&netlink.Route{Dst: a, Type: unix.RTN_PROHIBIT, Table: 99}), unix.EEXIST); err != nil {
				return err
			}
		}
		r := netlink.NewRule()
		r.Family, r.Table, r.Priority = unix.AF_INET6, 99, 5
		return ignore(x.RuleAdd(r), unix.EEXIST)
	},
	"no rule for the local table": func(h *Host, x *netlink.Handle) error {
		for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
			r := netlink.NewRule()
			r.Family, r.Table, r.Priority = family, unix.RT_TABLE_LOCAL, 0
			if err := ignore(x.RuleDel(r), unix.ENOENT); err != nil {
				return err
			}
		}
		return nil
	},
	"no IPv6": func(h *Host, x *netlink.Handle) error {
		return netns.Do(h.path(vpcID), func() error {
			return netns.SetSysctls([]netns.Sysctl{{Name: "net/ipv6/conf/all/disable_ipv6", Value: "1"}})
		})
	},
	"IPv6 addresses": func(h *Host, x *netlink.Handle) error {
		links, err := x.LinkList()
		if err != nil {
			return err
		}
		for _, l := range links {
			a, _ := netlink.ParseAddr("2001:db8:9::1/64")
			if err := x.AddrReplace(l, a); err != nil && err != unix.EACCES {
				return err
			}
		}
		return nil
	},
	"no default route": func(h *Host, x *netlink.Handle) error {
		a, _ := netlink.ParseIPNet("0.0.0.0/0")
		return ignore(x.RouteDel(&netlink.Route{Dst: a, Type: unix.RTN_BLACKHOLE, Protocol: route.Protocol}), unix.ESRCH)
	},
	"the namespace of a workload is gone": func(h *Host, x *netlink.Handle) error {
		return netns.Delete(h.Netns(server))
	},
	"a file in the place of a namespace": func(h *Host, x *netlink.Handle) error {
		if netns.Exists(h.Netns(far)) {
			return nil
		}
		return os.WriteFile(h.Netns(far), nil, 0o600)
	},
	"a workload without IPv6": func(h *Host, x *netlink.Handle) error {
		if !netns.Exists(h.Netns(client)) {
			return nil
		}
		return netns.Do(h.Netns(client), func() error {
			return netns.SetSysctls([]netns.Sysctl{{Name: "net/ipv6/conf/all/disable_ipv6", Value: "1"}})
		})
	},
	"the address of a workload is another": func(h *Host, x *netlink.Handle) error {
		if !netns.Exists(h.Netns(client)) {
			return nil
		}
		w, err := link.Open(h.Netns(client))
		if err != nil {
			return err
		}
		defer w.Close()
		l, err := w.LinkByName("eth0")
		if err != nil {
			return nil
		}
		a, _ := netlink.ParseAddr("10.0.1.99/24")
		return w.AddrReplace(l, a)
	},
}

// unseen is the damage that only a new Host looks for.
var unseen = map[string]bool{"the address of a workload is another": true, "a workload without IPv6": true, "no IPv6": true, "IPv6 addresses": true}

func ignore(err, known error) error {
	if err == known {
		return nil
	}
	return err
}

// Whatever the kernel holds, Set ends in the plan: it lists like a fresh
// build. A new Host finds out by itself; one that goes on relies on nobody
// else changing the workloads' ends.
func TestSetFromAnyState(t *testing.T) {
	worn, fresh := newNetwork(t), newNetwork(t)
	rapid.Check(t, func(t *rapid.T) {
		drawNetwork(t, worn)
		restart := rapid.Bool().Draw(t, "restart")
		if netns.Exists(worn.host.path(vpcID)) {
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys(junk)), 0, 3, rapid.ID).Draw(t, "junk") {
				if unseen[name] && !restart {
					continue
				}
				h, err := link.Open(worn.host.path(vpcID))
				if err != nil {
					t.Fatal(err)
				}
				if err := junk[name](worn.host, h); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				h.Close()
			}
		}
		if restart {
			worn.restart()
		}
		plan := worn.plan()
		for _, h := range []*Host{worn.host, fresh.host} {
			if err := h.Set(context.Background(), plan); err != nil {
				t.Fatal(err)
			}
		}
		got, err := whole(worn.host)
		if err != nil {
			t.Fatal(err)
		}
		want, err := whole(fresh.host)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("worn host (-fresh +worn):\n%s", diff)
		}
		if err := fresh.host.Delete(context.Background(), vpcID); err != nil {
			t.Fatal(err)
		}
	})
}

func keys[T any](m map[string]T) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// Setting the same again changes nothing: not a link, not a rule.
func TestSetAgainTouchesNothing(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.may(client, anything(true))
	n.set()
	before := n.fingerprint()
	n.set()
	n.restart()
	n.set()
	if diff := cmp.Diff(before, n.fingerprint()); diff != "" {
		t.Errorf("after setting the same (-before +after):\n%s", diff)
	}
}

// fingerprint has the numbers too: those of links, and of nftables'
// generation.
func (n *network) fingerprint() string {
	n.t.Helper()
	h, err := link.Open(n.host.path(vpcID))
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	links, err := h.LinkList()
	if err != nil {
		n.t.Fatal(err)
	}
	gen, err := nft.Open(n.host.path(vpcID)).Generation()
	if err != nil {
		n.t.Fatal(err)
	}
	text := fmt.Sprintln("generation", gen)
	for _, l := range links {
		text += fmt.Sprintln(l.Attrs().Index, l.Attrs().Name, l.Attrs().ParentIndex)
	}
	return text
}

func TestDeleteLeavesNothing(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	n.echo(server, 80)
	n.passes(client, server, 80)
	n.restart()
	if list, err := n.host.List(); err != nil || !slices.Equal(list, []string{vpcID}) {
		t.Errorf("List after a restart: %v, %v", list, err)
	}
	for range 2 {
		if err := n.host.Delete(context.Background(), vpcID); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(n.host.dir); err != nil || len(left) != 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	n.set() // and it can come again
}

// A namespace that is held by somebody's socket is cut off all the same.
func TestDeleteCutsOffWhatHoldsOn(t *testing.T) {
	n := newNetwork(t, client, door)
	n.may(client, anything(true))
	n.may(door, anything(false))
	n.set()
	n.echo(door, 443)
	held, err := netns.Open(n.host.Netns(client))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	n.passes(client, door, 443)
	if err := n.host.Delete(context.Background(), vpcID); err != nil {
		t.Fatal(err)
	}
	s, err := state(fmt.Sprintf("/proc/self/fd/%d", held.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(s, "eth0") {
		t.Errorf("the workload still has its link:\n%s", s)
	}
}

func TestSetRefuses(t *testing.T) {
	n := newNetwork(t)
	for name, v := range map[string]VPC{
		"no id":        {},
		"a path":       {ID: "vpc-/../../etc"},
		"a name twice": {ID: vpcID, Links: []link.Link{aLink("eni-0aaaa000000000001"), aLink("eni-0bbbb000000000001")}},
		"an ENI":       {ID: vpcID, Links: []link.Link{aLink("eni-../x")}},
		"a bad MAC":    {ID: vpcID, Links: []link.Link{{ENI: client, MAC: "x", Address: at[client], Subnet: subnetA, Gateway: gatewayA}}},
	} {
		if err := n.host.Set(context.Background(), v); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if outside, err := filepath.Glob(filepath.Join(n.host.dir, "..", "x")); err != nil || len(outside) > 0 {
		t.Error("wrote outside of its folder")
	}
	n.enis = []string{client}
	n.set() // a failure does not stick
}

func aLink(eni string) link.Link {
	return link.Link{ENI: eni, MAC: "02:00:00:00:00:01", Address: at[client], Subnet: subnetA, Gateway: gatewayA}
}

func TestListenNeedsItsAddress(t *testing.T) {
	n := newNetwork(t, door)
	n.set()
	if l, err := n.host.Listen(vpcID, netip.MustParseAddrPort("10.0.9.9:443")); err == nil {
		l.Close()
		t.Error("listens on an address that the VPC does not have")
	}
	if l, err := n.host.Listen("vpc-0fedcba9876543210", netip.MustParseAddrPort("10.0.2.9:443")); err == nil {
		l.Close()
		t.Error("listens in a VPC that does not exist")
	}
}

// All of it works without real root.
func TestInUserNamespace(t *testing.T) {
	netnstest.InUserNamespace(t, "^Test(No|Egress|Ingress|Reply|Unknown|Group|Rule|Conn|Resolver|Gateway|Endpoint|Drops|Ended|Set|Delete|IPv6|Peer)")
}
