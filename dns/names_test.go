package dns

import (
	"net/netip"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
)

const (
	CNAME = miekg.TypeCNAME

	ownDomain = "vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com"
	own       = vpce + "." + ownDomain
	own4      = vpce + "-v4." + ownDomain
	balancer  = "app-0123456789abcdef.elb.us-east-1.amazonaws.com"
)

// dualView is a VPC with IPv6 that has endpoints to AWS's and to customers'
// services.
var dualView = View{
	Support:   true,
	Hostnames: true,
	Zones: []RRSet{
		set("sts.us-east-1.amazonaws.com", "10.0.1.7"),
		set("sts.us-east-1.api.aws", "10.0.1.7", "2001:db8::1:7", "2001:db8::2:9"),
		{Name: "api.example.org", CNAME: own},
		{Name: "v4.example.org", CNAME: own4},
		{Name: "*.wild.example.org", CNAME: own4},
		{Name: "*.deep.wild.example.org", CNAME: own},
		{Name: "gone.example.org", CNAME: "vpce-0gone." + ownDomain},
		set("exact.wild.example.org", "10.0.3.3"),
	},
	Hosts: []RRSet{set("i-0c.ec2.internal", "10.0.1.5", "2001:db8::1:5")},
	Pointers: map[netip.Addr]string{
		netip.MustParseAddr("10.0.1.5"):      "i-0c.ec2.internal",
		netip.MustParseAddr("2001:db8::1:5"): "i-0c.ec2.internal",
	},
}

var dualPublic = []RRSet{
	set(own, "10.0.1.8", "2001:db8::1:8"),
	set(own4, "10.0.1.8"),
	set(balancer, "10.0.1.9", "2001:db8::1:9"),
	set("us-east-1a."+balancer, "10.0.1.9", "2001:db8::1:9"),
}

func TestAnswerNames(t *testing.T) {
	lab := newLab(t, elsewhere)
	for _, row := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		// Both families.
		{"sts.us-east-1.amazonaws.com.", A, "sts.us-east-1.amazonaws.com. 60 IN A 10.0.1.7"},
		{"sts.us-east-1.amazonaws.com.", AAAA, noData + "sts.us-east-1.amazonaws.com."},
		{"sts.us-east-1.api.aws.", AAAA, `
			sts.us-east-1.api.aws. 60 IN AAAA 2001:db8::1:7
			sts.us-east-1.api.aws. 60 IN AAAA 2001:db8::2:9`},

		// A customer's private name is an alias with what it leads to.
		{"api.example.org.", A, `
			api.example.org. 60 IN CNAME ` + own + `.
			` + own + `. 60 IN A 10.0.1.8`},
		{"API.example.org.", AAAA, `
			API.example.org. 60 IN CNAME ` + own + `.
			` + own + `. 60 IN AAAA 2001:db8::1:8`},
		{"api.example.org.", CNAME, "api.example.org. 60 IN CNAME " + own + "."},
		{"api.example.org.", ANY, `api.example.org. 60 IN HINFO "RFC8482" ""`},
		{"v4.example.org.", AAAA, "v4.example.org. 60 IN CNAME " + own4 + "."},
		{"v4.example.org.", HTTPS, "v4.example.org. 60 IN CNAME " + own4 + "."},
		{"gone.example.org.", A, noName + ownDomain + "."},

		// A wildcard stands for what is below it and not there itself, the
		// closest one first.
		{"x.wild.example.org.", A, `
			x.wild.example.org. 60 IN CNAME ` + own4 + `.
			` + own4 + `. 60 IN A 10.0.1.8`},
		{"y.x.wild.example.org.", CNAME, "y.x.wild.example.org. 60 IN CNAME " + own4 + "."},
		{"x.deep.wild.example.org.", CNAME, "x.deep.wild.example.org. 60 IN CNAME " + own + "."},
		{"exact.wild.example.org.", A, "exact.wild.example.org. 60 IN A 10.0.3.3"},
		{"deep.wild.example.org.", CNAME, "deep.wild.example.org. 60 IN CNAME " + own4 + "."},

		// A name is never shadowed that the zone does not own.
		{"wild.example.org.", A, forwarded},
		{"x.api.example.org.", A, forwarded},
		{"example.org.", A, forwarded},

		// The domain of a customer's service, of any at all.
		{own + ".", AAAA, own + ". 60 IN AAAA 2001:db8::1:8"},
		{own4 + ".", AAAA, noData + ownDomain + "."},
		{"nope." + ownDomain + ".", A, noName + ownDomain + "."},
		{ownDomain + ".", A, noData + ownDomain + "."},
		{"x.vpce-svc-0fedcba9876543210.us-east-1.vpce.amazonaws.com.", A, noName + "vpce-svc-0fedcba9876543210.us-east-1.vpce.amazonaws.com."},
		{"x.vpce-svc-0123456789abcdef0.mars-1.vpce.amazonaws.com.", A, forwarded},

		// Load balancers' names; others of the domain may exist elsewhere.
		{balancer + ".", A, balancer + ". 60 IN A 10.0.1.9"},
		{"us-east-1a." + balancer + ".", AAAA, "us-east-1a." + balancer + ". 60 IN AAAA 2001:db8::1:9"},
		{"other-0123456789abcdef.elb.us-east-1.amazonaws.com.", A, forwarded},

		// Instances named by their id.
		{"i-0c.ec2.internal.", A, "i-0c.ec2.internal. 60 IN A 10.0.1.5"},
		{"i-0c.ec2.internal.", AAAA, "i-0c.ec2.internal. 60 IN AAAA 2001:db8::1:5"},
		{"5.1.0.10.in-addr.arpa.", PTR, "5.1.0.10.in-addr.arpa. 60 IN PTR i-0c.ec2.internal."},
		{"5.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", PTR,
			"5.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR i-0c.ec2.internal."},
		{"6.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", PTR, noName + "8.b.d.0.1.0.0.2.ip6.arpa."},
	} {
		for _, transport := range []string{"udp", "tcp"} {
			lab.Set(vpcID, dualView) // begins the rotation anew
			lab.SetPublic(vpcID, nil)
			lab.SetPublic(vpcID, dualPublic)
			got := outcome(lab.ask(t, transport, question(row.name, row.qtype)))
			want := strings.ReplaceAll(strings.TrimSpace(row.want), "\n\t\t\t", "\n")
			if got != want && got != row.want {
				t.Errorf("%s %s %s:\ngot  %s\nwant %s", transport, row.name, miekg.TypeToString[row.qtype], got, want)
			}
		}
	}
}

// An alias to what has no record of the type says which zone denies it.
func TestAliasToNothing(t *testing.T) {
	lab := newLab(t, elsewhere)
	lab.Set(vpcID, dualView)
	lab.SetPublic(vpcID, dualPublic)
	m := lab.ask(t, "udp", question("v4.example.org.", AAAA))
	if m.Rcode != miekg.RcodeSuccess || len(m.Answer) != 1 || len(m.Ns) != 1 || m.Ns[0].Header().Name != ownDomain+"." {
		t.Errorf("no record of the type: %v", m)
	}
	m = lab.ask(t, "udp", question("gone.example.org.", A))
	if m.Rcode != miekg.RcodeNameError || len(m.Answer) != 1 || len(m.Ns) != 1 {
		t.Errorf("no such name: %v", m)
	}
}

// The families of a name rotate, each by itself.
func TestRotation6(t *testing.T) {
	lab := newLab(t, nil)
	lab.Set(vpcID, View{Support: true, Hostnames: true, Zones: []RRSet{
		set("sts.us-east-1.api.aws", "10.0.1.7", "10.0.2.9", "2001:db8::1", "2001:db8::2", "2001:db8::3")}})
	var firsts []string
	for range 4 {
		firsts = append(firsts, strings.Fields(text(lab.ask(t, "udp", question("sts.us-east-1.api.aws.", AAAA)).Answer))[4])
		lab.ask(t, "udp", question("sts.us-east-1.api.aws.", A))
	}
	diff(t, firsts, []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::1"})
}
