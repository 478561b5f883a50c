package dns

import (
	"fmt"
	"testing"

	miekg "github.com/miekg/dns"
)

// plainLab is a resolver of everything that the other tests know.
func plainLab() *resolver {
	r := newResolver(elsewhere)
	view := dualView
	view.Zones = append(append([]RRSet{}, theView.Zones...), dualView.Zones...)
	view.Hosts = append(append([]RRSet{}, theView.Hosts...), dualView.Hosts...)
	r.view.Store(compileView(view))
	public := append(append([]RRSet{}, thePublic...), dualPublic...)
	public = append(public, manyAddresses())
	r.public.set(vpcID, public)
	return r
}

// manyAddresses is a name whose answer does not fit into a packet.
func manyAddresses() RRSet {
	many := RRSet{Name: "many.eks.us-east-1.vpce.amazonaws.com"}
	for i := range 200 {
		many.A = append(many.A, set("", fmt.Sprintf("10.0.1.%d", i)).A...)
	}
	return many
}

// long answers a packet the long way.
func long(r *resolver, packet []byte, t transport) *miekg.Msg {
	query, rcode, ok := parse(packet)
	if !ok {
		return nil
	}
	reply := new(miekg.Msg).SetRcode(query, rcode)
	if rcode == miekg.RcodeSuccess && !answer(r.view.Load(), r.public, reply) {
		return nil
	}
	m := new(miekg.Msg)
	if m.Unpack(pack(query, reply, t)) != nil {
		return nil
	}
	return m
}

// compare answers a packet both ways, and reports whether there is a short one.
func compare(t *testing.T, short, other *resolver, packet []byte, tr transport) bool {
	t.Helper()
	out, ok := answerPlain(short.view.Load(), short.public, []byte("before"), packet, tr)
	if string(out[:6]) != "before" || !ok && len(out) != 6 {
		t.Fatalf("%x: wrote %x", packet, out)
	}
	want := long(other, packet, tr)
	if !ok {
		long(short, packet, tr) // rotates as well
		return false
	}
	got := new(miekg.Msg)
	if err := got.Unpack(out[6:]); err != nil {
		t.Fatalf("%x: %v", packet, err)
	}
	if want == nil || got.String() != want.String() {
		t.Fatalf("%x\ngot\n%v\nwant\n%v", packet, got, want)
	}
	if tr == overUDP && len(out)-6 > udpSize {
		t.Fatalf("%d bytes over UDP", len(out)-6)
	}
	return true
}

// variants are the ways in which clients ask one question.
var variants = map[string]func(*miekg.Msg){
	"plain":       func(q *miekg.Msg) {},
	"no RD":       func(q *miekg.Msg) { q.RecursionDesired = false },
	"AD":          func(q *miekg.Msg) { q.AuthenticatedData = true },
	"CD":          func(q *miekg.Msg) { q.CheckingDisabled = true },
	"EDNS":        func(q *miekg.Msg) { q.SetEdns0(1232, false) },
	"EDNS small":  func(q *miekg.Msg) { q.SetEdns0(0, false) },
	"EDNS large":  func(q *miekg.Msg) { q.SetEdns0(65535, false) },
	"DO":          func(q *miekg.Msg) { q.SetEdns0(1232, true) },
	"version 1":   func(q *miekg.Msg) { q.SetEdns0(1232, true).IsEdns0().SetVersion(1) },
	"class CH":    func(q *miekg.Msg) { q.Question[0].Qclass = miekg.ClassCHAOS },
	"update":      func(q *miekg.Msg) { q.Opcode = miekg.OpcodeUpdate },
	"two":         func(q *miekg.Msg) { q.Question = append(q.Question, q.Question[0]) },
	"none":        func(q *miekg.Msg) { q.Question = nil },
	"cookie":      func(q *miekg.Msg) { q.SetEdns0(1232, false); addCookie(q) },
	"another RR":  func(q *miekg.Msg) { q.Extra = []miekg.RR{minimalANY("example.org.")} },
	"upper case":  func(q *miekg.Msg) { q.Question[0].Name = upper(q.Question[0].Name) },
	"as response": func(q *miekg.Msg) { q.Response = true },
}

func addCookie(q *miekg.Msg) {
	opt := q.IsEdns0()
	opt.Option = append(opt.Option, &miekg.EDNS0_COOKIE{Code: miekg.EDNS0COOKIE, Cookie: "0123456789abcdef"})
}

func upper(name string) string {
	b := []byte(name)
	for i := range b {
		if 'a' <= b[i] && b[i] <= 'z' && i%3 > 0 {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// The short way and the long way give the same answers, byte for byte but for
// compression, in the same order of rotation.
func TestPlainIsTheLongWay(t *testing.T) {
	short, other := plainLab(), plainLab()
	names := []string{".", "example.org.", "nope.ec2.internal.", "x.wild.example.org.", `a\.b.example.org.`, "*.wild.example.org.", "localhost.", "ec2.us-east-1.amazonaws.com.", "10.in-addr.arpa."}
	for _, sets := range [][]RRSet{theView.Zones, dualView.Zones, theView.Hosts, dualView.Hosts, thePublic, dualPublic, {manyAddresses()}} {
		for _, s := range sets {
			names = append(names, s.Name+".")
		}
	}
	short4 := map[string]int{}
	for range 3 { // rotations
		for _, name := range names {
			for what, change := range variants {
				for _, qtype := range []uint16{A, AAAA, ANY, SOA, CNAME, PTR, HTTPS} {
					q := question(name, qtype)
					change(q)
					packet, err := q.Pack()
					if err != nil {
						t.Fatal(err)
					}
					for _, tr := range []transport{overUDP, overTCP} {
						if compare(t, short, other, packet, tr) {
							short4[what]++
						}
					}
				}
			}
		}
	}
	for _, what := range []string{"plain", "no RD", "AD", "CD", "EDNS", "EDNS small", "EDNS large", "DO", "upper case"} {
		if short4[what] == 0 {
			t.Errorf("%s: never answered the short way", what)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, change := range variants {
		for _, qtype := range []uint16{A, AAAA} {
			q := question("api.example.org.", qtype)
			change(q)
			packet, err := q.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(packet)
			f.Add(packet[:len(packet)-1])
			f.Add(append(packet, 0))
		}
	}
	short, other := plainLab(), plainLab()
	f.Fuzz(func(t *testing.T, packet []byte) {
		compare(t, short, other, packet, overUDP)
		compare(t, short, other, packet, overTCP)
	})
}

// The short way allocates nothing.
func TestPlainAllocates(t *testing.T) {
	r := plainLab()
	buf := make([]byte, 0, udpSize)
	for _, q := range []*miekg.Msg{
		question("eks.us-east-1.amazonaws.com.", A),
		question("eks.us-east-1.amazonaws.com.", AAAA),
		question("api.example.org.", AAAA),
		question(own+".", A),
	} {
		packet, err := q.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { r.lookup(buf, packet, overUDP) }); n != 0 {
			t.Errorf("%v: %v allocations", q.Question[0], n)
		}
	}
}
