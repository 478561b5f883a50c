package nft

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/postern/postern/vpc"
)

var update = flag.Bool("update", false, "rewrite testdata")

const (
	appID      = "eni-0aaaaaaaaaaaaaaa1"
	dbID       = "eni-0bbbbbbbbbbbbbbb2"
	doorID     = "eni-0ccccccccccccccc3"
	clientsID  = "sg-0aaaaaaaaaaaaaaaa"
	endpointID = "sg-0eeeeeeeeeeeeeeee"
	everyID    = "sg-0ffffffffffffffff"
)

func addr(s string) netip.Addr   { return netip.MustParseAddr(s) }
func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func sgr(n string) string        { return "sgr-0000000000000000" + n }
func workload(id, a string, groups ...string) vpc.ENI {
	return vpc.ENI{ID: id, Type: vpc.InterfaceWorkload, Address: addr(a), Groups: groups}
}
func dual(e vpc.ENI, a string) vpc.ENI {
	e.IPv6 = addr(a)
	return e
}
func endpoint(id, a string, groups ...string) vpc.ENI {
	return vpc.ENI{ID: id, Type: vpc.InterfaceEndpoint, Address: addr(a), Groups: groups}
}

// configs are the rulesets of testdata, by file name.
func configs() map[string]Config {
	resolvers := []netip.Addr{addr("10.0.0.2"), addr("169.254.169.253")}
	gateways := []netip.Addr{addr("10.0.1.1"), addr("10.0.2.1")}
	return map[string]Config{
		"empty": {Resolvers: resolvers, Gateways: gateways},
		"endpoint": {
			Resolvers: resolvers, Gateways: gateways,
			ENIs: []vpc.ENI{workload(appID, "10.0.1.5", clientsID), endpoint(doorID, "10.0.2.7", endpointID)},
			Groups: []vpc.SecurityGroup{
				{ID: clientsID, Rules: []vpc.SecurityGroupRule{
					{ID: sgr("1"), Egress: true, Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: endpointID}}},
				{ID: endpointID, Rules: []vpc.SecurityGroupRule{
					{ID: sgr("2"), Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: clientsID},
					{ID: sgr("3"), Egress: true, Protocol: vpc.ProtocolAll, CIDR: cidr("0.0.0.0/0")}}},
			},
		},
		"dualstack": {
			Resolvers: append(resolvers, addr("fd00:ec2::253")), Gateways: gateways,
			ENIs: []vpc.ENI{
				dual(workload(appID, "10.0.1.5", clientsID), "2001:db8:0:1::5"),
				{ID: dbID, Type: vpc.InterfaceWorkload, IPv6: addr("2001:db8:0:1::6"), Groups: []string{clientsID}}, // no IPv4
				dual(endpoint(doorID, "10.0.2.7", endpointID), "2001:db8:0:2::7")},
			Groups: []vpc.SecurityGroup{
				{ID: clientsID, Rules: []vpc.SecurityGroupRule{
					{ID: sgr("1"), Egress: true, Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: endpointID},
					{ID: sgr("2"), Egress: true, Protocol: vpc.ProtocolAll, CIDR: cidr("::/0")},
					{ID: sgr("3"), Egress: true, Protocol: vpc.ProtocolICMPv6, FromPort: 128, ToPort: -1, CIDR: cidr("2001:db8::/32")}}},
				{ID: endpointID, Rules: []vpc.SecurityGroupRule{
					{ID: sgr("4"), Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: clientsID}}},
			},
		},
		"limits": {Resolvers: resolvers, Gateways: gateways, QueryLimit: 1024, EndpointIdle: 350 * time.Second, ClampMSS: true,
			ENIs: []vpc.ENI{endpoint(doorID, "10.0.2.7", endpointID)}},
		"consumer": consumer(),
		"provider": provider(),
		"rules": {
			Resolvers: resolvers, Gateways: gateways,
			ENIs: []vpc.ENI{workload(appID, "10.0.1.5", everyID, clientsID), workload(dbID, "10.0.1.6", everyID, "sg-0000000000000gone")},
			Groups: []vpc.SecurityGroup{
				{ID: clientsID},
				{ID: everyID, Rules: everyRule()},
			},
		},
	}
}

const (
	peerLink = "svc-0123456789a"
	nodeID   = "eni-0ddddddddddddddd4"
	balancer = "sg-0ddddddddddddddd"
)

// consumer has an endpoint in both families whose port 443 leads to another VPC.
func consumer() Config {
	return Config{
		Resolvers: []netip.Addr{addr("10.0.0.2")}, Gateways: []netip.Addr{addr("10.0.1.1")},
		EndpointIdle: 350 * time.Second, ClampMSS: true,
		ENIs: []vpc.ENI{
			dual(workload(appID, "10.0.1.5", clientsID), "2001:db8:0:1::5"),
			dual(endpoint(doorID, "10.0.2.7", endpointID), "2001:db8:0:2::7")},
		Groups: []vpc.SecurityGroup{
			{ID: clientsID, Rules: []vpc.SecurityGroupRule{{ID: sgr("1"), Egress: true, Protocol: vpc.ProtocolAll, CIDR: cidr("0.0.0.0/0")}}},
			{ID: endpointID, Rules: []vpc.SecurityGroupRule{{ID: sgr("2"), Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, Group: clientsID}}},
		},
		Peers: []Peer{{Link: peerLink}},
		Steers: []Steer{
			{Link: peerLink, Protocol: vpc.ProtocolTCP, Address: netip.MustParseAddrPort("10.0.2.7:443")},
			{Link: peerLink, Protocol: vpc.ProtocolUDP, Address: netip.MustParseAddrPort("[2001:db8:0:2::7]:53")}},
	}
}

// provider has a load balancer that serves the consumer and its own VPC.
func provider() Config {
	tcp := Frontend{Link: peerLink, Protocol: vpc.ProtocolTCP, Address: netip.MustParseAddrPort("10.0.2.7:443"), Node: addr("10.0.3.9"), ENI: nodeID,
		Backends: []Backend{{netip.MustParseAddrPort("10.0.1.5:8443"), 20}, {netip.MustParseAddrPort("10.0.1.6:8443"), 10}}, Idle: 350 * time.Second}
	own := tcp
	own.Link, own.Address, own.Ingress = "", netip.MustParseAddrPort("10.0.3.9:443"), true
	udp := Frontend{Link: peerLink, Protocol: vpc.ProtocolUDP, Address: netip.MustParseAddrPort("[2001:db8:0:2::7]:53"), Node: addr("2001:db8:0:3::9"), ENI: nodeID,
		Backends: []Backend{{netip.MustParseAddrPort("[2001:db8:0:1::5]:53"), 1}}, Idle: 350 * time.Second}
	empty := tcp
	empty.Address, empty.Backends = netip.MustParseAddrPort("10.0.2.7:80"), nil
	return Config{
		Resolvers: []netip.Addr{addr("10.0.0.2")}, Gateways: []netip.Addr{addr("10.0.1.1")},
		ClampMSS: true,
		ENIs: []vpc.ENI{
			dual(workload(appID, "10.0.1.5", clientsID), "2001:db8:0:1::5"),
			workload(dbID, "10.0.1.6", clientsID),
			dual(vpc.ENI{ID: nodeID, Type: vpc.InterfaceLoadBalancer, Address: addr("10.0.3.9"), Groups: []string{balancer}}, "2001:db8:0:3::9")},
		Groups: []vpc.SecurityGroup{
			{ID: clientsID, Rules: []vpc.SecurityGroupRule{{ID: sgr("1"), Protocol: vpc.ProtocolTCP, FromPort: 8443, ToPort: 8443, Group: balancer}}},
			{ID: balancer, Rules: []vpc.SecurityGroupRule{{ID: sgr("2"), Egress: true, Protocol: vpc.ProtocolAll, CIDR: cidr("0.0.0.0/0")}}},
		},
		Peers:     []Peer{{Link: peerLink, Mark: 7}},
		Frontends: []Frontend{tcp, own, udp, empty},
	}
}

// everyRule has a rule of each kind.
func everyRule() []vpc.SecurityGroupRule {
	return []vpc.SecurityGroupRule{
		{ID: sgr("1"), Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: cidr("0.0.0.0/0")},
		{ID: sgr("2"), Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, Group: everyID},
		{ID: sgr("3"), Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, CIDR: cidr("10.0.0.0/16")},
		{ID: sgr("4"), Protocol: vpc.ProtocolTCP, FromPort: 1024, ToPort: 65535, CIDR: cidr("10.0.1.128/25")},
		{ID: sgr("5"), Protocol: vpc.ProtocolUDP, FromPort: 0, ToPort: 65535, CIDR: cidr("10.0.1.5/32")},
		{ID: sgr("6"), Protocol: vpc.ProtocolICMP, FromPort: 8, ToPort: -1, CIDR: cidr("10.0.0.0/8")},
		{ID: sgr("7"), Protocol: vpc.ProtocolICMP, FromPort: 3, ToPort: 4, CIDR: cidr("0.0.0.0/0")},
		{ID: sgr("8"), Protocol: vpc.ProtocolICMP, FromPort: -1, ToPort: -1, CIDR: cidr("0.0.0.0/0")},
		{ID: sgr("9"), Protocol: 50, FromPort: -1, ToPort: -1, CIDR: cidr("192.0.2.0/24")},
		{ID: sgr("a"), Protocol: vpc.ProtocolAll, CIDR: cidr("::/0")},
		{ID: sgr("b"), Protocol: vpc.ProtocolTCP, FromPort: 0, ToPort: 80, CIDR: cidr("203.0.113.4/31"), Egress: true},
		{ID: sgr("c"), Protocol: vpc.ProtocolTCP, FromPort: 22, ToPort: 22, Group: "sg-0000000000000none", Egress: true},
		{ID: sgr("d"), Protocol: vpc.ProtocolICMPv6, FromPort: 128, ToPort: 0, CIDR: cidr("2001:db8::/59")},
		{ID: sgr("e"), Protocol: vpc.ProtocolUDP, FromPort: 53, ToPort: 53, CIDR: cidr("2001:db8::5/128"), Egress: true},
	}
}

func TestBuild(t *testing.T) {
	for name, c := range configs() {
		path := filepath.Join("testdata", name+".nft")
		got := Build(c).String()
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}
