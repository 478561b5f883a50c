package nft

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/vpc"
)

// Work is in proportion to the change.
func TestDiff(t *testing.T) {
	old := configs()["endpoint"]
	for _, row := range []struct {
		change string
		do     func(*Config)
		want   string
	}{
		{"nothing", func(c *Config) {}, ``},
		{"a rule goes", func(c *Config) { c.Groups[0].Rules = nil }, `
			fill chain sg-0aaaaaaaaaaaaaaaa-out
			delete set sg-0eeeeeeeeeeeeeeee`},
		{"a member comes", func(c *Config) { c.ENIs = append(c.ENIs, workload(dbID, "10.0.1.6", clientsID)) }, `
			add chain eni-0bbbbbbbbbbbbbbb2-in
			add chain eni-0bbbbbbbbbbbbbbb2-out
			elements of sg-0aaaaaaaaaaaaaaaa: +10.0.1.6
			elements of sources: +"eni-bbbbbbbbbb2" . 10.0.1.6
			fill chain eni-0bbbbbbbbbbbbbbb2-in
			fill chain eni-0bbbbbbbbbbbbbbb2-out
			elements of receivers: +"eni-bbbbbbbbbb2"
			elements of senders: +"eni-bbbbbbbbbb2"`},
		{"an endpoint goes", func(c *Config) { c.ENIs = c.ENIs[:1] }, `
			elements of sg-0eeeeeeeeeeeeeeee: -10.0.2.7
			elements of endpoints: -10.0.2.7
			flush chain eni-0ccccccccccccccc3-in
			flush chain sg-0eeeeeeeeeeeeeeee-in
			delete chain eni-0ccccccccccccccc3-in
			delete chain sg-0eeeeeeeeeeeeeeee-in
			delete set sg-0aaaaaaaaaaaaaaaa`},
		{"an address moves to another endpoint", func(c *Config) { c.ENIs[1].ID = dbID }, `
			add chain eni-0bbbbbbbbbbbbbbb2-in
			fill chain eni-0bbbbbbbbbbbbbbb2-in
			elements of endpoints: -10.0.2.7 +10.0.2.7
			flush chain eni-0ccccccccccccccc3-in
			delete chain eni-0ccccccccccccccc3-in`},
	} {
		c := old
		c.ENIs, c.Groups = slices.Clone(old.ENIs), slices.Clone(old.Groups)
		row.do(&c)
		var got []string
		for _, s := range diff(Build(old), Build(c)) {
			got = append(got, s.text)
		}
		want := strings.Fields(strings.ReplaceAll(strings.TrimSpace(row.want), "\n", " "))
		if diff := cmp.Diff(strings.Join(want, " "), strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.change, diff)
		}
	}
}

// What is said of a service is changed at the price of the change too.
func TestDiffOfServices(t *testing.T) {
	for _, row := range []struct {
		change string
		do     func(*Config)
		want   string
	}{
		{"nothing", func(c *Config) {}, ``},
		{"a backend goes", func(c *Config) { c.Frontends[0].Backends = c.Frontends[0].Backends[:1] }, `
			fill chain tcp-10.0.2.7-443-svc-0123456789a
			elements of tcp-10.0.2.7-443-svc-0123456789a: -1 -2`},
		{"the last one goes", func(c *Config) { c.Frontends[2].Backends = nil }, `
			fill chain udp-2001-db8-0-2--7-53-svc-0123456789a
			flush chain to-2001-db8-0-1--5-53
			delete chain to-2001-db8-0-1--5-53
			delete set udp-2001-db8-0-2--7-53-svc-0123456789a`},
		{"a listener goes", func(c *Config) { c.Frontends = c.Frontends[:3] }, `
			elements of exits: -10.0.2.7 . 6 . 80 . 0x00000007
			elements of frontends: -10.0.2.7 . 6 . 80 . 0x00000007
			elements of nodes: -10.0.2.7 . 6 . 80 . 0x00000007
			flush chain tcp-10.0.2.7-80-svc-0123456789a
			delete chain tcp-10.0.2.7-80-svc-0123456789a`},
		{"another idle timeout", func(c *Config) { c.Frontends[3].Idle = time.Minute }, `
			add timeout tcp-60
			fill chain tcp-10.0.2.7-80-svc-0123456789a`},
	} {
		c := provider()
		row.do(&c)
		var got []string
		for _, s := range diff(Build(provider()), Build(c)) {
			got = append(got, s.text)
		}
		want := strings.Fields(strings.ReplaceAll(strings.TrimSpace(row.want), "\n", " "))
		if diff := cmp.Diff(strings.Join(want, " "), strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.change, diff)
		}
	}
}

// What is not exactly one of our rules does not look like one.
func TestForeignRulesLookForeign(t *testing.T) {
	ours := allow(vpc.SecurityGroupRule{Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, CIDR: cidr("10.0.0.0/16")}, source, families)[0]
	text := exprsText(ours.Exprs)
	if text != "ip saddr 10.0.0.0/16 tcp dport 443 accept" {
		t.Fatal(text)
	}
	for i := range ours.Exprs {
		less := slices.Delete(slices.Clone(ours.Exprs), i, i+1)
		if got := exprsText(less); got == text {
			t.Errorf("without expression %d (%T) it reads the same", i, ours.Exprs[i])
		}
		more := slices.Insert(slices.Clone(ours.Exprs), i, newExpr("socket", nil))
		if got := exprsText(more); got == text {
			t.Errorf("with a foreign expression at %d it reads the same", i)
		}
	}
}
