package dns

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern/postern/vpc"
)

// RRSet is a name with its addresses. Names are without a trailing dot; one
// that begins with *. stands for all names that end so and are not there
// themselves.
type RRSet struct {
	Name  string
	A     []netip.Addr // IPv4 and IPv6; a name without any exists and has no records
	CNAME string       // what the name stands for; then it has no addresses of its own
}

// Records are what a VPC's names are made from. Those of other VPCs are left
// out by Build and PublicNames.
type Records struct {
	Network       vpc.Network
	Subnets       []vpc.Subnet
	ENIs          []vpc.ENI
	Endpoints     []vpc.Endpoint
	Services      map[string]vpc.ServiceConfiguration // of customers, by the service name that endpoints have
	LoadBalancers []vpc.LoadBalancer                  // their names are public
	Down          map[string]bool                     // ENIs that nothing healthy is behind: left out of names with several addresses
}

// View is what the resolver of one VPC answers beside the public names. It is
// plain data and must not be changed once it was handed to Server.Set.
type View struct {
	Support   bool    // enableDnsSupport: without it no query gets an answer
	Hostnames bool    // enableDnsHostnames: without it Zones and Hosts are not answered
	Zones     []RRSet // the hidden zones of the endpoints' private names
	Hosts     []RRSet // the instances' names, one address each, answered in reverse too
}

// Build returns the view of a VPC.
func Build(r Records) View {
	network, endpoints, enis := r.Network, r.Endpoints, r.ENIs
	v := View{Support: network.DNSSupport, Hostnames: network.DNSHostnames}
	address := map[string]netip.Addr{}
	for _, e := range enis {
		if e.VPC != network.ID || !e.Address.Is4() {
			continue
		}
		address[e.ID] = e.Address
		v.Hosts = append(v.Hosts, RRSet{Name: HostName(e.Address, network.Region), A: []netip.Addr{e.Address}})
	}
	for _, e := range endpoints {
		if e.VPC != network.ID || !e.PrivateDNS {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(e.PrivateZones)) {
			v.Zones = append(v.Zones, RRSet{Name: name, A: present(e.ENIs, address)})
		}
	}
	slices.SortFunc(v.Zones, byName)
	slices.SortFunc(v.Hosts, byName)
	return v
}

// PublicNames returns the regional and zonal names of a VPC's endpoints. An
// endpoint of an unknown service has no names.
func PublicNames(r Records) []RRSet {
	var all []RRSet
	for _, e := range r.Endpoints {
		all = append(all, endpointNames(e, r.ENIs, r.Subnets)...)
	}
	return all
}

func endpointNames(e vpc.Endpoint, enis []vpc.ENI, subnets []vpc.Subnet) []RRSet {
	service, ok := vpc.FindEndpointService(e.Service)
	if !ok {
		return nil
	}
	zone := map[string]string{}
	for _, s := range subnets {
		zone[s.ID] = s.Zone
	}
	address := map[string]netip.Addr{}
	var zonal []RRSet
	for _, n := range enis {
		if !slices.Contains(e.ENIs, n.ID) || !n.Address.Is4() {
			continue
		}
		address[n.ID] = n.Address
		if z := zone[n.Subnet]; z != "" {
			zonal = append(zonal, RRSet{Name: e.ZonalName(service, z), A: []netip.Addr{n.Address}})
		}
	}
	slices.SortFunc(zonal, byName)
	return append([]RRSet{{Name: e.RegionalName(service), A: present(e.ENIs, address)}}, zonal...)
}

// HostName is the private DNS name of an instance address in a Region.
func HostName(a netip.Addr, region string) string {
	b := a.As4()
	return fmt.Sprintf("ip-%d-%d-%d-%d.%s", b[0], b[1], b[2], b[3], InternalDomain(region))
}

// InternalDomain is the parent of the instances' names in a Region.
func InternalDomain(region string) string {
	if region == "us-east-1" {
		return "ec2.internal"
	}
	return region + ".compute.internal"
}

func present(ids []string, address map[string]netip.Addr) []netip.Addr {
	var all []netip.Addr
	for _, id := range ids {
		if a, ok := address[id]; ok {
			all = append(all, a)
		}
	}
	return all
}

func byName(a, b RRSet) int { return strings.Compare(a.Name, b.Name) }
