package dataplane

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
)

// flows begins to count.
func (n *network) flows() Source {
	n.t.Helper()
	s, err := n.host.Flows(vpcID)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			n.t.Error(err)
		}
	})
	return s
}

func collect(t *testing.T, s Source) ([]vpc.Conversation, []vpc.Drop) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	passed, dropped, err := s.Collect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return passed, dropped
}

// A drop names the ENI whose group stopped it, the direction and the packet.
func TestDropsAreCollectedAtOnce(t *testing.T) {
	n := newNetwork(t, client, server, door)
	n.set()
	s := n.flows()
	from := netip.AddrPortFrom(at[client], 40000)
	for _, row := range []struct {
		name   string
		rules  func()
		to     string
		eni    string
		egress bool
	}{
		{"the sender's group", func() {}, server, client, true},
		{"the receiver's group", func() { n.may(client, anything(true)) }, server, server, false},
		{"the endpoint's group", func() {}, door, door, false},
	} {
		row.rules()
		n.set()
		before := time.Now()
		n.send(client, datagram(at[client], at[row.to], 4443, "hello"))
		passed, dropped := collect(t, s)
		want := vpc.Tuple{Protocol: vpc.ProtocolUDP, Src: from, Dst: netip.AddrPortFrom(at[row.to], 4443)}
		if len(passed) != 0 || len(dropped) != 1 || dropped[0].ENI != row.eni || dropped[0].Egress != row.egress ||
			dropped[0].Tuple != want || dropped[0].Bytes != 33 || dropped[0].Time.Before(before) {
			t.Fatalf("%s: passed %+v, dropped %+v", row.name, passed, dropped)
		}
	}
	if _, dropped := collect(t, s); len(dropped) != 0 {
		t.Errorf("collected twice: %+v", dropped)
	}
}

// What AWS does not log is not logged.
func TestUnloggedDrops(t *testing.T) {
	n := newNetwork(t, client, server)
	n.set()
	s := n.flows()
	n.send(client, datagram(at[client], resolver, 54, "not DNS"))
	n.send(client, datagram(at[client], gatewayA, 9, "to the router"))
	n.send(client, datagram(at[server], at[server], 9, "forged"))
	n.send(client, datagram(at[client], netip.MustParseAddr("198.18.1.1"), 9, "to the internet")) // its own group stops it
	passed, dropped := collect(t, s)
	if len(passed) != 0 || len(dropped) != 1 || dropped[0].Tuple.Dst.Addr().String() != "198.18.1.1" {
		t.Errorf("passed %+v, dropped %+v", passed, dropped)
	}
}

// Counters are those since the last collection, and times enclose the packets.
func TestConversationsCountWhatIsNew(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	s := n.flows()
	got := n.listenUDP(server, 53000)
	want := vpc.Tuple{Protocol: vpc.ProtocolUDP, Src: netip.AddrPortFrom(at[client], 40000), Dst: netip.AddrPortFrom(at[server], 53000)}
	for round := range uint64(3) {
		begin := time.Now()
		for range round + 1 {
			n.send(client, datagram(at[client], at[server], 53000, "12"))
			n.receive(got, patience)
		}
		passed, dropped := collect(t, s)
		if len(passed) != 1 || len(dropped) != 0 {
			t.Fatalf("round %d: passed %+v, dropped %+v", round, passed, dropped)
		}
		c := passed[0]
		if c.Tuple != want || c.Packets != [2]uint64{round + 1, 0} || c.Bytes != [2]uint64{30 * (round + 1), 0} {
			t.Errorf("round %d: %+v", round, c)
		}
		if c.Start.After(time.Now()) || c.End.Before(begin) || round == 0 && c.Start.Before(begin.Add(-time.Second)) {
			t.Errorf("round %d begins at %v: from %v to %v", round, begin, c.Start, c.End)
		}
	}
	if passed, _ := collect(t, s); len(passed) != 0 {
		t.Errorf("nothing passed, but %+v", passed)
	}
}

// A connection that begins and ends between two collections is in the next
// one, even if there are thousands.
func TestEndedConnectionsAreNotLost(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	n.echo(server, 80)
	s := n.flows()
	const connections = 3000
	n.in(client, func() error {
		for range connections {
			c, err := net.Dial("tcp4", netip.AddrPortFrom(at[server], 80).String())
			if err != nil {
				return err
			}
			c.Write([]byte("x"))
			io.ReadFull(c, make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0) // a reset: tracking ends in 10 s; the removal below ends it now
			c.Close()
		}
		return nil
	})
	n.enis = []string{client} // ends the server's connections
	n.set()
	seen := map[vpc.Tuple][2]uint64{}
	for deadline := time.Now().Add(patience); len(seen) < connections && time.Now().Before(deadline); {
		passed, _ := collect(t, s)
		for _, c := range passed {
			p := seen[c.Tuple]
			seen[c.Tuple] = [2]uint64{p[0] + c.Packets[0], p[1] + c.Packets[1]}
		}
	}
	if len(seen) != connections {
		t.Fatalf("%d of %d connections", len(seen), connections)
	}
	for tuple, p := range seen {
		if p[0] < 4 || p[1] < 2 || tuple.Dst != netip.AddrPortFrom(at[server], 80) {
			t.Fatalf("%v: %d packets", tuple, p)
		}
	}
}

// What passed before the Source was made is not its business.
func TestFlowsBeginWithTheSource(t *testing.T) {
	n := newNetwork(t, client, server)
	n.may(client, anything(true))
	n.may(server, anything(false))
	n.set()
	n.echo(server, 80)
	c := n.passes(client, server, 80)
	s := n.flows()
	if passed, _ := collect(t, s); len(passed) != 0 {
		t.Errorf("from before: %+v", passed)
	}
	n.talks(c)
	passed, _ := collect(t, s)
	if len(passed) != 1 || passed[0].Packets[vpc.Original] == 0 || passed[0].Packets[vpc.Replies] == 0 || passed[0].Packets[vpc.Original] > 3 {
		t.Errorf("after one exchange: %+v", passed)
	}
}

func TestCollectStopsWithItsContext(t *testing.T) {
	n := newNetwork(t, client)
	n.set()
	s := n.flows()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.Collect(ctx); err == nil {
		// The marker may have been back before the context was looked at.
		t.Log("collected in spite of the cancelled context")
	}
	collect(t, s)
}

// Counting can begin in the middle of a storm of drops; what finds no room is
// known by number.
func TestFlowsBeginUnderLoad(t *testing.T) {
	n := newNetwork(t, client, server)
	n.set()
	packet := datagram(at[client], at[server], 4443, "hello")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				n.send(client, packet)
			}
		}
	}()
	for range 30 {
		s, err := n.host.Flows(vpcID)
		if err != nil {
			t.Error(err)
			break
		}
		if _, _, err := s.Collect(context.Background()); err != nil {
			if _, ok := errors.AsType[*Lost](err); !ok {
				t.Error(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	<-done
}

// The provider's flow logs know nothing of the consumer's addresses: what came
// in by the peer link is between the load balancer and its target. The
// consumer's know nothing of the target. Where all are in one VPC, both sides
// are logged.
func TestFlowsOfAService(t *testing.T) {
	p := newPair(t)
	p.set()
	p.target(targetID, targetAt, 8443)
	open := func(id string) Source {
		s, err := p.host.Flows(id)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	consumer, provider := open(consumerID), open(providerID)
	sides := func(s Source) map[[2]string]bool {
		passed, dropped := collect(t, s)
		if len(dropped) != 0 {
			t.Errorf("dropped %+v", dropped)
		}
		seen := map[[2]string]bool{}
		for _, c := range passed {
			seen[[2]string{c.Tuple.Src.Addr().String(), c.Tuple.Dst.String()}] = true
		}
		return seen
	}
	for i, node := range nodeAt {
		target := netip.AddrPortFrom(targetAt[i], 8443).String()
		p.reaches("tcp", client, doorAt[i], 443, node)
		want := map[[2]string]bool{{clientAt[i].String(), netip.AddrPortFrom(doorAt[i], 443).String()}: true}
		if got := sides(consumer); !maps.Equal(got, want) {
			t.Errorf("the consumer's VPC: %v, want %v", got, want)
		}
		want = map[[2]string]bool{{node.String(), target}: true}
		if got := sides(provider); !maps.Equal(got, want) {
			t.Errorf("the provider's VPC: %v, want %v", got, want)
		}
		p.reaches("tcp", doubleID, node, 443, node)
		want[[2]string{clientAt[i].String(), netip.AddrPortFrom(node, 443).String()}] = true
		if got := sides(provider); !maps.Equal(got, want) {
			t.Errorf("within the provider's VPC: %v, want %v", got, want)
		}
		sides(consumer) // what ends meanwhile is of no interest to the next round
	}
}
