package dataplane

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// A VPC of a hundred workloads: what one more costs does not depend much on
// the others.
func TestHundredWorkloads(t *testing.T) {
	if testing.Short() {
		t.Skip("a second")
	}
	n := newNetwork(t)
	v := n.plan()
	add := func(i int) {
		id := fmt.Sprintf("eni-0%016x", i+1)
		a := vpc.Nth(netip.MustParsePrefix("10.0.4.0/22"), uint64(i+4))
		v.Links = append(v.Links, link.Link{ENI: id, MAC: fmt.Sprintf("02:00:00:00:01:%02x", i), Address: a,
			Subnet: netip.MustParsePrefix("10.0.4.0/22"), Gateway: netip.MustParseAddr("10.0.4.1")})
		v.Filter.ENIs = append(v.Filter.ENIs, vpc.ENI{ID: id, Type: vpc.InterfaceWorkload, Address: a})
	}
	set := func() time.Duration {
		start := time.Now()
		if err := n.host.Set(context.Background(), v); err != nil {
			t.Fatal(err)
		}
		return time.Since(start).Round(time.Millisecond)
	}
	for i := range 100 {
		add(i)
	}
	all, again := set(), set()
	add(100)
	one := set()
	n.restart()
	adopted := set()
	start := time.Now()
	if err := n.host.Delete(context.Background(), vpcID); err != nil {
		t.Fatal(err)
	}
	t.Logf("100 workloads: %v; the same again: %v; one more: %v; after a restart: %v; delete: %v",
		all, again, one, adopted, time.Since(start).Round(time.Millisecond))
	if one > all {
		t.Errorf("one more takes %v, a hundred take %v", one, all)
	}
}
