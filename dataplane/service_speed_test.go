package dataplane

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nft"
)

var speed = flag.Duration("speed", 0, "measure the way through two VPCs, each figure for so long a time")

// The way through an endpoint service, beside the same two hops without any
// rules or tracking, in turns.
func TestSpeedOfServices(t *testing.T) {
	if *speed == 0 {
		t.Skip("measures with -speed=2s")
	}
	service, routed := newPair(t), newPair(t)
	service.set()
	routed.set()
	routed.route()
	to := map[*pair]netip.AddrPort{service: netip.AddrPortFrom(doorAt[0], 443), routed: netip.AddrPortFrom(targetAt[0], 8443)}
	for p := range to {
		p.sink()
	}
	figures := map[string]map[*pair][]float64{}
	for range 5 {
		for what, measure := range map[string]func(*pair, netip.AddrPort) float64{
			"bulk, MB/s": (*pair).bulk, "round trip of 64 bytes, µs (median)": (*pair).roundTrip, "connections a second": (*pair).connects,
		} {
			for _, p := range []*pair{service, routed} {
				if figures[what] == nil {
					figures[what] = map[*pair][]float64{}
				}
				figures[what][p] = append(figures[what][p], measure(p, to[p]))
			}
		}
	}
	for what, f := range figures {
		slices.Sort(f[service])
		slices.Sort(f[routed])
		through, direct := f[service][2], f[routed][2]
		if ratio := through / direct; ratio < 0.5 || ratio > 2 {
			t.Errorf("%s: the service is not half as fast as the route", what)
		}
		t.Logf("%s: service %.1f, routed %.1f: %.3f   (%.1f, %.1f)", what, through, direct, through/direct, f[service], f[routed])
	}
}

// route empties the filters of both VPCs and leads client and target to each
// other over the peer link.
func (p *pair) route() {
	p.t.Helper()
	name := link.PeerName(consumerID, providerID)
	for id, to := range map[string]netip.Addr{consumerID: targetAt[0], providerID: clientAt[0]} {
		path := p.host.path(id)
		if err := nft.Open(path).Apply(nft.Ruleset{}); err != nil {
			p.t.Fatal(err)
		}
		cmd := exec.Command("ip", "route", "replace", to.String(), "via", link.PeerHop.String(), "dev", name, "onlink")
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		err := netns.Start(cmd, path)
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			p.t.Fatal(err, out.String())
		}
	}
}

// sink serves what the measurements ask for with the first byte of a
// connection: s swallows, e echoes.
func (p *pair) sink() {
	p.in(targetID, func() error {
		l, err := net.Listen("tcp", netip.AddrPortFrom(targetAt[0], 8443).String())
		if err != nil {
			return err
		}
		p.t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					kind := make([]byte, 1)
					if _, err := io.ReadFull(c, kind); err != nil {
						return
					}
					if kind[0] == 'e' {
						b := make([]byte, 64)
						for {
							if _, err := io.ReadFull(c, b); err != nil {
								return
							}
							c.Write(b)
						}
					}
					b := make([]byte, 1<<20)
					for {
						if _, err := c.Read(b); err != nil {
							return
						}
					}
				}()
			}
		}()
		return nil
	})
}

func (p *pair) open(to netip.AddrPort) (c net.Conn) {
	p.in(client, func() (err error) {
		c, err = net.DialTimeout("tcp", to.String(), patience)
		return err
	})
	return c
}

func (p *pair) bulk(to netip.AddrPort) float64 {
	c := p.open(to)
	defer c.Close()
	c.Write([]byte("s"))
	b := make([]byte, 1<<20)
	n, start := 0, time.Now()
	for time.Since(start) < *speed {
		k, err := c.Write(b)
		if err != nil {
			p.t.Fatal(err)
		}
		n += k
	}
	return float64(n) / 1e6 / time.Since(start).Seconds()
}

func (p *pair) roundTrip(to netip.AddrPort) float64 {
	c := p.open(to)
	defer c.Close()
	c.Write([]byte("e"))
	b := make([]byte, 64)
	var all []time.Duration
	for start := time.Now(); time.Since(start) < *speed; {
		begin := time.Now()
		c.Write(b)
		if _, err := io.ReadFull(c, b); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, time.Since(begin))
	}
	slices.Sort(all)
	return float64(all[len(all)/2].Nanoseconds()) / 1e3
}

func (p *pair) connects(to netip.AddrPort) float64 {
	n, start := 0, time.Now()
	p.in(client, func() error {
		for time.Since(start) < *speed {
			c, err := net.DialTimeout("tcp", to.String(), patience)
			if err != nil {
				return fmt.Errorf("connection %d: %w", n, err)
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
			n++
		}
		return nil
	})
	return float64(n) / time.Since(start).Seconds()
}
