package conntrack

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/postern/postern/vpc"
	"github.com/ti-mo/conntrack"
	"pgregory.net/rapid"
)

var (
	zero = time.Unix(1_800_000_000, 0)
	a, b = netip.MustParseAddr("10.0.1.5"), netip.MustParseAddr("10.0.2.7")
)

func sec(n int) time.Time { return zero.Add(time.Duration(n) * time.Second) }

// flow is a TCP connection from port to 443 with so many packets each way, of
// 100 bytes.
func flow(id uint32, port uint16, begin int, there, back uint64) conntrack.Flow {
	f := conntrack.NewFlow(6, 0, a, b, port, 443, 0, 0)
	f.ID = id
	f.Timestamp.Start = sec(begin)
	f.CountersOrig = conntrack.Counter{Packets: there, Bytes: 100 * there}
	f.CountersReply = conntrack.Counter{Packets: back, Bytes: 100 * back}
	return f
}

func ended(f conntrack.Flow, at int) conntrack.Flow {
	f.Timestamp.Stop = sec(at)
	return f
}

func conversation(port uint16, there, back uint64, from, to int) vpc.Conversation {
	return vpc.Conversation{
		Tuple:   vpc.Tuple{Protocol: 6, Src: netip.AddrPortFrom(a, port), Dst: netip.AddrPortFrom(b, 443)},
		Packets: [2]uint64{there, back},
		Bytes:   [2]uint64{100 * there, 100 * back},
		Start:   sec(from), End: sec(to),
	}
}

func TestLedger(t *testing.T) {
	type flows = []conntrack.Flow
	type step struct {
		live, ended flows
		now         int
		want        []vpc.Conversation
	}
	for name, steps := range map[string][]step{
		"a live connection counts from its start, then from the last collection": {
			{live: flows{flow(1, 1000, 3, 5, 4)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 10)}},
			{live: flows{flow(1, 1000, 3, 9, 4)}, now: 20, want: []vpc.Conversation{conversation(1000, 4, 0, 10, 20)}},
			{live: flows{flow(1, 1000, 3, 9, 4)}, now: 30},
		},
		"one that began and ended between two collections": {
			{ended: flows{ended(flow(1, 1000, 3, 5, 4), 6)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 6)}},
			{now: 20},
		},
		"the rest comes with the end": {
			{live: flows{flow(1, 1000, 3, 5, 4)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 10)}},
			{ended: flows{ended(flow(1, 1000, 3, 7, 4), 15)}, now: 20, want: []vpc.Conversation{conversation(1000, 2, 0, 10, 15)}},
			{ended: flows{}, now: 30},
		},
		"one that ends during the dump counts once": {
			{live: flows{flow(1, 1000, 3, 5, 4)}, ended: flows{ended(flow(1, 1000, 3, 6, 4), 9)}, now: 10,
				want: []vpc.Conversation{conversation(1000, 6, 4, 3, 9)}},
		},
		"a dump that shows one twice": {
			{live: flows{flow(1, 1000, 3, 5, 4), flow(1, 1000, 3, 5, 4)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 10)}},
		},
		"a dump that skips one": {
			{live: flows{flow(1, 1000, 3, 5, 4)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 10)}},
			{now: 20},
			{live: flows{flow(1, 1000, 3, 6, 4)}, now: 30, want: []vpc.Conversation{conversation(1000, 1, 0, 20, 30)}},
		},
		"the same ports again are another connection": {
			{live: flows{flow(1, 1000, 3, 5, 4)}, now: 10, want: []vpc.Conversation{conversation(1000, 5, 4, 3, 10)}},
			{live: flows{flow(2, 1000, 12, 1, 0)}, ended: flows{ended(flow(1, 1000, 3, 5, 4), 11)}, now: 20,
				want: []vpc.Conversation{conversation(1000, 1, 0, 12, 20)}},
		},
		"clocks that went back do not turn times around": {
			{live: flows{flow(1, 1000, 50, 1, 0)}, now: 10, want: []vpc.Conversation{conversation(1000, 1, 0, 50, 50)}},
		},
	} {
		l := newLedger(nil, zero)
		for i, s := range steps {
			for _, f := range s.ended {
				l.end(f)
			}
			got, lost := l.collect(s.live, sec(s.now))
			if diff := cmp.Diff(s.want, got, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" || lost != 0 {
				t.Errorf("%s, step %d: %d lost (-want +got):\n%s", name, i, lost, diff)
			}
		}
	}
}

func TestLedgerBeginsWithWhatIs(t *testing.T) {
	l := newLedger([]conntrack.Flow{flow(1, 1000, -100, 50, 40)}, zero)
	got, _ := l.collect([]conntrack.Flow{flow(1, 1000, -100, 51, 40)}, sec(10))
	if len(got) != 1 || got[0].Packets != [2]uint64{1, 0} || !got[0].Start.Equal(zero) {
		t.Errorf("%+v", got)
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := newLedger(nil, zero)
	for i := range maxEnded + 7 {
		l.end(ended(flow(uint32(i), 1000, 0, 1, 1), 1))
	}
	got, lost := l.collect(nil, sec(10))
	if len(got) != maxEnded || lost != 7 {
		t.Errorf("%d conversations, %d lost", len(got), lost)
	}
	l.collect([]conntrack.Flow{flow(1, 1000, 3, 5, 4)}, sec(20))
	for i := range maxAbsent + 1 {
		l.collect(nil, sec(30+i))
	}
	if len(l.reported) != 0 {
		t.Errorf("%d connections are remembered for ever", len(l.reported))
	}
}

// Whenever it is collected and whatever a dump shows twice: every packet is
// reported once.
func TestLedgerCountsEveryPacketOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger(nil, zero)
		live := map[uint32]conntrack.Flow{}
		var sent, reported uint64
		now := 0
		collect := func() {
			now++
			var dump []conntrack.Flow
			for _, f := range live {
				dump = append(dump, f, f)
			}
			got, _ := l.collect(dump, sec(now))
			for _, c := range got {
				reported += c.Packets[0]
			}
		}
		for id := range rapid.SliceOfN(rapid.Just(0), 1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "do") {
			case 0:
				live[uint32(id)] = flow(uint32(id), uint16(id%3), now, 1, 0)
				sent++
			case 1:
				for k, f := range live {
					f.CountersOrig.Packets++
					live[k] = f
					sent++
				}
			case 2:
				for k, f := range live {
					f.CountersOrig.Packets++
					sent++
					l.end(f)
					delete(live, k)
					break
				}
			case 3:
				collect()
			}
		}
		collect()
		if sent != reported {
			t.Fatalf("%d packets sent, %d reported", sent, reported)
		}
	})
}
