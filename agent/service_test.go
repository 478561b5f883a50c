package agent

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

var (
	provider   = vpc.Owner{Account: "444455556666", Region: "us-east-1"}
	balancerID = "arn:aws:elasticloadbalancing:us-east-1:444455556666:loadbalancer/net/shop/0123456789abcdef"
	groupID    = "arn:aws:elasticloadbalancing:us-east-1:444455556666:targetgroup/shop/0123456789abcdef"
	sameAddr   = cmp.Options{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	}
)

// shop is a service of VPC vpc-0p, in zones 1 and 2, that an endpoint of vpc-0c
// leads to. Both have the same CIDR; their accounts name the zones differently.
type shop struct {
	balancer vpc.LoadBalancer
	listener vpc.Listener
	group    vpc.TargetGroup
	service  vpc.ServiceConfiguration
	endpoint vpc.Endpoint
	health   []vpc.TargetHealth
}

func newShop() shop {
	return shop{
		balancer: vpc.LoadBalancer{Owner: provider, ARN: balancerID, VPC: "vpc-0p", Nodes: []vpc.LoadBalancerNode{
			{Zone: "us-east-1a", Subnet: "subnet-0pa", ENI: "eni-0pa"}, {Zone: "us-east-1b", Subnet: "subnet-0pb", ENI: "eni-0pb"}}},
		listener: vpc.Listener{Owner: provider, ARN: balancerID + "/1", LoadBalancer: balancerID, Protocol: "TCP", Port: 443,
			Forwards: []vpc.Forward{{TargetGroup: groupID, Weight: 1}}},
		group: vpc.TargetGroup{Owner: provider, ARN: groupID, VPC: "vpc-0p", Protocol: "TCP", AddressType: "ipv4", Targets: []vpc.Target{
			{ID: "10.0.0.70", Address: netip.MustParseAddr("10.0.0.70"), Port: 8443, Zone: "us-east-1a"},
			{ID: "10.0.1.70", Address: netip.MustParseAddr("10.0.1.70"), Port: 8443, Zone: "us-east-1b"}}},
		service: vpc.ServiceConfiguration{Owner: provider, ID: "vpce-svc-0a", LoadBalancers: []string{balancerID}},
		endpoint: vpc.Endpoint{Owner: owner, ID: "vpce-0c", VPC: "vpc-0c", Service: "com.amazonaws.vpce.us-east-1.vpce-svc-0a",
			Subnets: []string{"subnet-0cx"}, ENIs: []string{"eni-0cx"}, Suffix: "q1w2e3r4"},
	}
}

// put writes the shop and both VPCs, and waits until both are applied.
func (f *fixture) putShop(s shop) {
	f.Helper()
	cidr := netip.MustParsePrefix
	rev, err := f.store.Update(f.ctx, func(tx *store.Tx) error {
		f.store.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0c", CIDR: cidr("10.0.0.0/16"), DNSSupport: true})
		f.store.Networks.Put(tx, vpc.Network{Owner: provider, ID: "vpc-0p", CIDR: cidr("10.0.0.0/16"), DNSSupport: true})
		f.store.Subnets.Put(tx, vpc.Subnet{Owner: owner, ID: "subnet-0cx", VPC: "vpc-0c", CIDR: cidr("10.0.1.0/24"), Zone: "us-east-1f", ZoneID: "use1-az2"})
		f.store.Subnets.Put(tx, vpc.Subnet{Owner: provider, ID: "subnet-0pa", VPC: "vpc-0p", CIDR: cidr("10.0.0.0/24"), Zone: "us-east-1a", ZoneID: "use1-az1"})
		f.store.Subnets.Put(tx, vpc.Subnet{Owner: provider, ID: "subnet-0pb", VPC: "vpc-0p", CIDR: cidr("10.0.1.0/24"), Zone: "us-east-1b", ZoneID: "use1-az2"})
		f.store.ENIs.Put(tx, vpc.ENI{Owner: owner, ID: "eni-0cx", VPC: "vpc-0c", Subnet: "subnet-0cx", Type: vpc.InterfaceEndpoint,
			Endpoint: "vpce-0c", Address: netip.MustParseAddr("10.0.1.10")})
		for zone, address := range map[string]string{"a": "10.0.0.5", "b": "10.0.1.5"} {
			f.store.ENIs.Put(tx, vpc.ENI{Owner: provider, ID: "eni-0p" + zone, VPC: "vpc-0p", Subnet: "subnet-0p" + zone,
				Type: vpc.InterfaceLoadBalancer, LoadBalancer: balancerID, Address: netip.MustParseAddr(address)})
		}
		f.store.LoadBalancers.Put(tx, s.balancer)
		f.store.Listeners.Put(tx, s.listener)
		f.store.TargetGroups.Put(tx, s.group)
		f.store.ServiceConfigurations.Put(tx, s.service)
		f.store.Endpoints.Put(tx, s.endpoint)
		for _, h := range s.health {
			f.store.TargetHealths.Put(tx, h)
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := f.store.WaitApplied(f.ctx, rev, "vpc-0c", "vpc-0p"); err != nil {
		f.Fatal(err)
	}
}

func backends(addresses ...string) []nft.Backend {
	var all []nft.Backend
	for _, a := range addresses {
		all = append(all, nft.Backend{Address: netip.MustParseAddrPort(a), Weight: 1})
	}
	return all
}

// frontend is what vpc-0p does with the connections of the endpoint.
func (f *fixture) frontend() (nft.Frontend, bool) {
	v, _ := f.kernel.vpc("vpc-0p")
	i := slices.IndexFunc(v.Filter.Frontends, func(x nft.Frontend) bool { return x.Link != "" })
	if i < 0 {
		return nft.Frontend{}, false
	}
	return v.Filter.Frontends[i], true
}

// The endpoint's interface is pinned to the node in its own zone, which the two
// accounts name differently, and that node uses the targets of its zone.
func TestEndpointLeadsToTheServiceBehindIt(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	f.putShop(newShop())
	name := link.PeerName("vpc-0c", "vpc-0p")
	want := nft.Frontend{Link: name, Protocol: vpc.ProtocolTCP, Address: netip.MustParseAddrPort("10.0.1.10:443"),
		Node: netip.MustParseAddr("10.0.1.5"), ENI: "eni-0pb", Ingress: true, Backends: backends("10.0.1.70:8443"), Idle: 350 * time.Second}
	got, _ := f.frontend()
	if d := cmp.Diff(want, got, sameAddr); d != "" {
		t.Errorf("frontend (-want +got):\n%s", d)
	}
	consumer, _ := f.kernel.vpc("vpc-0c")
	steers := []nft.Steer{{Link: name, Protocol: vpc.ProtocolTCP, Address: netip.MustParseAddrPort("10.0.1.10:443")}}
	if d := cmp.Diff(steers, consumer.Filter.Steers, sameAddr); d != "" {
		t.Errorf("steers (-want +got):\n%s", d)
	}
	producer, _ := f.kernel.vpc("vpc-0p")
	if len(consumer.Peers) != 1 || len(producer.Peers) != 1 || consumer.Peers[0].Provider != producer.Peers[0].Provider {
		t.Errorf("peers: %+v and %+v", consumer.Peers, producer.Peers)
	}
	if routes := consumer.Peers[0].Routes; len(routes) != 1 || routes[0] != netip.MustParseAddr("10.0.1.10") {
		t.Errorf("routes %v", routes)
	}
	if own := len(producer.Filter.Frontends) - 1; own != 2 {
		t.Errorf("the load balancer answers at %d addresses of its own, want 2", own)
	}
}

// Nothing flows to an endpoint that the provider has not let in, and it stops
// when the provider rejects it.
func TestUnadmittedEndpointLeadsNowhere(t *testing.T) {
	f := newFixture(t, newFakeKernel())
	for _, admission := range []vpc.Admission{vpc.AdmissionPending, vpc.Admitted, vpc.AdmissionRejected} {
		s := newShop()
		s.endpoint.Admission = admission
		f.putShop(s)
		consumer, _ := f.kernel.vpc("vpc-0c")
		_, open := f.frontend()
		if want := admission == vpc.Admitted; open != want || len(consumer.Filter.Steers) > 0 != want || len(consumer.Peers) > 0 != want {
			t.Errorf("%q: frontend %v, steers %v", admission, open, consumer.Filter.Steers)
		}
	}
}

// A change on the provider's side alone reaches both VPCs.
func TestTargetsFollowTheirHealth(t *testing.T) {
	health := func(address, state string) vpc.TargetHealth {
		return vpc.TargetHealth{Owner: provider, TargetGroup: groupID, Target: address, State: state}
	}
	a, b := health("10.0.0.70:8443", "healthy"), health("10.0.1.70:8443", "healthy")
	sick := health("10.0.1.70:8443", "unhealthy")
	across := func(s *shop) { s.balancer.Attributes = map[string]string{"load_balancing.cross_zone.enabled": "true"} }
	draining := func(s *shop) { s.group.Targets[1].Draining = time.Unix(1, 0) }
	for name, c := range map[string]struct {
		change []func(*shop)
		health []vpc.TargetHealth
		want   []nft.Backend
	}{
		"own zone only":                     {nil, []vpc.TargetHealth{a, b}, backends("10.0.1.70:8443")},
		"all zones":                         {[]func(*shop){across}, []vpc.TargetHealth{a, b}, backends("10.0.0.70:8443", "10.0.1.70:8443")},
		"a sick one is left out":            {[]func(*shop){across}, []vpc.TargetHealth{a, sick}, backends("10.0.0.70:8443")},
		"fails open":                        {nil, []vpc.TargetHealth{a, sick}, backends("10.0.1.70:8443")},
		"a draining one gets nothing new":   {[]func(*shop){across, draining}, []vpc.TargetHealth{a, b}, backends("10.0.0.70:8443")},
		"the last one drains: nobody is in": {[]func(*shop){draining}, []vpc.TargetHealth{a, b}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, newFakeKernel())
			s := newShop()
			for _, change := range c.change {
				change(&s)
			}
			s.health = c.health
			f.putShop(s)
			got, _ := f.frontend()
			if d := cmp.Diff(c.want, got.Backends, sameAddr); d != "" {
				t.Errorf("backends (-want +got):\n%s", d)
			}
		})
	}
}

// The splice proxy has a door where bytes are added or the family changes, and
// the kernel path has nothing there.
func TestProxyProtocolIsSpliced(t *testing.T) {
	for name, change := range map[string]func(*shop){
		"PROXY v2": func(s *shop) { s.group.Attributes = map[string]string{"proxy_protocol_v2.enabled": "true"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop()
			change(&s)
			f := newFixture(t, newFakeKernel())
			f.putShop(s)
			if _, open := f.frontend(); open {
				t.Error("the kernel path is open")
			}
			consumer, _ := f.kernel.vpc("vpc-0c")
			if len(consumer.Filter.Steers) > 0 {
				t.Errorf("steers %v", consumer.Filter.Steers)
			}
			if f.kernel.socket(netip.MustParseAddrPort("10.0.1.10:443")) == nil {
				t.Error("no door")
			}
		})
	}
}

// Two groups share the connections as their weights say, whatever their sizes.
func TestWeightsAreSplitAmongTargets(t *testing.T) {
	group := func(n int, host byte) forward {
		f := forward{Weight: 1, Health: map[string]string{}, Zones: map[string]string{}}
		for i := range n {
			f.Group.Targets = append(f.Group.Targets, vpc.Target{Address: netip.AddrFrom4([4]byte{10, 0, host, byte(i)}), Port: 80, Zone: "all"})
		}
		return f
	}
	three, one := group(3, 0), group(1, 1)
	three.Weight, one.Weight = 30, 10
	var weights []int
	for _, x := range targets(vpc.LoadBalancer{}, listener{Forwards: []forward{three, one}}, "") {
		weights = append(weights, x.Weight)
	}
	if want := []int{1, 1, 1, 1}; !slices.Equal(weights, want) {
		t.Errorf("30 for three and 10 for one: %v, want %v", weights, want)
	}
	three.Weight = 0
	if got := targets(vpc.LoadBalancer{}, listener{Forwards: []forward{three, one}}, ""); len(got) != 1 {
		t.Errorf("a group of weight 0 has a share: %v", got)
	}
}
