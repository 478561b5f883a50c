package dns

import (
	"slices"
	"strings"

	"github.com/postern/postern/vpc"
)

// PublicNames returns the regional and zonal names of a VPC's endpoints and
// load balancers. An endpoint of an unknown service has no names.
func PublicNames(r Records) []RRSet {
	var all []RRSet
	enis, subnets := r.enis(), r.subnets()
	for _, e := range r.Endpoints {
		if e.VPC == r.Network.ID {
			all = append(all, r.endpointNames(e, enis, subnets)...)
		}
	}
	for _, b := range r.LoadBalancers {
		if b.VPC == r.Network.ID {
			all = append(all, r.balancerNames(b, enis)...)
		}
	}
	return all
}

// endpointNames are the names of an endpoint. One that was not admitted has
// its regional name, without addresses; one to a service in another Region has
// no zonal names.
func (r Records) endpointNames(e vpc.Endpoint, enis map[string]vpc.ENI, subnets map[string]vpc.Subnet) []RRSet {
	base, _ := baseName(e)
	if base == "" {
		return nil
	}
	regional := RRSet{Name: e.PublicName(base, "")}
	if e.Admission != vpc.Admitted {
		return []RRSet{regional}
	}
	types := typesOf(e, true)
	regional.A = types.addresses(r.up(e.ENIs, enis))
	if e.ServiceRegion != "" && e.ServiceRegion != e.Region {
		return []RRSet{regional}
	}
	var zonal []RRSet
	for _, n := range present(e.ENIs, enis) {
		if zone := subnets[n.Subnet].Zone; zone != "" {
			zonal = append(zonal, RRSet{Name: e.PublicName(base, zone), A: types.addresses([]vpc.ENI{n})})
		}
	}
	slices.SortFunc(zonal, byName)
	return append([]RRSet{regional}, zonal...)
}

// baseName is the parent of an endpoint's public names, and says whether the
// service is a customer's own. It is empty for a service that nobody knows.
func baseName(e vpc.Endpoint) (base string, own bool) {
	if rest, ok := strings.CutPrefix(e.Service, "com.amazonaws.vpce."); ok {
		_, id, _ := strings.Cut(rest, ".")
		return vpc.ServiceConfiguration{ID: id}.BaseName(e.Region), true
	}
	if service, ok := vpc.FindEndpointService(e.Service); ok {
		return service.BaseName(), false
	}
	return "", false
}

// balancerNames are the names of a load balancer: one for all of its nodes,
// and one a zone.
func (r Records) balancerNames(b vpc.LoadBalancer, enis map[string]vpc.ENI) []RRSet {
	types := types{a: true, aaaa: b.AddressType == "dualstack"}
	var ids []string
	var zonal []RRSet
	for _, node := range b.Nodes {
		ids = append(ids, node.ENI)
		nodes := present([]string{node.ENI}, enis)
		zonal = append(zonal, RRSet{Name: node.Zone + "." + b.DNSName, A: types.addresses(nodes)})
	}
	slices.SortFunc(zonal, byName)
	return append([]RRSet{{Name: b.DNSName, A: types.addresses(r.up(ids, enis))}}, zonal...)
}
