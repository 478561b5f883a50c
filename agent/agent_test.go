package agent

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dns"
	"github.com/postern/postern/flow"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeKernel keeps what it is told. Its sockets are on loopback.
type fakeKernel struct {
	mu      sync.Mutex
	held    map[string]dataplane.VPC
	broken  error // what Set answers
	sets    int
	slow    map[string]chan struct{} // Set of a VPC waits until it is closed
	sockets map[uint16]net.Addr      // where the listener of a port really is
	at      netip.Addr               // where the next connection believes to have come to
}

func newFakeKernel() *fakeKernel {
	return &fakeKernel{held: map[string]dataplane.VPC{}, sockets: map[uint16]net.Addr{}}
}

func (k *fakeKernel) Set(_ context.Context, v dataplane.VPC) error {
	k.mu.Lock()
	if wait := k.slow[v.ID]; wait != nil {
		k.mu.Unlock()
		<-wait
		k.mu.Lock()
	}
	defer k.mu.Unlock()
	k.sets++
	if k.broken != nil {
		return k.broken
	}
	k.held[v.ID] = v
	return nil
}

func (k *fakeKernel) Delete(_ context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.held, id)
	return nil
}

func (k *fakeKernel) List() ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var ids []string
	for id := range k.held {
		ids = append(ids, id)
	}
	return ids, nil
}

func (k *fakeKernel) Listen(_ string, a netip.AddrPort) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.sockets[a.Port()] = l.Addr()
	}
	return fakeListener{l, k}, err
}

// fakeListener is on loopback, and its connections say that they have come to
// the address that the test asked for.
type fakeListener struct {
	net.Listener
	kernel *fakeKernel
}

type fakeConn struct {
	net.Conn
	at netip.Addr
}

func (l fakeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.kernel.mu.Lock()
	defer l.kernel.mu.Unlock()
	return fakeConn{c, l.kernel.at}, nil
}

func (c fakeConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: c.at.AsSlice()} }

func (k *fakeKernel) ListenPacket(string, netip.AddrPort) (net.PacketConn, error) {
	return net.ListenPacket("udp", "127.0.0.1:0")
}

func (k *fakeKernel) Dial(context.Context, string, netip.Addr, netip.AddrPort) (net.Conn, error) {
	return nil, errors.New("nobody is there")
}

func (k *fakeKernel) Flows(string) (dataplane.Source, error) { return noTraffic{}, nil }

func (k *fakeKernel) vpc(id string) (dataplane.VPC, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.held[id]
	return v, ok
}

// hold makes Set of a VPC wait until the test calls release.
func (k *fakeKernel) hold(id string) (release func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := make(chan struct{})
	k.slow = map[string]chan struct{}{id: wait}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.slow, id)
		close(wait)
	}
}

func (k *fakeKernel) breakWith(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = err
}

// socket is where the test finds the listener of an address, nil if there is
// none.
func (k *fakeKernel) socket(a netip.AddrPort) net.Addr {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = a.Addr()
	return k.sockets[a.Port()]
}

type noTraffic struct{}

func (noTraffic) Collect(context.Context) ([]vpc.Conversation, []vpc.Drop, error) {
	return nil, nil, nil
}
func (noTraffic) Close() error { return nil }

type noSink struct{}

func (noSink) Deliver(context.Context, vpc.FlowLog, vpc.ENI, []flow.Record) error { return nil }

// fixture is an Agent at work over a store and a fake kernel.
type fixture struct {
	*testing.T
	ctx    context.Context
	store  *store.Store
	kernel *fakeKernel
	agent  *Agent
}

func newFixture(t *testing.T, kernel *fakeKernel) *fixture {
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	names := dns.NewServer(dns.Config{Log: log})
	flows := flow.NewCollector(flow.Config{Sink: noSink{}, Log: log})
	a := New(Config{Store: s, Kernel: kernel, Names: names, Flows: flows, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { flows.Run(ctx) })
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		names.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	<-a.Ready()
	return &fixture{T: t, ctx: t.Context(), store: s, kernel: kernel, agent: a}
}

// put writes records and waits until they are applied.
func (f *fixture) put(rec records) error {
	f.Helper()
	rev, err := f.store.Update(f.ctx, func(tx *store.Tx) error {
		f.store.Networks.Put(tx, rec.Network)
		for _, v := range rec.Subnets {
			f.store.Subnets.Put(tx, v)
		}
		for _, v := range rec.Groups {
			f.store.SecurityGroups.Put(tx, v)
		}
		for _, v := range rec.ENIs {
			f.store.ENIs.Put(tx, v)
		}
		for _, v := range rec.Endpoints {
			f.store.Endpoints.Put(tx, v)
		}
		for _, v := range rec.FlowLogs {
			f.store.FlowLogs.Put(tx, v)
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return f.store.WaitApplied(f.ctx, rev, rec.Network.ID)
}

func TestChangeIsAppliedBeforeTheWaitEnds(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	rec := twoZones()
	if err := f.put(rec); err != nil {
		t.Fatal(err)
	}
	want, _ := plan(rec, 0, vpc.PathLimits{})
	got, ok := f.kernel.vpc("vpc-0a")
	if !ok || !slices.Equal(got.Locals, want.Kernel.Locals) || len(got.Links) != 1 {
		t.Errorf("the kernel holds %+v", got)
	}
}

func TestConnectionKnowsItsEndpoint(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	if err := f.put(twoZones()); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", f.kernel.socket(netip.MustParseAddrPort("10.0.1.10:443")).String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := f.agent.Doors().Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	got := server.(interface{ Arrival() vpc.Arrival }).Arrival()
	want := vpc.Arrival{Endpoint: "vpce-0a", VPC: "vpc-0a", ENI: "eni-0b", Service: "com.amazonaws.us-east-1.eks",
		Account: owner.Account, Region: owner.Region, Source: netip.MustParseAddrPort(client.LocalAddr().String())}
	if got != want {
		t.Errorf("arrival %+v, want %+v", got, want)
	}
}

// The VPC listens once for all its endpoints; what comes to an address without a
// door is reset.
func TestAddressWithoutDoorIsReset(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	if err := f.put(twoZones()); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", f.kernel.socket(netip.MustParseAddrPort("10.0.0.1:443")).String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d, %v", n, err)
	}
}

// An endpoint that goes closes its door, and the last interface takes the
// namespace with it.
func TestRemovedEndpointClosesItsDoor(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	rec := twoZones()
	if err := f.put(rec); err != nil {
		t.Fatal(err)
	}
	door := f.kernel.socket(netip.MustParseAddrPort("10.0.0.10:443")).String()
	rev, err := f.store.Update(f.ctx, func(tx *store.Tx) error {
		for _, e := range rec.ENIs {
			f.store.ENIs.Delete(tx, keyOf(e.Owner, e.ID))
		}
		f.store.Endpoints.Delete(tx, keyOf(owner, "vpce-0a"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.store.WaitApplied(f.ctx, rev, "vpc-0a"); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", door); err == nil {
		c.Close()
		t.Error("the door of a removed endpoint is open")
	}
	if v, ok := f.kernel.vpc("vpc-0a"); ok {
		t.Errorf("the kernel still holds %+v", v)
	}
}

// What fails is reported to who waits, and tried again until it works.
func TestFailureIsReportedAndRetried(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	broken := errors.New("no such device")
	kernel.breakWith(broken)
	if err := f.put(twoZones()); !errors.Is(err, broken) {
		t.Fatalf("the wait ended with %v", err)
	}
	kernel.breakWith(nil)
	ctx, cancel := context.WithTimeout(f.ctx, 10*time.Second)
	defer cancel()
	for {
		if _, err := f.store.Applied("vpc-0a"); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("not tried again")
		case <-time.After(time.Millisecond):
		}
	}
	if _, ok := kernel.vpc("vpc-0a"); !ok {
		t.Error("reported as applied, and the kernel does not hold it")
	}
}

// A VPC that the kernel holds and no record wants goes at the start.
func TestLeftOversArePruned(t *testing.T) {
	kernel := newFakeKernel()
	kernel.held["vpc-0left"] = dataplane.VPC{ID: "vpc-0left"}
	newFixture(t, kernel)
	if _, ok := kernel.vpc("vpc-0left"); ok {
		t.Error("the left-over is still there")
	}
}

// Work is proportional to the change: another VPC is not touched.
func TestOtherVPCsAreLeftAlone(t *testing.T) {
	kernel := newFakeKernel()
	f := newFixture(t, kernel)
	if err := f.put(twoZones()); err != nil {
		t.Fatal(err)
	}
	before := kernel.sets
	other := records{Network: vpc.Network{Owner: owner, ID: "vpc-0b", CIDR: netip.MustParsePrefix("10.1.0.0/16")}}
	if err := f.put(other); err != nil {
		t.Fatal(err)
	}
	if kernel.sets != before {
		t.Errorf("%d further calls of Set for a VPC in which nothing lives", kernel.sets-before)
	}
}
