package dns

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
)

var (
	network = vpc.Network{
		Owner:        vpc.Owner{Account: "111122223333", Region: "us-west-2"},
		ID:           vpcID,
		CIDR:         netip.MustParsePrefix("10.0.0.0/16"),
		DNSSupport:   true,
		DNSHostnames: true,
	}
	subnets = []vpc.Subnet{
		{ID: "subnet-0aaaaaaaaaaaaaaaa", VPC: vpcID, Zone: "us-west-2a"},
		{ID: "subnet-0bbbbbbbbbbbbbbbb", VPC: vpcID, Zone: "us-west-2b"},
	}
	enis = []vpc.ENI{
		eni("eni-0b", subnets[1].ID, "10.0.2.9"),
		eni("eni-0a", subnets[0].ID, "10.0.1.7"),
		eni("eni-0c", subnets[0].ID, "10.0.1.5"),
		{ID: "eni-0d", VPC: "vpc-0ffffffffffffffff", Address: netip.MustParseAddr("10.0.9.9")},
		{ID: "eni-0e", VPC: vpcID}, // not placed yet
	}
	endpoint = vpc.Endpoint{
		ID:           "vpce-0a1b2c3d4e5f60718",
		VPC:          vpcID,
		Service:      "com.amazonaws.us-west-2.eks",
		ENIs:         []string{"eni-0a", "eni-0b", "eni-0e"},
		PrivateDNS:   true,
		PrivateZones: map[string]string{"eks.us-west-2.api.aws": "Z2", "eks.us-west-2.amazonaws.com": "Z1"},
		Suffix:       "k3x9q2ab",
	}
)

func eni(id, subnet, address string) vpc.ENI {
	return vpc.ENI{ID: id, VPC: vpcID, Subnet: subnet, Address: netip.MustParseAddr(address)}
}

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestBuild(t *testing.T) {
	other, off := endpoint, endpoint
	other.VPC = "vpc-0ffffffffffffffff"
	off.PrivateDNS = false
	diff(t, Build(Records{Network: network, ENIs: enis, Endpoints: []vpc.Endpoint{off, endpoint, other}}), View{
		Support:   true,
		Hostnames: true,
		Zones: []RRSet{
			set("eks.us-west-2.amazonaws.com", "10.0.1.7", "10.0.2.9"),
			set("eks.us-west-2.api.aws", "10.0.1.7", "10.0.2.9"),
		},
		Hosts: []RRSet{
			set("ip-10-0-1-5.us-west-2.compute.internal", "10.0.1.5"),
			set("ip-10-0-1-7.us-west-2.compute.internal", "10.0.1.7"),
			set("ip-10-0-2-9.us-west-2.compute.internal", "10.0.2.9"),
		},
	})
}

func TestPublicNames(t *testing.T) {
	base := ".eks.us-west-2.vpce.amazonaws.com"
	diff(t, PublicNames(Records{Network: network, Subnets: subnets, ENIs: enis, Endpoints: []vpc.Endpoint{endpoint}}), []RRSet{
		set(vpce+base, "10.0.1.7", "10.0.2.9"),
		set(vpce+"-us-west-2a"+base, "10.0.1.7"),
		set(vpce+"-us-west-2b"+base, "10.0.2.9"),
	})
	unknown := endpoint
	unknown.Service = "com.amazonaws.us-west-2.s3"
	diff(t, PublicNames(Records{Network: network, Subnets: subnets, ENIs: enis, Endpoints: []vpc.Endpoint{unknown}}), []RRSet(nil))
}

func TestInternalDomain(t *testing.T) {
	diff(t, HostName(netip.MustParseAddr("10.0.1.5"), "us-east-1"), "ip-10-0-1-5.ec2.internal")
	diff(t, HostName(netip.MustParseAddr("10.0.1.5"), "eu-west-1"), "ip-10-0-1-5.eu-west-1.compute.internal")
}
