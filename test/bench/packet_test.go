package bench

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
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
// direct link. One round of all ways is one operation of the benchmark.
func BenchmarkPacket(b *testing.B) {
	ways := lab(b)
	measures := []struct {
		name string
		unit string
		run  func(way) (float64, error)
	}{
		{"bulk, 1 stream", "Gbit/s", func(w way) (float64, error) { return bulk(w, 1) }},
		{"bulk, 4 streams", "Gbit/s", func(w way) (float64, error) { return bulk(w, 4) }},
		{"64-byte round trip, p50", "µs", func(w way) (float64, error) { return roundTrip(w) }},
		{"connect, one byte, close", "/s", connections},
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nmeasure\tunit")
	for _, w := range ways {
		fmt.Fprintf(table, "\t%s", w.name)
	}
	fmt.Fprintln(table, "\tendpoint : direct\tworkload : direct")
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
			fmt.Fprintf(table, "\t%.2f\t%.2f\n", median(got["endpoint"])/median(got["direct"]), median(got["workload"])/median(got["direct"]))
		}
		table.Flush()
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
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
	return func() {
		l.Close()
		running.Wait()
	}, nil
}

// bulk writes for one turn on a number of streams and returns Gbit/s.
func bulk(w way, streams int) (float64, error) {
	var total sync.WaitGroup
	received := make(chan int64, streams)
	stop, err := serve(w, func(c net.Conn) {
		n, _ := io.Copy(io.Discard, c)
		received <- n
	})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for range streams {
		c, err := w.dial()
		if err != nil {
			stop()
			return 0, err
		}
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
	took := time.Since(began).Seconds()
	var bytes int64
	for range streams {
		bytes += <-received
	}
	return float64(bytes) * 8 / took / 1e9, nil
}

// roundTrip returns the median time of a 64-byte request and its echo in
// microseconds.
func roundTrip(w way) (float64, error) {
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
	return median(times), nil
}

// connections returns how many connections a second can be made, used for one
// byte each way, and closed, one after the other.
func connections(w way) (float64, error) {
	stop, err := serve(w, func(c net.Conn) { io.Copy(c, c) })
	if err != nil {
		return 0, err
	}
	defer stop()
	count := 0
	var took time.Duration
	err = netns.Do(w.client, func() error {
		one := []byte{1}
		began := time.Now()
		for ; time.Since(began) < turn; count++ {
			c, err := net.Dial("tcp4", w.target.String())
			if err != nil {
				return err
			}
			if tcp := c.(*net.TCPConn); tcp.SetLinger(0) != nil { // no TIME_WAIT: ports do not run out
				return fmt.Errorf("set linger")
			}
			if _, err := c.Write(one); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, one); err != nil {
				return err
			}
			c.Close()
		}
		took = time.Since(began)
		return nil
	})
	return float64(count) / took.Seconds(), err
}
