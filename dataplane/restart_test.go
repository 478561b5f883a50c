package dataplane

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
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
