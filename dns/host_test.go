package dns

import (
	"net/netip"
	"testing"

	"github.com/postern/postern/vpc"
)

// A subnet's options say what the name made from a workload's id has, and
// which of its names an address is called in reverse.
func TestHosts(t *testing.T) {
	const (
		byAddress = "ip-10-0-1-5.us-west-2.compute.internal"
		byID      = "i-0c.us-west-2.compute.internal"
		v4, v6    = "10.0.1.5", "2001:db8::1:5"
	)
	for _, row := range []struct {
		what            string
		subnet          vpc.Subnet
		v4              string // of the ENI, which always has IPv6
		hosts           []RRSet
		called, called6 string
	}{
		{"the default", vpc.Subnet{}, v4, []RRSet{set(byAddress, v4)}, byAddress, ""},
		{"A records", vpc.Subnet{Names: vpc.HostNames{A: true}}, v4,
			[]RRSet{set(byID, v4), set(byAddress, v4)}, byAddress, ""},
		{"AAAA records", vpc.Subnet{Names: vpc.HostNames{AAAA: true}}, v4,
			[]RRSet{set(byID, v6), set(byAddress, v4)}, byAddress, byID},
		{"resource names", vpc.Subnet{Names: vpc.HostNames{ByResource: true, A: true, AAAA: true}}, v4,
			[]RRSet{set(byID, v4, v6), set(byAddress, v4)}, byID, byID},
		{"resource names without records", vpc.Subnet{Names: vpc.HostNames{ByResource: true}}, v4,
			[]RRSet{set(byID), set(byAddress, v4)}, byID, byID},
		{"IPv6 only", vpc.Subnet{Native: true, Names: vpc.HostNames{AAAA: true}}, "",
			[]RRSet{set(byID, v6)}, "", byID},
	} {
		t.Run(row.what, func(t *testing.T) {
			row.subnet.ID = "subnet-0aaaaaaaaaaaaaaaa"
			workload := eni6("eni-0c", row.subnet.ID, row.v4, v6)
			workload.Type = vpc.InterfaceWorkload
			view := Build(Records{Network: network, Subnets: []vpc.Subnet{row.subnet}, ENIs: []vpc.ENI{workload}})
			diff(t, view.Hosts, row.hosts)
			pointers := map[netip.Addr]string{}
			if row.called != "" {
				pointers[workload.Address] = row.called
			}
			if row.called6 != "" {
				pointers[workload.IPv6] = row.called6
			}
			diff(t, view.Pointers, pointers)
		})
	}
}

// An interface that is no workload has no id of an instance.
func TestHostsOfEndpoints(t *testing.T) {
	e := eni6("eni-0a", "subnet-0aaaaaaaaaaaaaaaa", "10.0.1.7", "2001:db8::1:7")
	e.Type = vpc.InterfaceEndpoint
	subnet := vpc.Subnet{ID: e.Subnet, Names: vpc.HostNames{ByResource: true, A: true, AAAA: true}}
	diff(t, Build(Records{Network: network, Subnets: []vpc.Subnet{subnet}, ENIs: []vpc.ENI{e}}).Hosts,
		[]RRSet{set("ip-10-0-1-7.us-west-2.compute.internal", "10.0.1.7")})
}
