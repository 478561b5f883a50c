package agent

import (
	"net"
	"net/netip"
	"testing"

	"github.com/postern/postern/vpc"
)

// TestWhoWaitsFindsTheDoor: a listener that is inherited from the daemon before
// has connections that wait in it already. None is turned away.
func TestWhoWaitsFindsTheDoor(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const waiting = 50
	for range waiting {
		c, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	at := addrPort(l.Addr())
	a := New(Config{Kernel: newFakeKernel()})
	p := a.listen(l, map[netip.Addr]Door{at.Addr(): {Address: at, Arrival: vpc.Arrival{Endpoint: "vpce-1"}}})
	for range waiting {
		c, err := a.doors.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := c.(*conn).Arrival().Endpoint; got != "vpce-1" {
			t.Errorf("came in at %q", got)
		}
		c.Close()
	}
	a.doors.Close()
	p.close()
}
