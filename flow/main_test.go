package flow

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/vpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	vpcID   = "vpc-0a1b2c3d4e5f60718"
	subnetA = "subnet-0aaaaaaaaaaaaaaaa"
	subnetB = "subnet-0bbbbbbbbbbbbbbbb"
	appID   = "eni-0a111111111111111"
	doorID  = "eni-0b222222222222222"
)

// A workload in one subnet and an endpoint's interface, of another account, in
// the other.
var (
	app  = eni(appID, subnetA, "111122223333", "10.0.1.5")
	door = eni(doorID, subnetB, "444455556666", "10.0.2.9")
)

func eni(id, subnet, account, address string) vpc.ENI {
	return vpc.ENI{
		Owner:   vpc.Owner{Account: account, Region: "us-east-1"},
		ID:      id,
		VPC:     vpcID,
		Subnet:  subnet,
		Address: netip.MustParseAddr(address),
	}
}

func flowLog(id, resource, traffic string, interval time.Duration) vpc.FlowLog {
	return vpc.FlowLog{ID: id, Resource: resource, Traffic: traffic, Format: vpc.DefaultFlowFormat, Interval: interval}
}

func tcp(src, dst string) vpc.Tuple {
	return vpc.Tuple{Protocol: vpc.ProtocolTCP, Src: netip.MustParseAddrPort(src), Dst: netip.MustParseAddrPort(dst)}
}

// call is app's call to door: packets and bytes there, and back.
func call(start, end time.Time) vpc.Conversation {
	return vpc.Conversation{
		Tuple:   tcp("10.0.1.5:40000", "10.0.2.9:443"),
		Packets: [2]uint64{10, 8},
		Bytes:   [2]uint64{840, 5200},
		Start:   start,
		End:     end,
	}
}

// counter is a Source that returns what count and drop left in it.
type counter struct {
	mu       sync.Mutex
	collects int
	c        []vpc.Conversation
	d        []vpc.Drop
	err      error
}

func (s *counter) Collect(context.Context) ([]vpc.Conversation, []vpc.Drop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collects++
	c, d := s.c, s.d
	s.c, s.d = nil, nil
	return c, d, s.err
}

func (s *counter) count(c ...vpc.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c = append(s.c, c...)
}

func (s *counter) drop(d ...vpc.Drop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d = append(s.d, d...)
}

func (s *counter) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// page is a Sink that keeps lines, with the flow log's id in front.
type page struct {
	mu    sync.Mutex
	lines []string
	calls int
	err   func(call int) error // nil: never
}

func (p *page) Deliver(_ context.Context, log vpc.FlowLog, eni vpc.ENI, records []Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.err != nil {
		if err := p.err(p.calls); err != nil {
			return err
		}
	}
	for _, r := range records {
		p.lines = append(p.lines, log.ID+": "+r.Line)
	}
	return nil
}

// take returns the lines since the last take, ordered by flow log; those of
// one keep their order.
func (p *page) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortStableFunc(p.lines, func(a, b string) int {
		a, _, _ = strings.Cut(a, ":")
		b, _, _ = strings.Cut(b, ":")
		return cmp.Compare(a, b)
	})
	all := strings.Join(p.lines, "\n")
	p.lines = nil
	return all
}

// A lab is a running collector in a synctest bubble, whose time begins at
// 2000-01-01T00:00:00Z = 946684800.
type lab struct {
	*Collector
	*testing.T
	counter *counter
	page    *page
	stop    func() // ends Run and waits for it
}

func inLab(t *testing.T, cfg Config, test func(l *lab)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{T: t, counter: &counter{}, page: &page{}}
		cfg.Sink, cfg.Log = l.page, slog.New(slog.DiscardHandler)
		l.Collector = NewCollector(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- l.Collector.Run(ctx) }()
		l.stop = sync.OnceFunc(func() {
			cancel()
			if err := <-ran; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		defer l.stop()
		test(l)
	})
}

// set records enis with logs.
func (l *lab) set(logs []vpc.FlowLog, enis ...vpc.ENI) {
	l.Helper()
	if err := l.Collector.Set(vpcID, VPC{Logs: logs, ENIs: enis, Source: l.counter}); err != nil {
		l.Error(err)
	}
	synctest.Wait()
}

// sleep lets d pass, and a moment more, so that what is due then happens.
func (l *lab) sleep(d time.Duration) {
	<-time.After(d + time.Nanosecond)
	synctest.Wait()
}

// want compares the delivered lines with the lines of text, in which APP and
// DOOR begin the interfaces' records.
func (l *lab) want(text string) {
	l.Helper()
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			line = strings.Replace(line, "APP", "2 111122223333 "+appID, 1)
			line = strings.Replace(line, "DOOR", "2 444455556666 "+doorID, 1)
			lines = append(lines, line)
		}
	}
	if got, want := l.page.take(), strings.Join(lines, "\n"); got != want {
		l.Errorf("at %d delivered\n%s\nwant\n%s", time.Now().Unix(), got, want)
	}
}
