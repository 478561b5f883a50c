package dns

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const vpcID = "vpc-0a1b2c3d4e5f60718"

// theView is a VPC 10.0.0.0/16 in us-east-1 with two instances and an endpoint
// for EKS in two zones.
var theView = View{
	Support:   true,
	Hostnames: true,
	Zones: []RRSet{
		set("eks.us-east-1.amazonaws.com", "10.0.1.7", "10.0.2.9"),
		set("eks.us-east-1.api.aws", "10.0.1.7", "10.0.2.9"),
	},
	Hosts: []RRSet{
		set("ip-10-0-1-5.ec2.internal", "10.0.1.5"),
		set("ip-10-0-1-7.ec2.internal", "10.0.1.7"),
	},
	Pointers: map[netip.Addr]string{
		netip.MustParseAddr("10.0.1.5"): "ip-10-0-1-5.ec2.internal",
		netip.MustParseAddr("10.0.1.7"): "ip-10-0-1-7.ec2.internal",
	},
}

const vpce = "vpce-0a1b2c3d4e5f60718-k3x9q2ab"

// thePublic are the names of that endpoint.
var thePublic = []RRSet{
	set(vpce+".eks.us-east-1.vpce.amazonaws.com", "10.0.1.7", "10.0.2.9"),
	set(vpce+"-us-east-1a.eks.us-east-1.vpce.amazonaws.com", "10.0.1.7"),
	set(vpce+"-us-east-1b.eks.us-east-1.vpce.amazonaws.com", "10.0.2.9"),
}

func set(name string, addresses ...string) RRSet {
	s := RRSet{Name: name}
	for _, a := range addresses {
		s.A = append(s.A, netip.MustParseAddr(a))
	}
	return s
}

// A lab is a server with one VPC that is served on a loopback address.
type lab struct {
	*Server
	udp, tcp string
	served   chan error // gets what Serve returned
}

func newLab(t *testing.T, upstream Upstream) *lab {
	t.Helper()
	pc, l := listen(t)
	lab := &lab{
		Server: NewServer(Config{Upstream: upstream, Log: slog.New(slog.DiscardHandler)}),
		udp:    pc.LocalAddr().String(),
		tcp:    l.Addr().String(),
		served: make(chan error, 1),
	}
	lab.SetPublic(vpcID, thePublic)
	lab.Set(vpcID, theView)
	go func() { lab.served <- lab.Serve(context.Background(), vpcID, pc, l) }()
	t.Cleanup(func() { lab.Close() })
	lab.ask(t, "udp", question("localhost.", miekg.TypeA)) // it serves
	return lab
}

func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return pc, l
}

// ask sends q and returns the answer.
func (l *lab) ask(t *testing.T, network string, q *miekg.Msg) *miekg.Msg {
	t.Helper()
	address := l.udp
	if network == "tcp" {
		address = l.tcp
	}
	c := miekg.Client{Net: network, Timeout: 10 * time.Second, UDPSize: miekg.MaxMsgSize}
	m, _, err := c.Exchange(q, address)
	if err != nil {
		t.Fatalf("%s: %v\n%v", network, err, q)
	}
	return m
}

func question(name string, qtype uint16) *miekg.Msg {
	return new(miekg.Msg).SetQuestion(name, qtype)
}

// text writes records as in a zone file, one a line, fields between blanks.
func text(rrs []miekg.RR) string {
	var lines []string
	for _, rr := range rrs {
		if rr.Header().Rrtype != miekg.TypeOPT {
			lines = append(lines, strings.Join(strings.Fields(rr.String()), " "))
		}
	}
	return strings.Join(lines, "\n")
}
