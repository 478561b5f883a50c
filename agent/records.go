package agent

import (
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// records are the rows that concern one VPC in one snapshot.
type records struct {
	Network   vpc.Network
	Subnets   []vpc.Subnet
	ENIs      []vpc.ENI
	Groups    []vpc.SecurityGroup
	Endpoints []vpc.Endpoint
	FlowLogs  []vpc.FlowLog

	Balancers []balancer   // load balancers in the VPC
	Consumes  []connection // endpoints in the VPC to services of customers
	Serves    []connection // endpoints anywhere to services of the VPC's load balancers
}

// gather reads what concerns one VPC. It reports false when the VPC does not
// exist.
func gather(s *store.Store, r store.Reader, k store.Key) (records, bool) {
	network, ok := s.Networks.Get(r, k)
	if !ok {
		return records{}, false
	}
	rec := records{
		Network:   network,
		Subnets:   slices.Collect(s.Subnets.By(r, "vpc", k.ID)),
		ENIs:      slices.Collect(s.ENIs.By(r, "vpc", k.ID)),
		Groups:    slices.Collect(s.SecurityGroups.By(r, "vpc", k.ID)),
		Endpoints: slices.Collect(s.Endpoints.By(r, "vpc", k.ID)),
	}
	resources := []string{k.ID}
	for _, n := range rec.Subnets {
		resources = append(resources, n.ID)
	}
	for _, e := range rec.ENIs {
		resources = append(resources, e.ID)
	}
	for _, id := range resources {
		rec.FlowLogs = slices.AppendSeq(rec.FlowLogs, s.FlowLogs.By(r, "resource", id))
	}
	for _, e := range rec.Endpoints {
		if c, ok := gatherConnection(s, r, e); ok {
			rec.Consumes = append(rec.Consumes, c)
		}
	}
	for l := range s.LoadBalancers.By(r, "vpc", k.ID) {
		rec.Balancers = append(rec.Balancers, gatherBalancer(s, r, l))
		rec.Serves = append(rec.Serves, gatherServes(s, r, l)...)
	}
	slices.SortFunc(rec.Serves, func(x, y connection) int { return strings.Compare(x.Endpoint.ID, y.Endpoint.ID) })
	rec.Serves = slices.CompactFunc(rec.Serves, func(x, y connection) bool { return x.Endpoint.ID == y.Endpoint.ID })
	return rec, true
}

func keyOf(o vpc.Owner, id string) store.Key {
	return store.Key{Account: o.Account, Region: o.Region, ID: id}
}
