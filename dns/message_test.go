package dns

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"

	miekg "github.com/miekg/dns"
)

// with returns a query for an A record of our own, changed.
func with(change func(*miekg.Msg)) *miekg.Msg {
	q := question("eks.us-east-1.amazonaws.com.", A)
	change(q)
	return q
}

func TestRefusals(t *testing.T) {
	lab := newLab(t, elsewhere)
	for _, row := range []struct {
		what  string
		query *miekg.Msg
		want  int
	}{
		{"zone transfer", with(func(q *miekg.Msg) { q.Question[0].Qtype = miekg.TypeAXFR }), miekg.RcodeRefused},
		{"incremental transfer", with(func(q *miekg.Msg) { q.Question[0].Qtype = miekg.TypeIXFR }), miekg.RcodeRefused},
		{"key exchange", with(func(q *miekg.Msg) { q.Question[0].Qtype = miekg.TypeTKEY }), miekg.RcodeRefused},
		{"type OPT as a question", with(func(q *miekg.Msg) { q.Question[0].Qtype = miekg.TypeOPT }), miekg.RcodeFormatError},
		{"class CH", with(func(q *miekg.Msg) {
			q.Question[0] = miekg.Question{Name: "version.bind.", Qtype: miekg.TypeTXT, Qclass: miekg.ClassCHAOS}
		}), miekg.RcodeRefused},
		{"class ANY", with(func(q *miekg.Msg) { q.Question[0].Qclass = miekg.ClassANY }), miekg.RcodeRefused},
		{"no question", with(func(q *miekg.Msg) { q.Question = nil }), miekg.RcodeFormatError},
		{"two questions", with(func(q *miekg.Msg) { q.Question = append(q.Question, q.Question[0]) }), miekg.RcodeFormatError},
		{"two OPT records", with(func(q *miekg.Msg) { q.SetEdns0(1232, false).SetEdns0(1232, false) }), miekg.RcodeFormatError},
		{"EDNS version 1", with(func(q *miekg.Msg) { q.SetEdns0(1232, false).IsEdns0().SetVersion(1) }), miekg.RcodeBadVers},
		{"NOTIFY", with(func(q *miekg.Msg) { q.Opcode = miekg.OpcodeNotify }), miekg.RcodeRefused},
		{"an unknown opcode", with(func(q *miekg.Msg) { q.Opcode = 9 }), miekg.RcodeNotImplemented},
		{"UPDATE", with(func(q *miekg.Msg) { q.Opcode = miekg.OpcodeUpdate }), miekg.RcodeNotImplemented},
	} {
		for _, network := range []string{"udp", "tcp"} {
			got := lab.ask(t, network, row.query)
			if got.Rcode != row.want || len(got.Answer) != 0 || got.Opcode != row.query.Opcode {
				t.Errorf("%s over %s: want %s, got\n%v", row.what, network, miekg.RcodeToString[row.want], got)
			}
			if (got.IsEdns0() != nil) != (row.query.IsEdns0() != nil) {
				t.Errorf("%s over %s: EDNS in\n%v", row.what, network, got)
			}
		}
	}
}

// A query that does not desire recursion is answered like any other, from
// outside too.
func TestNotRecursive(t *testing.T) {
	lab := newLab(t, elsewhere)
	for name, want := range map[string]string{
		"ip-10-0-1-5.ec2.internal.": "ip-10-0-1-5.ec2.internal. 60 IN A 10.0.1.5",
		"example.org.":              forwarded,
	} {
		q := question(name, A)
		q.RecursionDesired = false
		if got := lab.ask(t, "udp", q); outcome(got) != want || got.RecursionDesired {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A packet of which only the header can be read gets FORMERR and its id back.
func TestMalformed(t *testing.T) {
	packet := []byte{0xbe, 0xef, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0}
	q, rcode, ok := parse(packet)
	if !ok || rcode != miekg.RcodeFormatError || q.Id != 0xbeef || !q.RecursionDesired {
		t.Errorf("got %v, rcode %d, ok %v", q, rcode, ok)
	}
	for _, drop := range [][]byte{nil, packet[:11], {0xbe, 0xef, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0}} {
		if _, _, ok := parse(drop); ok {
			t.Errorf("%x would be answered", drop)
		}
	}
}

// An answer's size depends on the transport and on what the client offers
// (RFC 6891); what does not fit is marked, and fits over TCP.
func TestTruncation(t *testing.T) {
	lab := newLab(t, nil)
	many := RRSet{Name: "many.eks.us-east-1.vpce.amazonaws.com"}
	for i := range 200 {
		many.A = append(many.A, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}))
	}
	lab.SetPublic(vpcID, []RRSet{many})
	for _, row := range []struct {
		network   string
		offer     uint16 // 0: no EDNS
		limit     int
		truncated bool
	}{
		{"udp", 0, 512, true},
		{"udp", 100, 512, true}, // below 512 means 512
		{"udp", 1000, 1000, true},
		{"udp", 4096, 1232, true},
		{"tcp", 0, 65535, false},
		{"tcp", 512, 65535, false},
	} {
		t.Run(fmt.Sprintf("%s %d", row.network, row.offer), func(t *testing.T) {
			q := question(many.Name+".", A)
			if row.offer > 0 {
				q.SetEdns0(row.offer, true)
			}
			got := lab.ask(t, row.network, q)
			got.Compress = true // as it was on the wire
			if got.Truncated != row.truncated || got.Len() > row.limit || !row.truncated && len(got.Answer) != 200 {
				t.Errorf("%d answers, %d bytes, TC %v", len(got.Answer), got.Len(), got.Truncated)
			}
			if row.truncated && got.Len() < row.limit-32 {
				t.Errorf("%d bytes leave room for another address within %d", got.Len(), row.limit)
			}
			switch opt := got.IsEdns0(); {
			case row.offer == 0 && opt != nil:
				t.Error("an OPT record that nobody asked for")
			case row.offer > 0 && (opt == nil || opt.UDPSize() != 1232 || !opt.Do() || len(opt.Option) != 0):
				t.Errorf("OPT is %v", opt)
			}
		})
	}
}

// newResolver is a resolver of theView without sockets.
func newResolver(upstream Upstream) *resolver {
	s := NewServer(Config{Upstream: upstream, Log: slog.New(slog.DiscardHandler)})
	s.SetPublic(vpcID, thePublic)
	s.Set(vpcID, theView)
	return s.vpcs[vpcID]
}

func FuzzPacket(f *testing.F) {
	seeds := []*miekg.Msg{
		question("eks.us-east-1.amazonaws.com.", A),
		question("example.org.", AAAA),
		question("5.1.0.10.in-addr.arpa.", PTR),
		with(func(q *miekg.Msg) { q.SetEdns0(512, true) }),
		with(func(q *miekg.Msg) { q.SetEdns0(512, true).IsEdns0().SetVersion(3) }),
		with(func(q *miekg.Msg) { q.Opcode = miekg.OpcodeUpdate }),
		with(func(q *miekg.Msg) { q.Response = true }),
		with(func(q *miekg.Msg) { q.Question[0].Name = `a\.b\000.localhost.` }),
	}
	for _, m := range seeds {
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	r := newResolver(elsewhere)
	f.Fuzz(func(t *testing.T, packet []byte) {
		out := r.exchange(context.Background(), packet)
		dropped := len(packet) < headerSize || packet[2]&0x80 != 0
		if dropped != (out == nil) {
			t.Fatalf("answer %x", out)
		}
		if dropped {
			return
		}
		m := new(miekg.Msg)
		if err := m.Unpack(out); err != nil {
			t.Fatalf("answer %x: %v", out, err)
		}
		if !m.Response || out[0] != packet[0] || out[1] != packet[1] {
			t.Fatalf("not the answer to %x:\n%v", packet, m)
		}
		udp, query := r.lookup(nil, packet, overUDP)
		if query == nil && len(udp) > udpSize {
			t.Fatalf("%d bytes over UDP", len(udp))
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	r := newResolver(nil)
	packet, err := question("eks.us-east-1.amazonaws.com.", A).Pack()
	if err != nil {
		b.Fatal(err)
	}
	out := make([]byte, 0, udpSize)
	b.ReportAllocs()
	for b.Loop() {
		r.lookup(out, packet, overUDP)
	}
}
