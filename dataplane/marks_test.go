package dataplane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/route"
	"github.com/ti-mo/conntrack"
)

// marks are those in the kernel.
func (n *network) marks(provider string) marks {
	n.t.Helper()
	h, err := link.Open(n.host.path(provider))
	if err != nil {
		n.t.Fatal(err)
	}
	defer h.Close()
	m, err := route.Marks(h)
	if err != nil {
		n.t.Fatal(err)
	}
	return m
}

func (n *network) mark(p link.Peer) uint32 {
	return n.marks(p.Provider)[link.PeerName(p.Consumer, p.Provider)]
}

// serving is a provider's VPC with nothing but peer links.
func serving(consumers ...int) VPC {
	v := VPC{ID: serviceVPC}
	for _, i := range consumers {
		v.Peers = append(v.Peers, link.Peer{Consumer: fmt.Sprintf("vpc-0%016x", i), Provider: serviceVPC})
	}
	return v
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// Each link has a mark of its own, and keeps it whoever comes and goes; what
// has just become free is not given away in the same breath.
func TestMarksAreAssignedOnce(t *testing.T) {
	all := upTo(int(link.MaxMark))
	m, err := marks{}.next(serving(all...))
	if err != nil {
		t.Fatal(err)
	}
	whose := map[uint32]string{}
	for name, mark := range m {
		if mark == 0 || mark > link.MaxMark || whose[mark] != "" {
			t.Fatalf("%s has mark %d; so has %q", name, mark, whose[mark])
		}
		whose[mark] = name
	}
	if _, err := m.next(serving(append(all, len(all))...)); err == nil {
		t.Error("one link more than there are marks: no error")
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return i%3 == 0 })
	if _, err := m.next(serving(append(rest, len(all))...)); err == nil {
		t.Error("a mark that has just become free is given away")
	}
	fewer, err := m.next(serving(rest...))
	if err != nil {
		t.Fatal(err)
	}
	again, err := fewer.next(serving(append(slices.Clone(rest), len(all), len(all)+1)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range serving(rest...).Peers {
		name := link.PeerName(p.Consumer, p.Provider)
		if fewer[name] != m[name] || again[name] != m[name] {
			t.Fatalf("%s had mark %d, then %d and %d", name, m[name], fewer[name], again[name])
		}
	}
	if len(again) != len(rest)+2 {
		t.Errorf("%d marks for %d links", len(again), len(rest)+2)
	}
}

// The next Host finds the marks in the kernel.
func TestMarksOutliveTheHost(t *testing.T) {
	n := newPeered(t)
	n.setAll(serving(upTo(40)...))
	before := n.marks(serviceVPC)
	if len(before) != 40 {
		t.Fatalf("%d marks of 40 links", len(before))
	}
	rest := []int{3, 17, 18, 39}
	n.restart()
	n.setAll(serving(rest...))
	n.restart()
	n.setAll(serving(append([]int{100, 101, 102}, rest...)...))
	after := n.marks(serviceVPC)
	for _, p := range serving(rest...).Peers {
		name := link.PeerName(p.Consumer, p.Provider)
		if after[name] != before[name] {
			t.Errorf("link %s had mark %d and has %d", name, before[name], after[name])
		}
	}
	if own := slices.Compact(slices.Sorted(maps.Values(after))); len(after) != 7 || len(own) != 7 {
		t.Errorf("7 links have marks %v", after)
	}
	n.setAll(serving(rest...), serving())
}

// Connections go on while another consumer leaves, a new daemon comes and
// the other one returns.
func TestConnectionsOutliveOtherConsumers(t *testing.T) {
	p := newPair(t)
	rival := consumerVPC(rivalID, rivalENI, rivalDoor)
	p.consumers = []VPC{rival}
	both := providerVPC(rival.Peers[0], p.c.Peers[0])
	p.p = both
	p.set()
	p.target(targetID, targetAt, 8443)
	before := p.mark(p.c.Peers[0])
	var live []net.Conn
	for i := range doorAt {
		live = append(live, p.reaches("tcp", client, doorAt[i], 443, nodeAt[i]))
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			p.restart()
		}
		p.consumers, p.p = nil, providerVPC(p.c.Peers[0])
		if err := p.host.Delete(context.Background(), rivalID); err != nil {
			t.Fatal(err)
		}
		p.set()
		for _, c := range live {
			p.talks(c)
		}
		if restarted {
			p.restart()
		}
		p.consumers, p.p = []VPC{rival}, both
		p.set()
		for i, c := range live {
			p.talks(c)
			for _, network := range protocols {
				p.reaches(network, rivalENI, doorAt[i], 443, nodeAt[i])
			}
		}
		if now := p.mark(p.c.Peers[0]); now != before {
			t.Errorf("restarted %v: the mark was %d and is %d", restarted, before, now)
		}
	}
}

// What a target still sends to a consumer whose link is gone reaches nobody:
// not who has the client's address in the provider's VPC, and not the next
// consumer, who has the mark and the same address.
func TestAnswersToAConsumerWhoIsGoneReachNobody(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		p := newPair(t)
		rival := consumerVPC(rivalID, rivalENI, rivalDoor)
		idle := rival
		idle.Peers = nil
		p.consumers = []VPC{idle}
		p.set()
		ears := map[string]*net.UDPConn{}
		for eni, at := range map[string]netip.AddrPort{
			targetID: netip.AddrPortFrom(targetAt[0], 8443),
			client:   netip.AddrPortFrom(clientAt[0], 40000),
			doubleID: netip.AddrPortFrom(clientAt[0], 40000),
			rivalENI: netip.AddrPortFrom(clientAt[0], 40000),
		} {
			p.in(eni, func() (err error) {
				ears[eni], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
				return err
			})
			defer ears[eni].Close()
		}
		p.send(client, datagram(clientAt[0], doorAt[0], 443, "question"))
		b := make([]byte, 64)
		_, node, err := ears[targetID].ReadFromUDPAddrPort(b)
		if err != nil {
			t.Fatal(err)
		}
		answer := func() {
			t.Helper()
			if _, err := ears[targetID].WriteToUDPAddrPort([]byte("answer"), node); err != nil {
				t.Fatal(err)
			}
		}
		answer()
		if p.receive(ears[client], patience) != "answer" {
			t.Fatal("no answer reaches the client")
		}
		mark := p.mark(p.c.Peers[0])
		set := func(consumer VPC, rivals VPC, peers ...link.Peer) {
			t.Helper()
			if restarted {
				p.restart()
			}
			p.c, p.consumers, p.p = consumer, []VPC{rivals}, providerVPC(peers...)
			p.set()
		}
		gone := p.c
		gone.Peers = nil
		set(gone, idle)
		answer()
		set(gone, rival, rival.Peers[0])
		if got := p.mark(rival.Peers[0]); got != mark {
			t.Fatalf("the next link has mark %d, not the free %d: this test proves nothing", got, mark)
		}
		answer()
		for _, eni := range []string{client, doubleID, rivalENI} {
			if text := p.receive(ears[eni], silence); text != "" {
				t.Errorf("restarted %v: %s receives %q", restarted, eni, text)
			}
		}
		p.tracked(providerID, func(_ *conntrack.Conn, f conntrack.Flow) error {
			if f.Mark == mark {
				return errors.New("a connection has a mark of nobody")
			}
			return nil
		})
	}
}

// From before its link is there, a mark does not lead to who has the same
// address in the provider's VPC.
func TestNewMarkLeadsNowhereYet(t *testing.T) {
	p := newPair(t)
	v := p.p
	p.p = providerVPC()
	p.set()
	r := p.host.enter(providerID)
	m, err := r.assign(v)
	r.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	mark := m[link.PeerName(consumerID, providerID)]
	for _, a := range clientAt {
		if got := p.leads(providerID, a, 0); got != link.Name(doubleID) {
			t.Errorf("%v leads to %q without a mark", a, got)
		}
		if got := p.leads(providerID, a, mark); mark == 0 || got != "" {
			t.Errorf("%v leads to %q with mark %d", a, got, mark)
		}
	}
	p.set()
	if got := p.leads(providerID, clientAt[0], mark); got != link.Name(doubleID) {
		t.Errorf("a mark that came to nothing leads to %q", got)
	}
}

// A link that is given up and made again works, with connections of the same
// ports.
func TestPeerLinkIsMadeAgain(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	c, v := p.c, p.p
	for range 3 {
		p.c, p.p = c, v
		p.set()
		for i := range doorAt {
			p.reaches("tcp", client, doorAt[i], 443, nodeAt[i])
			p.send(client, datagram(clientAt[i], doorAt[i], 443, "?"))
		}
		p.c.Peers, p.p = nil, providerVPC()
		p.set()
		p.silent("tcp", client, doorAt[0], 443)
	}
}
