package dns

import (
	"context"
	"slices"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
)

const (
	A     = miekg.TypeA
	AAAA  = miekg.TypeAAAA
	PTR   = miekg.TypePTR
	SOA   = miekg.TypeSOA
	ANY   = miekg.TypeANY
	HTTPS = miekg.TypeHTTPS
)

// elsewhere stands for the resolver of the host: what it answers shows that a
// query was forwarded.
func elsewhere(_ context.Context, q *miekg.Msg) (*miekg.Msg, error) {
	m := new(miekg.Msg).SetReply(q)
	rr, err := miekg.NewRR(q.Question[0].Name + ` 5 IN TXT "elsewhere"`)
	m.Answer = []miekg.RR{rr}
	return m, err
}

const (
	forwarded = "forwarded"
	noData    = "NODATA "   // and the zone whose SOA comes with it
	noName    = "NXDOMAIN " // and the zone
)

// outcome says what became of a query, in the words of the rows below.
func outcome(m *miekg.Msg) string {
	zone := ""
	if len(m.Ns) == 1 && m.Ns[0].Header().Rrtype == SOA {
		zone = m.Ns[0].Header().Name
	}
	switch answer := text(m.Answer); {
	case strings.Contains(answer, `"elsewhere"`):
		return forwarded
	case m.Rcode == miekg.RcodeNameError:
		return noName + zone
	case m.Rcode != miekg.RcodeSuccess:
		return miekg.RcodeToString[m.Rcode]
	case answer == "":
		return noData + zone
	default:
		return answer
	}
}

func TestAnswer(t *testing.T) {
	lab := newLab(t, elsewhere)
	for _, row := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		// The hidden zone of an endpoint's private name.
		{"eks.us-east-1.amazonaws.com.", A, `
			eks.us-east-1.amazonaws.com. 60 IN A 10.0.1.7
			eks.us-east-1.amazonaws.com. 60 IN A 10.0.2.9`},
		{"eks.us-east-1.api.aws.", A, `
			eks.us-east-1.api.aws. 60 IN A 10.0.1.7
			eks.us-east-1.api.aws. 60 IN A 10.0.2.9`},
		{"eks.us-east-1.amazonaws.com.", AAAA, noData + "eks.us-east-1.amazonaws.com."},
		{"eks.us-east-1.amazonaws.com.", HTTPS, noData + "eks.us-east-1.amazonaws.com."},
		{"eks.us-east-1.amazonaws.com.", SOA,
			"eks.us-east-1.amazonaws.com. 60 IN SOA eks.us-east-1.amazonaws.com. nobody.invalid. 1 3600 1200 604800 60"},
		{"eks.us-east-1.amazonaws.com.", ANY, `eks.us-east-1.amazonaws.com. 60 IN HINFO "RFC8482" ""`},

		// Below its apex, and around it, nothing is shadowed.
		{"oidc.eks.us-east-1.amazonaws.com.", A, forwarded},
		{"fips.eks.us-east-1.amazonaws.com.", A, "fips.eks.us-east-1.amazonaws.com. 60 IN A 198.18.31.1"},
		{"us-east-1.amazonaws.com.", A, forwarded},
		{"xeks.us-east-1.amazonaws.com.", A, forwarded},
		{"0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com.", A, forwarded},

		// Answers keep the case of the question.
		{"eKs.US-east-1.amazonAWS.com.", A, `
			eKs.US-east-1.amazonAWS.com. 60 IN A 10.0.1.7
			eKs.US-east-1.amazonAWS.com. 60 IN A 10.0.2.9`},

		// Regional and zonal names are public and lie in a zone of ours.
		{vpce + ".eks.us-east-1.vpce.amazonaws.com.", A, `
			` + vpce + `.eks.us-east-1.vpce.amazonaws.com. 60 IN A 10.0.1.7
			` + vpce + `.eks.us-east-1.vpce.amazonaws.com. 60 IN A 10.0.2.9`},
		{vpce + "-us-east-1b.eks.us-east-1.vpce.amazonaws.com.", A,
			vpce + "-us-east-1b.eks.us-east-1.vpce.amazonaws.com. 60 IN A 10.0.2.9"},
		{vpce + ".eks.us-east-1.vpce.amazonaws.com.", AAAA, noData + "eks.us-east-1.vpce.amazonaws.com."},
		{"nope.eks.us-east-1.vpce.amazonaws.com.", A, noName + "eks.us-east-1.vpce.amazonaws.com."},
		{"x." + vpce + ".eks.us-east-1.vpce.amazonaws.com.", A, noName + "eks.us-east-1.vpce.amazonaws.com."},
		{"eks.us-east-1.vpce.amazonaws.com.", A, noData + "eks.us-east-1.vpce.amazonaws.com."},
		{"nope.s3.us-east-1.vpce.amazonaws.com.", A, forwarded},

		// Public names of the services that Postern serves.
		{"ec2.us-east-1.amazonaws.com.", A, "ec2.us-east-1.amazonaws.com. 60 IN A 198.18.31.2"},
		{"eks.eu-west-1.amazonaws.com.", A, "eks.eu-west-1.amazonaws.com. 60 IN A 198.18.23.1"},
		{"EC2.us-east-1.api.aws.", A, "EC2.us-east-1.api.aws. 60 IN A 198.18.31.2"},
		{"ec2.us-east-1.amazonaws.com.", AAAA, noData + "ec2.us-east-1.amazonaws.com."},
		{"s3.us-east-1.amazonaws.com.", A, forwarded},
		{"ec2.mars-1.amazonaws.com.", A, forwarded},
		{`ec2\.us-east-1.amazonaws.com.`, A, forwarded},

		// Instances, both ways; the domains never leave.
		{"ip-10-0-1-5.ec2.internal.", A, "ip-10-0-1-5.ec2.internal. 60 IN A 10.0.1.5"},
		{"5.1.0.10.in-addr.arpa.", PTR, "5.1.0.10.in-addr.arpa. 60 IN PTR ip-10-0-1-5.ec2.internal."},
		{"ip-10-0-1-6.ec2.internal.", A, noName + "ec2.internal."},
		{"ip-10-0-1-5.us-west-2.compute.internal.", A, noName + "compute.internal."},
		{"6.1.0.10.in-addr.arpa.", PTR, noName + "10.in-addr.arpa."},
		{"1.0.10.in-addr.arpa.", PTR, noData + "10.in-addr.arpa."}, // a name exists below
		{"7.0.10.in-addr.arpa.", PTR, noName + "10.in-addr.arpa."},

		// RFC 6303, RFC 6761, RFC 8482.
		{"1.1.168.192.in-addr.arpa.", PTR, noName + "168.192.in-addr.arpa."},
		{"168.192.in-addr.arpa.", PTR, noData + "168.192.in-addr.arpa."},
		{"1.0.0.127.in-addr.arpa.", PTR, "1.0.0.127.in-addr.arpa. 60 IN PTR localhost."},
		{loopback6, PTR, loopback6 + " 60 IN PTR localhost."},
		{"8.8.8.8.in-addr.arpa.", PTR, forwarded},
		{"localhost.", A, "localhost. 60 IN A 127.0.0.1"},
		{"db.localhost.", AAAA, "db.localhost. 60 IN AAAA ::1"},
		{"localhost.", miekg.TypeMX, noData + "localhost."},
		{"nope.invalid.", A, noName + "invalid."},

		// The rest is somebody else's, the root too.
		{"example.org.", A, forwarded},
		{".", miekg.TypeNS, forwarded},
		{"example.org.", ANY, forwarded},
	} {
		for _, network := range []string{"udp", "tcp"} {
			lab.Set(vpcID, theView) // begins the rotation anew
			lab.SetPublic(vpcID, nil)
			lab.SetPublic(vpcID, thePublic)
			got := lab.ask(t, network, question(row.name, row.qtype))
			want := strings.ReplaceAll(strings.TrimSpace(row.want), "\n\t\t\t", "\n")
			if o := outcome(got); o != want && o != row.want {
				t.Errorf("%s %s %s:\ngot  %s\nwant %s", network, row.name, miekg.TypeToString[row.qtype], o, want)
			}
			if !got.RecursionAvailable || got.Authoritative || got.Truncated {
				t.Errorf("%s %s: flags of\n%v", network, row.name, got)
			}
		}
	}
}

// Without hostnames the private zones and the instances are gone, and nothing
// else.
func TestAnswerWithoutHostnames(t *testing.T) {
	lab := newLab(t, elsewhere)
	view := theView
	view.Hostnames = false
	lab.Set(vpcID, view)
	for _, row := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"eks.us-east-1.amazonaws.com.", A, "eks.us-east-1.amazonaws.com. 60 IN A 198.18.31.1"},
		{vpce + "-us-east-1a.eks.us-east-1.vpce.amazonaws.com.", A,
			vpce + "-us-east-1a.eks.us-east-1.vpce.amazonaws.com. 60 IN A 10.0.1.7"},
		{"ip-10-0-1-5.ec2.internal.", A, noName + "ec2.internal."},
		{"5.1.0.10.in-addr.arpa.", PTR, noName + "10.in-addr.arpa."},
	} {
		if got := outcome(lab.ask(t, "udp", question(row.name, row.qtype))); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// A records rotate for each name by itself: a client that asks for A and AAAA
// in turn must see all of them first.
func TestRotation(t *testing.T) {
	lab := newLab(t, nil)
	var firsts []string
	for range 4 {
		m := lab.ask(t, "udp", question("eks.us-east-1.amazonaws.com.", A))
		firsts = append(firsts, m.Answer[0].(*miekg.A).A.String())
		lab.ask(t, "udp", question("eks.us-east-1.amazonaws.com.", AAAA))
		lab.ask(t, "udp", question(vpce+".eks.us-east-1.vpce.amazonaws.com.", A))
	}
	if want := []string{"10.0.1.7", "10.0.2.9", "10.0.1.7", "10.0.2.9"}; !slices.Equal(firsts, want) {
		t.Errorf("first addresses %v, want %v", firsts, want)
	}
}

// An endpoint whose interfaces are all gone still owns its names.
func TestZoneWithoutAddresses(t *testing.T) {
	lab := newLab(t, elsewhere)
	lab.Set(vpcID, View{Support: true, Hostnames: true, Zones: []RRSet{set("eks.us-east-1.amazonaws.com")}})
	m := lab.ask(t, "udp", question("eks.us-east-1.amazonaws.com.", A))
	if got, want := outcome(m), noData+"eks.us-east-1.amazonaws.com."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
