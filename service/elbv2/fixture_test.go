package elbv2

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	network     = "vpc-0a000000000000001"
	elsewhere   = "vpc-0c000000000000001"
	subnetA     = "subnet-0a000000000000001" // us-east-1a, dual-stack
	subnetB     = "subnet-0b000000000000001" // us-east-1b, dual-stack
	subnetB2    = "subnet-0b000000000000002" // us-east-1b
	subnetC     = "subnet-0c000000000000003" // us-east-1c, a /28
	subnetOther = "subnet-0c000000000000001" // us-east-1c, the other VPC
	group       = "sg-0a000000000000001"
	groupOther  = "sg-0c000000000000001"
	instance    = "eni-0a000000000000001" // in subnetA
)

var (
	owner = vpc.Owner{Account: "111122223333", Region: "us-east-1"}
	then  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// bench is a service over a store with two VPCs, and its clock.
type bench struct {
	*Service
	ctx context.Context
	t   *testing.T
	now time.Time
}

func fixture(t *testing.T) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, ctx: auth.WithCaller(t.Context(), auth.Caller{Account: owner.Account, Region: owner.Region}), now: then}
	b.Service = New(Config{Store: s, Limits: vpc.DefaultLimits(), Now: func() time.Time { return b.now }})
	b.update(func(tx *store.Tx) {
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: network, CIDR: netip.MustParsePrefix("10.0.0.0/16"), IPv6: block("2001:db8::/56")})
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: elsewhere, CIDR: netip.MustParsePrefix("172.31.0.0/16")})
		for _, sn := range []struct{ id, vpc, zone, cidr, cidr6 string }{
			{subnetA, network, "us-east-1a", "10.0.1.0/24", "2001:db8:0:1::/64"},
			{subnetB, network, "us-east-1b", "10.0.2.0/24", "2001:db8:0:2::/64"},
			{subnetB2, network, "us-east-1b", "10.0.3.0/24", ""},
			{subnetC, network, "us-east-1c", "10.0.4.0/28", ""},
			{subnetOther, elsewhere, "us-east-1c", "172.31.1.0/24", ""},
		} {
			s.Subnets.Put(tx, vpc.Subnet{Owner: owner, ID: sn.id, VPC: sn.vpc, Zone: sn.zone, CIDR: netip.MustParsePrefix(sn.cidr), IPv6: block(sn.cidr6)})
		}
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: group, VPC: network})
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: groupOther, VPC: elsewhere})
		s.ENIs.Put(tx, vpc.ENI{Owner: owner, ID: instance, VPC: network, Subnet: subnetA, Type: vpc.InterfaceWorkload,
			Address: netip.MustParseAddr("10.0.1.10"), IPv6: netip.MustParseAddr("2001:db8:0:1::10")})
	})
	applyAll(t, s)
	return b
}

func block(cidr string) vpc.IPv6Block {
	if cidr == "" {
		return vpc.IPv6Block{}
	}
	return vpc.IPv6Block{CIDR: netip.MustParsePrefix(cidr)}
}

func (b *bench) update(fn func(tx *store.Tx)) int64 {
	b.t.Helper()
	revision, err := b.store.Update(b.t.Context(), func(tx *store.Tx) error { fn(tx); return nil })
	if err != nil {
		b.t.Fatal(err)
	}
	return revision
}

// applyAll stands for the agent: it reports every VPC as applied at once, until
// the test ends.
func applyAll(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	feed := s.Changes(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, snapshot, err := feed.Next(ctx)
			if err != nil {
				return
			}
			for n := range s.Networks.List(snapshot, "", "") {
				s.SetApplied(n.ID, snapshot.Revision(), nil)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// balancerRequest is the smallest valid CreateLoadBalancer; edit changes it.
func balancerRequest(name string, edit ...func(*elbv2.CreateLoadBalancerInput)) *elbv2.CreateLoadBalancerInput {
	in := &elbv2.CreateLoadBalancerInput{
		Name: &name, Type: wire.Ptr("network"), Scheme: wire.Ptr("internal"), Subnets: []string{subnetA, subnetB},
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func (b *bench) balancer(name string, edit ...func(*elbv2.CreateLoadBalancerInput)) elbv2.LoadBalancer {
	b.t.Helper()
	out, err := b.CreateLoadBalancer(b.ctx, balancerRequest(name, edit...))
	if err != nil {
		b.t.Fatal(err)
	}
	return out.LoadBalancers[0]
}

// groupRequest is the smallest valid CreateTargetGroup, of addresses; edit
// changes it.
func groupRequest(name string, edit ...func(*elbv2.CreateTargetGroupInput)) *elbv2.CreateTargetGroupInput {
	in := &elbv2.CreateTargetGroupInput{
		Name: &name, Protocol: wire.Ptr("TCP"), Port: wire.Ptr(int32(8080)), VpcId: wire.Ptr(network), TargetType: wire.Ptr("ip"),
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func (b *bench) group(name string, edit ...func(*elbv2.CreateTargetGroupInput)) string {
	b.t.Helper()
	out, err := b.CreateTargetGroup(b.ctx, groupRequest(name, edit...))
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.TargetGroups[0].TargetGroupArn
}

// listenerRequest is the smallest valid CreateListener; edit changes it.
func listenerRequest(balancer, group string, edit ...func(*elbv2.CreateListenerInput)) *elbv2.CreateListenerInput {
	in := &elbv2.CreateListenerInput{
		LoadBalancerArn: &balancer, Protocol: wire.Ptr("TCP"), Port: wire.Ptr(int32(80)), DefaultActions: forwardTo(group),
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func (b *bench) listen(balancer, group string, edit ...func(*elbv2.CreateListenerInput)) elbv2.Listener {
	b.t.Helper()
	out, err := b.CreateListener(b.ctx, listenerRequest(balancer, group, edit...))
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Listeners[0]
}

func forwardTo(arn string) []elbv2.Action {
	return []elbv2.Action{{Type: wire.Ptr("forward"), TargetGroupArn: &arn}}
}

// wantError wants a wire.Error of that code whose text has the part.
func wantError(t *testing.T, what string, err error, code, part string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, part) {
		t.Errorf("%s: error %v\nwant %s: %s", what, err, code, part)
	}
}
