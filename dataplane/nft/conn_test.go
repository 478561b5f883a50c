package nft

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"github.com/postern/postern/vpc"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { netnstest.Main(m) }

// What is loaded into the kernel is listed back as it was built.
func TestKernelListsWhatWasBuilt(t *testing.T) {
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			conn := Open(netnstest.New(t))
			apply(t, conn, Build(c))
		})
	}
}

// apply applies want and expects the kernel to hold it.
func apply(t *testing.T, conn *Conn, want Ruleset) {
	t.Helper()
	if err := conn.Apply(want); err != nil {
		t.Fatal(err)
	}
	got, err := conn.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Fatalf("kernel (-want +got):\n%s", diff)
	}
}

// nft(8) reads our rulesets the way we do, in both directions.
func TestToolAgrees(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("no nft here")
	}
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			want := Build(c).String()
			ours := netnstest.New(t)
			apply(t, Open(ours), Build(c))
			if diff := cmp.Diff(canonical(want), canonical(tool(t, ours, "", "-y", "-p", "list", "ruleset"))); diff != "" {
				t.Errorf("nft list ruleset (-want +got):\n%s", diff)
			}
			if name == "provider" {
				return // nft 1.0.6 lists it and cannot read it: ports of connections in a key, numbers as keys
			}
			theirs := netnstest.New(t)
			tool(t, theirs, want, "-f", "-")
			got, err := Open(theirs).List()
			if err != nil {
				t.Fatal(err)
			}
			// nft matches type and code as one number, such as 3·256 + 4.
			text := strings.NewReplacer("icmp sport 772", "icmp type 3 icmp code 4",
				"icmpv6 sport 32768", "icmpv6 type 128 icmpv6 code 0").Replace(got.String())
			if diff := cmp.Diff(want, text); diff != "" {
				t.Errorf("after nft -f (-want +got):\n%s", diff)
			}
		})
	}
}

// canonical undoes what nft shows in another way: several elements in a line,
// their order, names of ICMP types, the family where ICMP says it, defaults.
func canonical(list string) string {
	list = regexp.MustCompile(`,\s+`).ReplaceAllString(list, ", ")
	list = regexp.MustCompile(`elements = \{ .* \}`).ReplaceAllStringFunc(list, func(all string) string {
		elements := strings.Split(strings.TrimSuffix(strings.TrimPrefix(all, "elements = { "), " }"), ", ")
		slices.Sort(elements)
		return strings.Join(elements, ", ")
	})
	return strings.NewReplacer(
		"meta nfproto ipv4 icmp", "icmp", "meta nfproto ipv4 meta l4proto 1 ", "meta l4proto 1 ",
		"nd-neighbor-solicit-nd-neighbor-advert", "135-136",
		"icmpv6 type echo-request", "icmpv6 type 128", "icmpv6 code no-route", "icmpv6 code 0",
		", replied : 120", "", "type integer :", "type 0 :",
		"echo-request", "8", "destination-unreachable", "3", "frag-needed", "4").Replace(list)
}

// tool runs nft in the namespace at path.
func tool(t *testing.T, path, stdin string, args ...string) string {
	t.Helper()
	out, err := runTool(path, stdin, args...)
	if err != nil {
		t.Fatalf("nft %v: %v\n%s", args, err, out)
	}
	return out
}

func runTool(path, stdin string, args ...string) (string, error) {
	var out strings.Builder
	cmd := exec.Command("nft", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	if err := netns.Start(cmd, path); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return out.String(), err
}

// What is asked for is what the kernel gets, whatever it held before, and
// what did not change is not touched.
func TestApplyFromAnyState(t *testing.T) {
	path := netnstest.New(t)
	conn := Open(path)
	rapid.Check(t, func(t *rapid.T) {
		if rapid.Bool().Draw(t, "restarted") {
			conn = Open(path)
		}
		if junk := rapid.SampledFrom(junkRulesets).Draw(t, "junk"); junk != "" {
			if _, err := runTool(path, junk, "-f", "-"); err != nil {
				t.Skip("no nft, or it refuses: ", err) // such as a second chain of a name
			}
		}
		want := Build(drawConfig(t))
		if err := conn.Apply(want); err != nil {
			t.Fatal(err)
		}
		got, err := Open(path).List()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Fatalf("kernel (-want +got):\n%s", diff)
		}
	})
}

var junkRulesets = []string{
	"", "", "", "",
	"table inet postern { chain sender-gate { accept\n} }",
	"table inet postern { chain sender-gate { type filter hook prerouting priority -150; policy accept; } }",
	"table inet postern { set sources { type ipv4_addr\n elements = { 192.0.2.1 } } }",
	"table inet postern { chain eni-0aaaaaaaaaaaaaaa1-in { socket transparent 1 accept\n} }",
	"table inet postern { chain x { type filter hook input priority -1; policy drop; } }",
	"table inet postern { chain eni-0aaaaaaaaaaaaaaa1-in { }\n map m { type ipv4_addr : verdict\n elements = { 10.0.0.1 : jump eni-0aaaaaaaaaaaaaaa1-in } } }",
	"table inet postern { set sg-0aaaaaaaaaaaaaaaa { type ipv4_addr\n flags interval\n elements = { 10.0.0.0/8 } } }",
	"table inet postern { ct timeout tcp-350 { protocol tcp; l3proto ip; policy = { established : 1 } } }",
	"table inet postern { counter tcp-350 { } }",
	"table inet postern { chain balance { type nat hook prerouting priority -99; policy accept; } }",
	"table inet postern { set queries { type ifname\n elements = { eni-1 } } }",
	"table inet postern { map tcp-10.0.2.7-443-svc-aaaaaaaaaaa { type mark : verdict } }",
	"table ip other { chain c { type filter hook input priority 0; policy drop; } }",
	"flush ruleset",
}

// drawConfig draws a VPC with few names, so that they come again.
func drawConfig(t *rapid.T) Config {
	groups := []string{clientsID, endpointID, everyID}
	var c Config
	for _, id := range groups {
		if rapid.Bool().Draw(t, "group") {
			rules := rapid.SliceOfN(rapid.SampledFrom(everyRule()), 0, 4).Draw(t, "rules")
			c.Groups = append(c.Groups, vpc.SecurityGroup{ID: id, Rules: rules})
		}
	}
	for i, id := range []string{appID, dbID, doorID} {
		if !rapid.Bool().Draw(t, "eni") {
			continue
		}
		e := vpc.ENI{ID: id, Type: vpc.InterfaceWorkload, Address: vpc.Nth(cidr("10.0.1.0/24"), uint64(rapid.IntRange(4, 5).Draw(t, "address")+2*i))}
		if rapid.Bool().Draw(t, "endpoint") {
			e.Type = vpc.InterfaceEndpoint
		}
		if rapid.Bool().Draw(t, "dual") {
			e.IPv6 = vpc.Nth(cidr("2001:db8:0:1::/64"), uint64(rapid.IntRange(4, 5).Draw(t, "IPv6 address")+2*i))
		}
		e.Groups = rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 2, rapid.ID).Draw(t, "groups")
		c.ENIs = append(c.ENIs, e)
	}
	drawServices(t, &c)
	return c
}

// drawServices makes the VPC a consumer's, a provider's, both or neither.
func drawServices(t *rapid.T, c *Config) {
	c.QueryLimit = rapid.SampledFrom([]int{0, 0, 1024, 500}).Draw(t, "query limit")
	c.EndpointIdle = rapid.SampledFrom([]time.Duration{0, 350 * time.Second, time.Hour}).Draw(t, "idle")
	c.ClampMSS = rapid.Bool().Draw(t, "clamp")
	in, out := consumer(), provider()
	if rapid.Bool().Draw(t, "consumer") {
		c.Peers, c.Steers = in.Peers, rapid.SliceOfNDistinct(rapid.SampledFrom(in.Steers), 0, 2, rapid.ID).Draw(t, "steers")
	}
	if !rapid.Bool().Draw(t, "provider") {
		return
	}
	c.Peers = append(slices.Clone(c.Peers), Peer{Link: "svc-aaaaaaaaaaa", Mark: uint32(rapid.IntRange(1, 2).Draw(t, "mark"))})
	if rapid.Bool().Draw(t, "balancer") {
		node := out.ENIs[2]
		node.Groups = rapid.SliceOfN(rapid.SampledFrom([]string{clientsID, balancer}), 0, 1).Draw(t, "balancer's groups")
		c.ENIs = append(c.ENIs, node)
	}
	for _, f := range out.Frontends {
		if f.Link != "" {
			f.Link = "svc-aaaaaaaaaaa"
		}
		if f.Backends != nil {
			f.Backends = slices.Clone(f.Backends[:rapid.IntRange(0, len(f.Backends)).Draw(t, "backends")])
		}
		for i := range f.Backends {
			f.Backends[i].Weight = rapid.IntRange(0, 3).Draw(t, "weight")
		}
		f.Ingress = rapid.Bool().Draw(t, "ingress")
		if rapid.Bool().Draw(t, "frontend") {
			c.Frontends = append(c.Frontends, f)
		}
	}
}
