package dns

import (
	"cmp"
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
	Services      map[string]vpc.ServiceConfiguration // of customers, by the service name that endpoints have: the private name of those without a hidden zone
	LoadBalancers []vpc.LoadBalancer                  // their names are public
	Down          map[string]bool                     // ENIs that nothing healthy is behind: left out of names with several addresses
}

// View is what the resolver of one VPC answers beside the public names. It is
// plain data and must not be changed once it was handed to Server.Set.
type View struct {
	Support   bool                  // enableDnsSupport: without it no query gets an answer
	Hostnames bool                  // enableDnsHostnames: without it nothing of the following is answered
	Zones     []RRSet               // the hidden zones of the endpoints' private names
	Hosts     []RRSet               // the instances' names
	Pointers  map[netip.Addr]string // what an instance's address is called in reverse
}

// Build returns the view of a VPC.
func Build(r Records) View {
	v := View{Support: r.Network.DNSSupport, Hostnames: r.Network.DNSHostnames, Pointers: map[netip.Addr]string{}}
	subnets := r.subnets()
	for _, e := range r.ENIs {
		if e.VPC == r.Network.ID {
			v.addHost(e, subnets[e.Subnet], r.Network.Region)
		}
	}
	enis := r.enis()
	for _, e := range r.Endpoints {
		if e.VPC == r.Network.ID && e.PrivateDNS {
			v.Zones = append(v.Zones, r.privateNames(e, enis)...)
		}
	}
	slices.SortFunc(v.Zones, byName)
	slices.SortFunc(v.Hosts, byName)
	return v
}

// privateNames are the hidden zones of an endpoint. A service of AWS is found
// directly at its private names, that of a customer through the regional name.
func (r Records) privateNames(e vpc.Endpoint, enis map[string]vpc.ENI) []RRSet {
	names := slices.Sorted(maps.Keys(e.PrivateZones))
	base, own := baseName(e)
	if name := r.Services[e.Service].PrivateName; own && len(names) == 0 && name != "" {
		names = []string{name}
	}
	var zones []RRSet
	up := r.up(e.ENIs, enis)
	for _, name := range names {
		zone := RRSet{Name: name}
		if own {
			zone.CNAME = e.PublicName(base, "")
		} else if e.Admission == vpc.Admitted {
			zone.A = typesOf(e, vpc.DualStackName(name)).addresses(up)
		}
		zones = append(zones, zone)
	}
	return zones
}

// types are the kinds of addresses that a name has.
type types struct{ a, aaaa bool }

// typesOf says what an endpoint's record type means for a name, of which both
// says whether it has both families when the service defines that.
func typesOf(e vpc.Endpoint, both bool) types {
	switch cmp.Or(e.DNSRecordType, e.IPAddressType) { // an address type's default record type has its name
	case "ipv6":
		return types{aaaa: true}
	case "dualstack":
		return types{a: true, aaaa: true}
	case "service-defined":
		return types{a: true, aaaa: both}
	default:
		return types{a: true}
	}
}

// addresses are those of a name that leads to enis, IPv4 before IPv6.
func (t types) addresses(enis []vpc.ENI) []netip.Addr {
	var all, v6 []netip.Addr
	for _, e := range enis {
		if t.a && e.Address.IsValid() {
			all = append(all, e.Address)
		}
		if t.aaaa && e.IPv6.IsValid() {
			v6 = append(v6, e.IPv6)
		}
	}
	return append(all, v6...)
}

// up returns those of the ENIs that exist and have something healthy behind
// them; all that exist when none has.
func (r Records) up(ids []string, enis map[string]vpc.ENI) []vpc.ENI {
	all := present(ids, enis)
	up := slices.DeleteFunc(slices.Clone(all), func(e vpc.ENI) bool { return r.Down[e.ID] })
	if len(up) == 0 {
		return all
	}
	return up
}

// present returns the ENIs that have been placed, in the order of ids.
func present(ids []string, enis map[string]vpc.ENI) []vpc.ENI {
	var all []vpc.ENI
	for _, id := range ids {
		if e := enis[id]; len(e.Addresses()) > 0 {
			all = append(all, e)
		}
	}
	return all
}

func (r Records) enis() map[string]vpc.ENI {
	enis := map[string]vpc.ENI{}
	for _, e := range r.ENIs {
		if e.VPC == r.Network.ID {
			enis[e.ID] = e
		}
	}
	return enis
}

func (r Records) subnets() map[string]vpc.Subnet {
	subnets := map[string]vpc.Subnet{}
	for _, s := range r.Subnets {
		subnets[s.ID] = s
	}
	return subnets
}

func byName(a, b RRSet) int { return strings.Compare(a.Name, b.Name) }
