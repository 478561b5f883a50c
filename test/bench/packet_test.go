package bench

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/postern/postern/dataplane/netns"
)

// rounds is how often each way takes its turn; the median counts, so that a
// busy moment of the machine hits no way alone.
const (
	rounds = 5
	turn   = 500 * time.Millisecond
)

// BenchmarkPacket prints, for each way, what it does and its ratio to the
// direct link.
func BenchmarkPacket(b *testing.B) {
	compare(b, lab(b), []measure{
		{"bulk, 1 stream", "Gbit/s", bulk(1)},
		{"bulk, 4 streams", "Gbit/s", bulk(4)},
		{"64-byte round trip, p50", "µs", roundTrip(0.5)},
		{"connect, one byte, close", "/s", connections(1)},
	}, "endpoint : direct", "workload : direct")
}

// measure is something that a way does more or less of.
type measure struct {
	name string
	unit string
	run  func(way) (float64, error)
}

// compare prints what each way does, and ratios of two ways ("one : other").
// One round of all ways is one operation of the benchmark.
func compare(b *testing.B, ways []way, measures []measure, ratios ...string) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nmeasure\tunit")
	for _, w := range ways {
		fmt.Fprintf(table, "\t%s", w.name)
	}
	fmt.Fprintf(table, "\t%s\n", strings.Join(ratios, "\t"))
	for b.Loop() {
		for _, m := range measures {
			got := map[string][]float64{}
			for range rounds {
				for _, w := range ways {
					v, err := m.run(w)
					if err != nil {
						b.Fatalf("%s, %s: %v", m.name, w.name, err)
					}
					got[w.name] = append(got[w.name], v)
				}
			}
			fmt.Fprintf(table, "%s\t%s", m.name, m.unit)
			for _, w := range ways {
				fmt.Fprintf(table, "\t%.4g", median(got[w.name]))
			}
			for _, r := range ratios {
				one, other, _ := strings.Cut(r, " : ")
				fmt.Fprintf(table, "\t%.2f", median(got[one])/median(got[other]))
			}
			fmt.Fprintln(table)
		}
		table.Flush()
	}
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile sorts v. It is NaN if there is nothing.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return v[int(float64(len(v)-1)*q)]
}

// serve runs a server at the end of w until the returned function is called,
// which waits for all of its connections to end.
func serve(w way, handle func(net.Conn)) (stop func(), err error) {
	l, err := w.listen()
	if err != nil {
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	return func() { // more than once is allowed
		l.Close()
		running.Wait()
	}, nil
}

// bulk writes for one turn on a number of streams: Gbit/s. The turn begins when
// all of them have reached the server.
func bulk(streams int) func(way) (float64, error) {
	return func(w way) (float64, error) {
		var received atomic.Int64
		arrived := make(chan struct{}, streams)
		stop, err := serve(w, func(c net.Conn) {
			arrived <- struct{}{}
			n, _ := io.Copy(io.Discard, c)
			received.Add(n)
		})
		if err != nil {
			return 0, err
		}
		defer stop()
		var open []net.Conn
		defer func() {
			for _, c := range open {
				c.Close()
			}
		}()
		for range streams {
			c, err := w.dial()
			if err != nil {
				return 0, err
			}
			open = append(open, c)
		}
		for range streams {
			<-arrived
		}
		began := time.Now()
		var total sync.WaitGroup
		for _, c := range open {
			total.Go(func() {
				defer c.Close()
				block := make([]byte, 256<<10)
				for time.Since(began) < turn {
					if _, err := c.Write(block); err != nil {
						return
					}
				}
			})
		}
		total.Wait()
		stop()
		return float64(received.Load()) * 8 / time.Since(began).Seconds() / 1e9, nil
	}
}

// roundTrip is a quantile of the times of a 64-byte request and its echo, in
// microseconds.
func roundTrip(q float64) func(way) (float64, error) {
	return func(w way) (float64, error) {
		stop, err := serve(w, func(c net.Conn) { io.Copy(c, c) })
		if err != nil {
			return 0, err
		}
		defer stop()
		c, err := w.dial()
		if err != nil {
			return 0, err
		}
		defer c.Close()
		message := make([]byte, 64)
		var times []float64
		for began := time.Now(); time.Since(began) < turn; {
			sent := time.Now()
			if _, err := c.Write(message); err != nil {
				return 0, err
			}
			if _, err := io.ReadFull(c, message); err != nil {
				return 0, err
			}
			times = append(times, float64(time.Since(sent).Nanoseconds())/1000)
		}
		return quantile(times, q), nil
	}
}

// connections is how many connections a second can be made, used for one byte
// each way, and closed, by so many clients, each of them one after the other.
func connections(clients int) func(way) (float64, error) {
	return func(w way) (float64, error) {
		stop, err := serve(w, func(c net.Conn) { io.Copy(c, c) })
		if err != nil {
			return 0, err
		}
		defer stop()
		var count atomic.Int64
		var all sync.WaitGroup
		errs := make([]error, clients)
		began := time.Now()
		for i := range clients {
			all.Go(func() {
				errs[i] = netns.Do(w.client, func() error {
					for time.Since(began) < turn {
						if err := once(w.target); err != nil {
							return err
						}
						count.Add(1)
					}
					return nil
				})
			})
		}
		all.Wait()
		return float64(count.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
	}
}

// once uses one connection from the namespace of the calling thread. It ends
// with a reset: no TIME_WAIT, so ports do not run out.
func once(to netip.AddrPort) error {
	c, err := net.Dial("tcp4", to.String())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	one := []byte{1}
	if _, err := c.Write(one); err != nil {
		return err
	}
	_, err = io.ReadFull(c, one)
	return err
}
