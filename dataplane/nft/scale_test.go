package nft

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/vpc"
)

// large is a VPC of n ENIs, each with a group of its own of 60 rules, half of
// which refer to another group, and 200 frontends with 20 backends each.
func large(n int) Config {
	c := Config{Resolvers: []netip.Addr{addr("10.0.0.2")}, Gateways: []netip.Addr{addr("10.0.0.1")}}
	sg := func(i int) string { return fmt.Sprintf("sg-0%016x", i%n) }
	for i := range n {
		g := vpc.SecurityGroup{ID: sg(i)}
		for r := range 60 {
			rule := vpc.SecurityGroupRule{ID: fmt.Sprintf("sgr-0%08x%08x", i, r), Protocol: vpc.ProtocolTCP, FromPort: 1000 + r, ToPort: 1000 + r}
			if r%2 == 0 {
				rule.Group = sg(i + r + 1)
			} else {
				rule.CIDR = netip.PrefixFrom(vpc.Nth(cidr("10.0.0.0/8"), uint64(i*256+r)), 32)
			}
			g.Rules = append(g.Rules, rule)
		}
		c.Groups = append(c.Groups, g)
		e := workload(fmt.Sprintf("eni-0%016x", i), vpc.Nth(cidr("10.1.0.0/16"), uint64(i+4)).String(), g.ID)
		c.ENIs = append(c.ENIs, e)
	}
	c.Peers = []Peer{{Link: peerLink, Mark: 1}}
	for i := range 200 {
		f := Frontend{Link: peerLink, Protocol: vpc.ProtocolTCP, Address: netip.AddrPortFrom(vpc.Nth(cidr("10.2.0.0/16"), uint64(i)), 443), Node: addr("10.3.0.9")}
		for k := range 20 {
			f.Backends = append(f.Backends, Backend{netip.AddrPortFrom(c.ENIs[(i+k)%n].Address, 8443), 1})
		}
		c.Frontends = append(c.Frontends, f)
	}
	return c
}

// A VPC at its quotas loads, is listed back, and changes at the price of the
// change.
func TestThousandENIsWithSixtyRules(t *testing.T) {
	if testing.Short() {
		t.Skip("a second")
	}
	path := netnstest.New(t)
	conn := Open(path)
	c := large(1000)
	took := map[string]time.Duration{}
	timed := func(what string, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		took[what] = time.Since(start).Round(time.Millisecond)
	}
	timed("load", func() error { return conn.Apply(Build(c)) })
	timed("nothing", func() error { return conn.Apply(Build(c)) })
	c.ENIs[7].Groups = append(c.ENIs[7].Groups, c.Groups[500].ID)
	c.Groups[9].Rules = c.Groups[9].Rules[1:]
	c.Frontends[3].Backends = c.Frontends[3].Backends[1:]
	timed("one rule, one membership and one backend", func() error { return conn.Apply(Build(c)) })
	timed("after a restart", func() error { return Open(path).Apply(Build(c)) })
	got, err := conn.List()
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != Build(c).String() {
		t.Error("the kernel lists something else")
	}
	t.Logf("60,000 rules: %v", took)
	if took["nothing"] > took["load"] {
		t.Errorf("nothing to do takes longer than everything: %v", took)
	}
}

func TestInUserNamespace(t *testing.T) {
	netnstest.InUserNamespace(t, "^(TestKernelLists|TestApplyFrom|TestThousand)")
}
