package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	miekg "github.com/miekg/dns"
)

// upstreamOf answers each question with the records that zone has for its
// name, written as in a zone file; those of type SOA deny. It counts.
type upstreamOf struct {
	zone  string
	rcode int
	asked int
}

func (u *upstreamOf) ask(_ context.Context, q *miekg.Msg) (*miekg.Msg, error) {
	u.asked++
	m := new(miekg.Msg).SetRcode(q, u.rcode)
	m.AuthenticatedData = true
	m.SetEdns0(4096, true)
	for line := range strings.Lines(u.zone) {
		rr, err := miekg.NewRR(line)
		if err != nil {
			return nil, err
		}
		if rr.Header().Rrtype == SOA {
			m.Ns = append(m.Ns, rr)
		} else {
			m.Answer = append(m.Answer, rr)
		}
	}
	return m, nil
}

func askCache(t *testing.T, c *cache, q *miekg.Msg) *miekg.Msg {
	t.Helper()
	m, err := c.ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const soaLine = "\norg. 900 IN SOA a.example.org. b.example.org. 1 2 3 4 300"

// How long an answer is kept: for its least TTL, a denial for what its SOA
// says, and neither for ever.
func TestCacheLifetime(t *testing.T) {
	for _, row := range []struct {
		what string
		upstreamOf
		want time.Duration
	}{
		{"least TTL", upstreamOf{zone: "www.example.org. 30 IN A 192.0.2.1\nwww.example.org. 20 IN A 192.0.2.2"}, 20 * time.Second},
		{"alias", upstreamOf{zone: "www.example.org. 10 IN CNAME x.example.org.\nx.example.org. 20 IN A 192.0.2.2"}, 10 * time.Second},
		{"no data", upstreamOf{zone: soaLine[1:]}, 300 * time.Second},
		{"no such name", upstreamOf{rcode: miekg.RcodeNameError, zone: soaLine[1:]}, 300 * time.Second},
		{"TTL of the SOA", upstreamOf{zone: "org. 40 IN SOA a.example.org. b.example.org. 1 2 3 4 300"}, 40 * time.Second},
		{"alias to no data", upstreamOf{zone: "www.example.org. 10 IN CNAME x.example.org." + soaLine}, 10 * time.Second},
		{"denial without SOA", upstreamOf{rcode: miekg.RcodeNameError}, 0},
		{"alias without SOA", upstreamOf{zone: "www.example.org. 10 IN CNAME x.example.org."}, 0},
		{"failure", upstreamOf{rcode: miekg.RcodeServerFailure, zone: soaLine[1:]}, 0},
		{"TTL 0", upstreamOf{zone: "www.example.org. 0 IN A 192.0.2.1"}, 0},
		{"TTL with the top bit", upstreamOf{zone: "www.example.org. 4294967295 IN A 192.0.2.1"}, 0},
		{"long TTL", upstreamOf{zone: "www.example.org. 999999 IN A 192.0.2.1"}, 24 * time.Hour},
		{"long denial", upstreamOf{zone: "org. 99999 IN SOA a.example.org. b.example.org. 1 2 3 4 99999"}, time.Hour},
	} {
		t.Run(row.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache(row.ask)
				q := upstreamQuery(question("www.example.org.", A))
				askCache(t, c, q)
				if row.want > 0 {
					time.Sleep(row.want - time.Nanosecond)
					askCache(t, c, q)
					if row.asked != 1 {
						t.Error("asked again while the answer lived")
					}
					time.Sleep(time.Nanosecond)
				}
				askCache(t, c, q)
				if row.asked != 2 {
					t.Errorf("asked %d times, want 2", row.asked)
				}
			})
		})
	}
}

// What is kept grows older, and comes back with the name as it was asked.
func TestCacheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &upstreamOf{zone: "www.example.org. 30 IN CNAME x.example.org.\nx.example.org. 40 IN A 192.0.2.1"}
		c := newCache(u.ask)
		askCache(t, c, upstreamQuery(question("www.example.org.", A)))
		time.Sleep(10 * time.Second)
		m := askCache(t, c, upstreamQuery(question("WWW.example.org.", A)))
		want := "WWW.example.org. 20 IN CNAME x.example.org.\nx.example.org. 30 IN A 192.0.2.1"
		if text(m.Answer) != want || !m.AuthenticatedData || u.asked != 1 {
			t.Errorf("asked %d times, got %v", u.asked, m)
		}
		if opt := m.IsEdns0(); opt == nil || opt.Hdr.Ttl&0x8000 == 0 {
			t.Errorf("EDNS has aged: %v", opt)
		}
	})
}

// Questions that get different answers are kept apart.
func TestCacheKey(t *testing.T) {
	u := &upstreamOf{zone: "www.example.org. 30 IN A 192.0.2.1"}
	c := newCache(u.ask)
	for want, change := range []func(*miekg.Msg){
		func(q *miekg.Msg) {},
		func(q *miekg.Msg) { q.CheckingDisabled = true },
		func(q *miekg.Msg) { q.SetEdns0(1232, true) },
		func(q *miekg.Msg) { q.Question[0].Qtype = miekg.TypeANY },
		func(q *miekg.Msg) { q.Question[0].Name = "example.org." },
	} {
		for range 2 {
			q := question("www.example.org.", A)
			change(q)
			askCache(t, c, upstreamQuery(q))
		}
		if u.asked != want+1 {
			t.Errorf("asked %d times after question %d", u.asked, want)
		}
	}
}

// The same question is asked once at a time, and everybody who waits gets an
// answer of their own.
func TestCacheSharesFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &upstreamOf{zone: "www.example.org. 0 IN A 192.0.2.1"} // nothing is kept
		c := newCache(func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
			time.Sleep(time.Second)
			return u.ask(ctx, q)
		})
		var wg sync.WaitGroup
		var mu sync.Mutex
		answers := map[*miekg.Msg]bool{}
		for range 5 {
			wg.Go(func() {
				m := askCache(t, c, upstreamQuery(question("www.example.org.", A)))
				mu.Lock()
				defer mu.Unlock()
				answers[m] = true
			})
		}
		wg.Wait()
		if u.asked != 1 || len(answers) != 5 {
			t.Errorf("asked %d times for %d answers", u.asked, len(answers))
		}
	})
}

// Who waits for somebody else's question asks it again when that one goes
// away, shares an error of the upstream, and may go away as well.
func TestCacheFlightEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := newCache(func(ctx context.Context, q *miekg.Msg) (*miekg.Msg, error) {
			asked++
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Second):
				return nil, errors.New("unreachable")
			}
		})
		q := upstreamQuery(question("www.example.org.", A))
		first, leave := context.WithCancel(t.Context())
		ends := make(chan string, 3)
		ask := func(ctx context.Context, who string) {
			_, err := c.ask(ctx, q)
			ends <- fmt.Sprintf("%s: %v", who, err)
		}
		go ask(first, "first")
		synctest.Wait()
		go ask(t.Context(), "second")
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go ask(impatient, "third")
		if got, want := <-ends, "third: wait for the same question: context deadline exceeded"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		leave()
		diff(t, []string{<-ends, <-ends}, []string{"first: context canceled", "second: unreachable"})
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// The cache is bounded: what nobody has asked for longest makes room.
func TestCacheBounded(t *testing.T) {
	u := &upstreamOf{zone: "www.example.org. 30 IN TXT" + strings.Repeat(` "`+strings.Repeat("x", 249)+`"`, 200)}
	c := newCache(u.ask)
	ask := func(i int) { askCache(t, c, upstreamQuery(question(fmt.Sprintf("%d.example.org.", i), miekg.TypeTXT))) }
	n := cacheSize / (200 * 250)
	for i := range n {
		ask(i)
		ask(0)
	}
	if c.size > cacheSize || len(c.kept) >= n || c.recent.Len() != len(c.kept) {
		t.Errorf("%d bytes in %d answers, %d in order", c.size, len(c.kept), c.recent.Len())
	}
	asked := u.asked
	if ask(0); u.asked != asked {
		t.Error("an answer in use was forgotten")
	}
	if ask(1); u.asked != asked+1 {
		t.Error("an answer that nobody used was kept")
	}
}

// All VPCs share the cache, and a hit needs no place on the way upstream.
func TestCacheServesAll(t *testing.T) {
	u := &upstreamOf{zone: "www.example.org. 300 IN A 192.0.2.1"}
	lab := newLab(t, u.ask)
	lab.ask(t, "udp", question("www.example.org.", A))
	r := lab.vpcs[vpcID]
	for range maxForwards {
		r.forwards <- struct{}{}
	}
	for _, transport := range []string{"udp", "tcp"} {
		if got, want := text(lab.ask(t, transport, question("www.example.org.", A)).Answer), "www.example.org. 300 IN A 192.0.2.1"; got != want {
			t.Errorf("%s: got %s", transport, got)
		}
	}
	if u.asked != 1 {
		t.Errorf("asked %d times", u.asked)
	}
}

// What an upstream may send never does harm: the client gets an answer to its
// question that it can read, and the same one again from the cache.
func FuzzUpstreamAnswer(f *testing.F) {
	q := question("www.example.org.", A)
	for _, u := range []upstreamOf{
		{zone: "www.example.org. 30 IN CNAME x.example.org.\nx.example.org. 40 IN A 192.0.2.1"},
		{zone: soaLine[1:], rcode: miekg.RcodeNameError},
		{zone: "www.example.org. 30 IN TXT " + strings.Repeat(` "x"`, 300)},
	} {
		m, err := u.ask(context.Background(), q)
		if err != nil {
			f.Fatal(err)
		}
		packet, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	f.Add([]byte("0000\x00\x01000000\x000000\x03000\x00\x00\x06000000\x00\x00")) // a SOA without data
	f.Fuzz(func(t *testing.T, packet []byte) {
		asked := 0
		r := newResolver(func(_ context.Context, q *miekg.Msg) (*miekg.Msg, error) {
			m, err := decode(packet)
			if err == nil {
				asked++
			}
			return m, err
		})
		query, _ := q.Pack()
		ask := func() *miekg.Msg {
			m := new(miekg.Msg)
			if err := m.Unpack(r.exchange(context.Background(), query)); err != nil {
				t.Fatal(err)
			}
			if m.Id != q.Id || !m.Response || len(m.Question) != 1 || m.Question[0] != q.Question[0] {
				t.Fatalf("not an answer to the question: %v", m)
			}
			return m
		}
		first := ask()
		if second := ask(); asked == 1 && (second.Rcode != first.Rcode || len(second.Answer) != len(first.Answer)) {
			t.Fatalf("from the cache\n%v\nbefore\n%v", second, first)
		}
	})
}
