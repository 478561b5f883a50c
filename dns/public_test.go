package dns

import (
	"testing"

	"github.com/postern/postern/vpc"
)

func TestPublicNames(t *testing.T) {
	names := func(e vpc.Endpoint) []RRSet {
		return PublicNames(Records{Network: network, Subnets: subnets, ENIs: enis, Endpoints: []vpc.Endpoint{e}})
	}
	diff(t, names(endpoint), []RRSet{
		set(regional, "10.0.1.7", "10.0.2.9"),
		set(vpce+"-us-west-2a"+base, "10.0.1.7"),
		set(vpce+"-us-west-2b"+base, "10.0.2.9"),
	})
	unknown, elsewhere := endpoint, endpoint
	unknown.Service = "com.amazonaws.us-west-2.s3"
	diff(t, names(unknown), []RRSet(nil))
	elsewhere.VPC = "vpc-0ffffffffffffffff"
	diff(t, names(elsewhere), []RRSet(nil))
}

// Endpoints to customers' services have names in the service's own domain.
func TestCustomerNames(t *testing.T) {
	e := endpoint
	e.Service = "com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0"
	domain := ".vpce-svc-0123456789abcdef0.us-west-2.vpce.amazonaws.com"
	diff(t, PublicNames(Records{Network: network, Subnets: subnets, ENIs: dual, Endpoints: []vpc.Endpoint{e}}), []RRSet{
		set(vpce+domain, "10.0.1.7", "10.0.2.9"),
		set(vpce+"-us-west-2a"+domain, "10.0.1.7"),
		set(vpce+"-us-west-2b"+domain, "10.0.2.9"),
	})
}

// An endpoint to a service in another Region has no zonal names.
func TestCrossRegionNames(t *testing.T) {
	e := endpoint
	e.Service, e.ServiceRegion = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0", "eu-west-1"
	r := Records{Network: network, Subnets: subnets, ENIs: dual, Endpoints: []vpc.Endpoint{e}}
	diff(t, PublicNames(r), []RRSet{
		set(vpce+".vpce-svc-0123456789abcdef0.us-west-2.vpce.amazonaws.com", "10.0.1.7", "10.0.2.9"),
	})
}

// An ENI with nothing healthy behind it is left out of names that have others.
func TestDown(t *testing.T) {
	for _, row := range []struct {
		down     map[string]bool
		regional RRSet
	}{
		{map[string]bool{"eni-0a": true}, set(regional, "10.0.2.9")},
		{map[string]bool{"eni-0a": true, "eni-0b": true}, set(regional, "10.0.1.7", "10.0.2.9")},
		{map[string]bool{"eni-0c": true}, set(regional, "10.0.1.7", "10.0.2.9")},
	} {
		r := Records{Network: network, Subnets: subnets, ENIs: enis, Endpoints: []vpc.Endpoint{endpoint}, Down: row.down}
		diff(t, PublicNames(r), []RRSet{
			row.regional,
			set(vpce+"-us-west-2a"+base, "10.0.1.7"), // zonal names have no others
			set(vpce+"-us-west-2b"+base, "10.0.2.9"),
		})
		private := row.regional
		private.Name = "eks.us-west-2.amazonaws.com"
		diff(t, Build(r).Zones[0], private)
	}
}

func TestLoadBalancerNames(t *testing.T) {
	b := vpc.LoadBalancer{
		DNSName: "app-0123456789abcdef.elb.us-west-2.amazonaws.com",
		VPC:     vpcID,
		Nodes: []vpc.LoadBalancerNode{
			{Zone: "us-west-2b", ENI: "eni-0b"},
			{Zone: "us-west-2a", ENI: "eni-0a"},
		},
		AddressType: "ipv4",
	}
	wide, elsewhere := b, b
	wide.AddressType = "dualstack"
	elsewhere.VPC = "vpc-0ffffffffffffffff"
	names := func(b vpc.LoadBalancer, down map[string]bool) []RRSet {
		return PublicNames(Records{Network: network, Subnets: subnets, ENIs: dual, LoadBalancers: []vpc.LoadBalancer{b}, Down: down})
	}
	diff(t, names(b, nil), []RRSet{
		set(b.DNSName, "10.0.2.9", "10.0.1.7"),
		set("us-west-2a."+b.DNSName, "10.0.1.7"),
		set("us-west-2b."+b.DNSName, "10.0.2.9"),
	})
	diff(t, names(wide, map[string]bool{"eni-0b": true}), []RRSet{
		set(b.DNSName, "10.0.1.7", "2001:db8::1:7"),
		set("us-west-2a."+b.DNSName, "10.0.1.7", "2001:db8::1:7"),
		set("us-west-2b."+b.DNSName, "10.0.2.9", "2001:db8::2:9"),
	})
	diff(t, names(elsewhere, nil), []RRSet(nil))
}
