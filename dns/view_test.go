package dns

import (
	"net/netip"
	"slices"
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
		Owner:        network.Owner,
		ID:           "vpce-0a1b2c3d4e5f60718",
		VPC:          vpcID,
		Service:      "com.amazonaws.us-west-2.eks",
		ENIs:         []string{"eni-0a", "eni-0b", "eni-0e"},
		PrivateDNS:   true,
		PrivateZones: map[string]string{"eks.us-west-2.api.aws": "Z2", "eks.us-west-2.amazonaws.com": "Z1"},
		Suffix:       "k3x9q2ab",
	}
	// dual are the same ENIs with IPv6.
	dual = []vpc.ENI{
		eni6("eni-0a", subnets[0].ID, "10.0.1.7", "2001:db8::1:7"),
		eni6("eni-0b", subnets[1].ID, "10.0.2.9", "2001:db8::2:9"),
	}
)

func eni(id, subnet, address string) vpc.ENI {
	return vpc.ENI{ID: id, VPC: vpcID, Subnet: subnet, Address: netip.MustParseAddr(address)}
}

func eni6(id, subnet, v4, v6 string) vpc.ENI {
	e := vpc.ENI{ID: id, VPC: vpcID, Subnet: subnet, IPv6: netip.MustParseAddr(v6)}
	if v4 != "" {
		e.Address = netip.MustParseAddr(v4)
	}
	return e
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
		Pointers: map[netip.Addr]string{
			netip.MustParseAddr("10.0.1.5"): "ip-10-0-1-5.us-west-2.compute.internal",
			netip.MustParseAddr("10.0.1.7"): "ip-10-0-1-7.us-west-2.compute.internal",
			netip.MustParseAddr("10.0.2.9"): "ip-10-0-2-9.us-west-2.compute.internal",
		},
	})
}

const (
	base     = ".eks.us-west-2.vpce.amazonaws.com"
	regional = vpce + base
)

// Which families a name has depends on the endpoint's record type and, when
// the service defines it, on the name.
func TestRecordTypes(t *testing.T) {
	v4 := []string{"10.0.1.7", "10.0.2.9"}
	v6 := []string{"2001:db8::1:7", "2001:db8::2:9"}
	both := slices.Concat(v4, v6)
	for _, row := range []struct {
		address, record            string
		classic, dualStack, public []string
	}{
		{"", "", v4, v4, v4},
		{"ipv4", "ipv4", v4, v4, v4},
		{"ipv6", "ipv6", v6, v6, v6},
		{"ipv6", "", v6, v6, v6},
		{"dualstack", "dualstack", both, both, both},
		{"dualstack", "", both, both, both},
		{"dualstack", "ipv4", v4, v4, v4},
		{"dualstack", "ipv6", v6, v6, v6},
		{"dualstack", "service-defined", v4, both, both},
	} {
		e := endpoint
		e.IPAddressType, e.DNSRecordType = row.address, row.record
		r := Records{Network: network, Subnets: subnets, ENIs: dual, Endpoints: []vpc.Endpoint{e}}
		diff(t, Build(r).Zones, []RRSet{
			set("eks.us-west-2.amazonaws.com", row.classic...),
			set("eks.us-west-2.api.aws", row.dualStack...),
		})
		diff(t, PublicNames(r)[0], set(regional, row.public...))
	}
}

// An endpoint from before the dual-stack names has one private name.
func TestLegacyEndpoint(t *testing.T) {
	e := endpoint
	e.Legacy, e.PrivateZones = true, map[string]string{"eks.us-west-2.amazonaws.com": "Z1"}
	diff(t, Build(Records{Network: network, ENIs: enis, Endpoints: []vpc.Endpoint{e}}).Zones,
		[]RRSet{set("eks.us-west-2.amazonaws.com", "10.0.1.7", "10.0.2.9")})
}

// The private name of a customer's service stands for the regional name.
func TestCustomerPrivateName(t *testing.T) {
	e := endpoint
	e.Service, e.PrivateZones = "com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0", nil
	named := func(name string) map[string]vpc.ServiceConfiguration {
		return map[string]vpc.ServiceConfiguration{e.Service: {PrivateName: name}}
	}
	target := vpce + ".vpce-svc-0123456789abcdef0.us-west-2.vpce.amazonaws.com"
	for _, row := range []struct {
		services map[string]vpc.ServiceConfiguration
		want     []RRSet
	}{
		{named("api.example.org"), []RRSet{{Name: "api.example.org", CNAME: target}}},
		{named("*.example.org"), []RRSet{{Name: "*.example.org", CNAME: target}}},
		{named(""), nil},
		{nil, nil},
	} {
		diff(t, Build(Records{Network: network, ENIs: enis, Endpoints: []vpc.Endpoint{e}, Services: row.services}).Zones, row.want)
	}
	e.PrivateZones = map[string]string{"kept.example.org": "Z3"} // whatever the provider has changed since
	diff(t, Build(Records{Network: network, ENIs: enis, Endpoints: []vpc.Endpoint{e}, Services: named("api.example.org")}).Zones,
		[]RRSet{{Name: "kept.example.org", CNAME: target}})
}

// What the provider has not admitted keeps its names, which lead nowhere.
func TestNotAdmitted(t *testing.T) {
	for _, admission := range []vpc.Admission{vpc.AdmissionPending, vpc.AdmissionRejected, vpc.AdmissionExpired, vpc.AdmissionFailed} {
		e := endpoint
		e.Admission = admission
		r := Records{Network: network, Subnets: subnets, ENIs: enis, Endpoints: []vpc.Endpoint{e}}
		diff(t, Build(r).Zones, []RRSet{set("eks.us-west-2.amazonaws.com"), set("eks.us-west-2.api.aws")})
		diff(t, PublicNames(r), []RRSet{set(regional)})
	}
}
