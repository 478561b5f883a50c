package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// serviceVPC is the VPC of a service; the consumer's is that of network.
const serviceVPC = "vpc-0fedcba9876543210"

var peer = link.Peer{Consumer: vpcID, Provider: serviceVPC, Routes: []netip.Addr{at[door], at6[door]}}

// provider is a VPC with the network's own addresses: that of the client too.
func (n *network) provider() VPC {
	v := n.plan()
	v.ID = serviceVPC
	for i := range v.Links {
		v.Links[i].ENI = twin(v.Links[i].ENI)
	}
	for i, e := range v.Filter.ENIs {
		v.Filter.ENIs[i].ID, v.Filter.ENIs[i].VPC = twin(e.ID), serviceVPC
	}
	return v
}

// twin is the ENI with the same addresses in the provider's VPC. The names of
// its links differ too.
func twin(eni string) string { return eni[:len(eni)-2] + "f" + eni[len(eni)-1:] }

// setAll sets VPCs in order.
func (n *network) setAll(vpcs ...VPC) {
	n.t.Helper()
	for _, v := range vpcs {
		if err := n.host.Set(context.Background(), v); err != nil {
			n.t.Fatal(err)
		}
	}
}

// peered returns the plans of both VPCs with the link between them.
func (n *network) peered() (consumer, provider VPC) {
	consumer, provider = n.plan(), n.provider()
	consumer.Peers, provider.Peers = []link.Peer{peer}, []link.Peer{peer}
	return consumer, provider
}

// newPeered is a network with the VPC of a provider beside it.
func newPeered(t *testing.T, enis ...string) *network {
	t.Helper()
	n := newDualStack(t, enis...)
	t.Cleanup(func() {
		if err := n.host.Delete(context.Background(), serviceVPC); err != nil {
			t.Error(err)
		}
	})
	return n
}

// leads tells where a VPC sends a packet with a mark that comes in from a
// link: to the name of a link, or "".
func (n *network) leads(id string, to netip.Addr, mark uint32) string {
	n.t.Helper()
	h, err := link.Open(n.host.path(id))
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	routes, err := h.RouteGetWithOptions(to.AsSlice(), &netlink.RouteGetOptions{Mark: mark})
	if err != nil || len(routes) != 1 || routes[0].Type == unix.RTN_BLACKHOLE {
		return ""
	}
	l, err := h.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		n.t.Fatal(err)
	}
	return l.Attrs().Name
}

func (n *network) list() string {
	n.t.Helper()
	ids, err := n.host.List()
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.Join(ids, " ")
}

func (n *network) whole() string {
	n.t.Helper()
	s, err := whole(n.host)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// Whichever VPC is set first, the same is there in the end; and marks decide
// the way, before the local addresses do.
func TestPeerLinkFromEitherSide(t *testing.T) {
	var first string
	for _, consumerFirst := range []bool{true, false} {
		n := newPeered(t, client, door)
		c, p := n.peered()
		if consumerFirst {
			n.setAll(c)
			if got := n.list(); got != vpcID {
				t.Errorf("List with the consumer alone: %q", got)
			}
			n.setAll(p)
		} else {
			n.setAll(p, c)
		}
		if got := n.list(); got != vpcID+" "+serviceVPC {
			t.Errorf("List with both: %q", got)
		}
		svc, mark := link.PeerName(vpcID, serviceVPC), n.mark(peer)
		for _, row := range []struct {
			id   string
			to   netip.Addr
			mark uint32
			want string
		}{
			{vpcID, at[door], link.SteerMark, svc},
			{vpcID, at6[door], link.SteerMark, svc},
			{vpcID, at[door], 0, "lo"},
			{vpcID, at6[door], 0, "lo"},
			{vpcID, at[client], link.SteerMark, ""},
			{vpcID, resolver, link.SteerMark, ""},
			{serviceVPC, at[client], mark, svc},
			{serviceVPC, at6[client], mark, svc},
			{serviceVPC, resolver, mark, svc},
			{serviceVPC, at[client], 0, link.Name(twin(client))},
			{serviceVPC, at[client], mark + 1, link.Name(twin(client))},
		} {
			if got := n.leads(row.id, row.to, row.mark); got != row.want {
				t.Errorf("%s: %v with mark %#x leads to %q, want %q", row.id, row.to, row.mark, got, row.want)
			}
		}
		if first == "" {
			first = n.whole()
		} else if diff := cmp.Diff(first, n.whole()); diff != "" {
			t.Errorf("provider first (-consumer first +provider first):\n%s", diff)
		}
		before := n.fingerprint()
		n.setAll(c, p)
		n.restart()
		n.setAll(p, c)
		if diff := cmp.Diff(before, n.fingerprint()); diff != "" {
			t.Errorf("after setting the same (-before +after):\n%s", diff)
		}
	}
}

// A side that gives the link up has nothing of it; the link is there for the
// other side as long as that one wants it.
func TestPeerLinkIsGivenUp(t *testing.T) {
	n := newPeered(t, client, door)
	alone, aloneP := n.plan(), n.provider()
	n.setAll(alone, aloneP)
	without := n.whole()
	c, p := n.peered()
	for name, steps := range map[string][]VPC{
		"the consumer first":                  {c, p, alone, aloneP},
		"the provider first":                  {p, c, aloneP, alone},
		"only one had it":                     {c, alone},
		"one sets its former plan in between": {c, aloneP, p, alone, aloneP},
	} {
		n.setAll(steps...)
		if diff := cmp.Diff(without, n.whole()); diff != "" {
			t.Errorf("%s (-without a link +after):\n%s", name, diff)
		}
	}
	n.setAll(c, aloneP) // the provider's plan is behind
	n.setAll(p)
	if got := n.leads(vpcID, at[door], link.SteerMark); got != link.PeerName(vpcID, serviceVPC) {
		t.Errorf("when the provider has caught up, the endpoint leads to %q", got)
	}
}

// A namespace that is there for a peer link only goes with it.
func TestBareNamespaceGoesWithItsLastPeer(t *testing.T) {
	n := newPeered(t, client, door)
	c, p := n.peered()
	path := n.host.path(serviceVPC)
	for name, end := range map[string]func(){
		"the peer is removed":     func() { n.setAll(n.plan()) },
		"the consumer is deleted": func() { n.delete(vpcID) },
		"the other is deleted":    func() { n.delete(serviceVPC) },
	} {
		n.setAll(c)
		if !netns.Exists(path) {
			t.Fatalf("%s: no namespace for the provider", name)
		}
		n.restart()
		end()
		if netns.Exists(path) {
			t.Errorf("%s: the bare namespace is left", name)
		}
	}
	n.setAll(c, p, n.plan()) // a namespace that was asked for does not
	if !netns.Exists(path) {
		t.Error("the provider's namespace went with the link")
	}
}

// What a crash leaves without a link is in the list, so that somebody deletes
// it.
func TestBareNamespaceWithoutPeerIsListed(t *testing.T) {
	n := newPeered(t)
	if err := makeVPC(n.host.path(serviceVPC), bare); err != nil {
		t.Fatal(err)
	}
	if got := n.list(); got != serviceVPC {
		t.Errorf("List: %q", got)
	}
}

// Deleting one VPC takes the link away; the other's next Set is right whether
// it still has the peer or not.
func TestDeleteTakesPeerLinksAway(t *testing.T) {
	n := newPeered(t, client, door)
	c, p := n.peered()
	n.setAll(c, p)
	mark := n.mark(peer)
	n.delete(vpcID)
	if got := n.leads(serviceVPC, at[client], mark); got != "" {
		t.Errorf("what belongs to the deleted VPC leads to %q", got)
	}
	n.setAll(p)
	if got := n.list(); got != serviceVPC {
		t.Errorf("List: %q", got)
	}
	n.setAll(c)
	if got := n.leads(vpcID, at[door], link.SteerMark); got != link.PeerName(vpcID, serviceVPC) {
		t.Errorf("the endpoint leads to %q", got)
	}
}

func (n *network) delete(id string) {
	n.t.Helper()
	if err := n.host.Delete(context.Background(), id); err != nil {
		n.t.Fatal(err)
	}
}

// Many VPCs with links among them are set and deleted at once.
func TestPeersConcurrently(t *testing.T) {
	n := newPeered(t)
	var plans []VPC
	for i := range 5 {
		plans = append(plans, VPC{ID: fmt.Sprintf("vpc-0000000000000000%d", i)})
	}
	for i := range plans {
		for j := range i {
			p := link.Peer{Consumer: plans[i].ID, Provider: plans[j].ID}
			plans[i].Peers, plans[j].Peers = append(plans[i].Peers, p), append(plans[j].Peers, p)
		}
	}
	each := func(f func(VPC) error) {
		t.Helper()
		errs := make([]error, len(plans))
		var all sync.WaitGroup
		for i, v := range plans {
			all.Go(func() { errs[i] = f(v) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	set := func(v VPC) error { return n.host.Set(ctx, v) }
	each(set)
	before := n.whole()
	if count := strings.Count(before, "link svc-"); count != 20 {
		t.Errorf("%d ends of 10 links:\n%s", count, before)
	}
	each(func(v VPC) error { return n.host.Set(ctx, VPC{ID: v.ID}) })
	if after := n.whole(); strings.Contains(after, "svc-") {
		t.Errorf("links are left:\n%s", after)
	}
	each(func(v VPC) error {
		_ = set(v) // may find that another's Delete has just taken a link away
		return n.host.Delete(ctx, v.ID)
	})
	each(func(v VPC) error { return n.host.Delete(ctx, v.ID) })
	if left, err := netns.List(n.host.dir, ""); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Damage to a peer link is repaired by the next Set.
func TestPeerLinkIsRepaired(t *testing.T) {
	n := newPeered(t, client, door)
	c, p := n.peered()
	n.setAll(c, p)
	want := n.whole()
	svc := link.PeerName(vpcID, serviceVPC)
	for name, harm := range map[string]func(h *netlink.Handle, l netlink.Link) error{
		"it is gone":  func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) },
		"it is down":  func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetDown(l) },
		"another MTU": func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1500) },
		"another MAC": func(h *netlink.Handle, l netlink.Link) error {
			return h.LinkSetHardwareAddr(l, []byte{2, 0, 0, 0, 0, 9})
		},
		"no alias": func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetAlias(l, "") },
		"something else": func(h *netlink.Handle, l netlink.Link) error {
			a := netlink.NewLinkAttrs()
			a.Name = svc
			return errors.Join(h.LinkDel(l), h.LinkAdd(&netlink.Bridge{LinkAttrs: a}))
		},
		"a further one": func(h *netlink.Handle, l netlink.Link) error {
			a := netlink.NewLinkAttrs()
			a.Name = "svc-0123456789a"
			return h.LinkAdd(&netlink.Bridge{LinkAttrs: a})
		},
	} {
		for _, restarted := range []bool{false, true} {
			for _, id := range []string{vpcID, serviceVPC} {
				h, err := link.Open(n.host.path(id))
				if err != nil {
					t.Fatal(err)
				}
				l, err := h.LinkByName(svc)
				if err == nil {
					err = harm(h, l)
				}
				h.Close()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if restarted {
					n.restart()
				}
				n.setAll(c, p, c)
				if diff := cmp.Diff(want, n.whole()); diff != "" {
					t.Fatalf("%s in %s, restarted %v (-want +got):\n%s", name, id, restarted, diff)
				}
			}
		}
	}
}

func TestPeerRefuses(t *testing.T) {
	n := newPeered(t)
	for name, p := range map[string]link.Peer{
		"itself": {Consumer: vpcID, Provider: vpcID},
		"others": {Consumer: serviceVPC, Provider: "vpc-00000000000000001"},
		"a path": {Consumer: "vpc-/../../x", Provider: vpcID},
	} {
		if err := n.host.Set(context.Background(), VPC{ID: vpcID, Peers: []link.Peer{p}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	twice := []link.Peer{{Consumer: serviceVPC, Provider: vpcID}, {Consumer: serviceVPC, Provider: vpcID}}
	if err := n.host.Set(context.Background(), VPC{ID: vpcID, Peers: twice}); err == nil {
		t.Error("a link twice: no error")
	}
	if left, err := netns.List(n.host.dir, ""); err != nil || slices.Contains(left, "x") {
		t.Errorf("left %v, %v", left, err)
	}
}
