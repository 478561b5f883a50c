package agent

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var owner = vpc.Owner{Account: "111122223333", Region: "us-east-1"}

// twoZones is a VPC with two subnets, an EKS endpoint in both and a workload
// in the first.
func twoZones() records {
	return records{
		Network: vpc.Network{Owner: owner, ID: "vpc-0a", CIDR: netip.MustParsePrefix("10.0.0.0/16"), DNSSupport: true, DNSHostnames: true},
		Subnets: []vpc.Subnet{
			{Owner: owner, ID: "subnet-0a", VPC: "vpc-0a", CIDR: netip.MustParsePrefix("10.0.0.0/24"), Zone: "us-east-1a"},
			{Owner: owner, ID: "subnet-0b", VPC: "vpc-0a", CIDR: netip.MustParsePrefix("10.0.1.0/24"), Zone: "us-east-1b"},
		},
		Groups: []vpc.SecurityGroup{
			{Owner: owner, ID: "sg-0door", VPC: "vpc-0a", Rules: []vpc.SecurityGroupRule{
				{ID: "sgr-01", Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, CIDR: netip.MustParsePrefix("10.0.0.0/16")},
			}},
			{Owner: owner, ID: "sg-0app", VPC: "vpc-0a", Rules: []vpc.SecurityGroupRule{
				{ID: "sgr-02", Egress: true, Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("0.0.0.0/0")},
			}},
		},
		ENIs: []vpc.ENI{
			{Owner: owner, ID: "eni-0a", VPC: "vpc-0a", Subnet: "subnet-0a", Type: vpc.InterfaceEndpoint, Endpoint: "vpce-0a",
				Address: netip.MustParseAddr("10.0.0.10"), Groups: []string{"sg-0door"}},
			{Owner: owner, ID: "eni-0b", VPC: "vpc-0a", Subnet: "subnet-0b", Type: vpc.InterfaceEndpoint, Endpoint: "vpce-0a",
				Address: netip.MustParseAddr("10.0.1.10"), Groups: []string{"sg-0door"}},
			{Owner: owner, ID: "eni-0c", VPC: "vpc-0a", Subnet: "subnet-0a", Type: vpc.InterfaceWorkload, Session: "session-0a",
				Address: netip.MustParseAddr("10.0.0.20"), MAC: "02:00:00:00:00:01", Groups: []string{"sg-0app"}},
		},
		Endpoints: []vpc.Endpoint{{
			Owner: owner, ID: "vpce-0a", VPC: "vpc-0a", Service: "com.amazonaws.us-east-1.eks", Suffix: "q1w2e3r4", PrivateDNS: true,
			Subnets: []string{"subnet-0a", "subnet-0b"}, ENIs: []string{"eni-0a", "eni-0b"}, Groups: []string{"sg-0door"},
			PrivateZones: map[string]string{"eks.us-east-1.amazonaws.com": "Z0A", "eks.us-east-1.api.aws": "Z0B"},
		}},
		FlowLogs: []vpc.FlowLog{{Owner: owner, ID: "fl-0a", Resource: "vpc-0a", Traffic: "ALL", LogGroup: "flows",
			Format: vpc.DefaultFlowFormat, Interval: time.Minute}},
	}
}

func TestPlan(t *testing.T) {
	noHostnames := twoZones()
	noHostnames.Network.DNSHostnames = false
	noPrivateDNS := twoZones()
	noPrivateDNS.Endpoints[0].PrivateDNS = false
	for name, rec := range map[string]records{"two-zones": twoZones(), "no-hostnames": noHostnames, "no-private-dns": noPrivateDNS} {
		t.Run(name, func(t *testing.T) {
			p, alive := plan(rec, 0, vpc.DefaultPathLimits())
			if !alive {
				t.Fatal("nothing lives in it")
			}
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("plan differs from %s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// A VPC in which nothing lives has no namespace.
func TestEmptyVPCNeedsNothing(t *testing.T) {
	rec := twoZones()
	rec.ENIs, rec.Endpoints = nil, nil
	if p, alive := plan(rec, 0, vpc.DefaultPathLimits()); alive {
		t.Errorf("plan of an empty VPC: %+v", p)
	}
}

// The plan is a function: the same records give the same plan, and the plan
// does not change the records.
func TestPlanIsPure(t *testing.T) {
	rec := twoZones()
	first, _ := plan(rec, time.Second, vpc.PathLimits{})
	second, _ := plan(rec, time.Second, vpc.PathLimits{})
	if diff := cmp.Diff(first, second, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if first.FlowLogs[0].Interval != time.Second || rec.FlowLogs[0].Interval != time.Minute {
		t.Errorf("intervals: plan %v, record %v", first.FlowLogs[0].Interval, rec.FlowLogs[0].Interval)
	}
}

// The resolver answers at base + 2 of the VPC and of every IPv4 subnet, and at
// the link-local addresses of the families that the VPC has.
func TestResolverAddresses(t *testing.T) {
	r := twoZones()
	r.Subnets = append(r.Subnets, vpc.Subnet{ID: "subnet-0c", VPC: "vpc-0a", Native: true})
	want := []netip.Addr{
		netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.1.2"), netip.MustParseAddr("169.254.169.253"),
	}
	addrs := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if d := cmp.Diff(want, resolvers(r), addrs); d != "" {
		t.Error(d)
	}
	r.Network.IPv6.CIDR = netip.MustParsePrefix("2001:db8:0:100::/56")
	if d := cmp.Diff(append(want, netip.MustParseAddr("fd00:ec2::253")), resolvers(r), addrs); d != "" {
		t.Error(d)
	}
}
