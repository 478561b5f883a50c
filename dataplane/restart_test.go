package dataplane

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Host that comes after another one cuts no connection, whichever way it
// goes.
func TestRestartCutsNothing(t *testing.T) {
	n := newDualStack(t, client, server, door)
	n.may(client, anything(true))
	n.may(client, anything6(true))
	for _, id := range []string{server, door} {
		n.may(id, anything(false))
		n.may(id, anything6(false))
	}
	n.set()
	n.echo(server, 80)
	n.echo(door, 443)
	var all []net.Conn
	for _, to := range []netip.AddrPort{
		netip.AddrPortFrom(at[server], 80), netip.AddrPortFrom(at6[server], 80),
		netip.AddrPortFrom(at[door], 443), netip.AddrPortFrom(at6[door], 443),
	} {
		all = append(all, n.reaches(client, to))
	}
	before, live := n.fingerprint(), n.connections()
	for range 3 {
		n.restart()
		n.set()
		for _, c := range all {
			n.talks(c)
		}
	}
	if diff := cmp.Diff(before, n.fingerprint()); diff != "" {
		t.Errorf("after restarts (-before +after):\n%s", diff)
	}
	if now := n.connections(); now != live {
		t.Errorf("%d connections are tracked, then %d", live, now)
	}
}

// The kernel takes the later addresses of a subnet away with the first.
func TestSetMendsTheAddressesOfAWorkload(t *testing.T) {
	for _, damage := range [][]string{{"10.0.1.99/24", "10.0.1.5/24"}, {"10.0.1.5/24", "10.0.1.99/24"}, {"10.0.1.98/24", "10.0.1.99/24"}} {
		n := newNetwork(t, client)
		n.set()
		w, err := link.Open(n.host.Netns(client))
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		eth0, err := w.LinkByName("eth0")
		if err != nil {
			t.Fatal(err)
		}
		own, _ := netlink.ParseAddr("10.0.1.5/24")
		if err := w.AddrDel(eth0, own); err != nil {
			t.Fatal(err)
		}
		for _, text := range damage {
			a, _ := netlink.ParseAddr(text)
			if err := w.AddrAdd(eth0, a); err != nil {
				t.Fatal(err)
			}
		}
		n.restart()
		n.set()
		if got, err := w.AddrList(eth0, unix.AF_INET); err != nil || len(got) != 1 || !got[0].Equal(*own) {
			t.Errorf("after %v: %v, %v", damage, got, err)
		}
	}
}
