package agent

import (
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// records are the rows of one VPC in one snapshot.
type records struct {
	Network   vpc.Network
	Subnets   []vpc.Subnet
	ENIs      []vpc.ENI
	Groups    []vpc.SecurityGroup
	Endpoints []vpc.Endpoint
	FlowLogs  []vpc.FlowLog
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
	return rec, true
}

// touched names the VPC that a record belongs to. A record that no VPC
// depends on gives false.
func touched(s *store.Store, r store.Reader, record any) (store.Key, bool) {
	switch v := record.(type) {
	case vpc.Network:
		return keyOf(v.Owner, v.ID), true
	case vpc.Subnet:
		return keyOf(v.Owner, v.VPC), true
	case vpc.ENI:
		return keyOf(v.Owner, v.VPC), true
	case vpc.SecurityGroup:
		return keyOf(v.Owner, v.VPC), true
	case vpc.RouteTable:
		return keyOf(v.Owner, v.VPC), true
	case vpc.Endpoint:
		return keyOf(v.Owner, v.VPC), true
	case vpc.FlowLog:
		return monitored(s, r, v)
	}
	return store.Key{}, false
}

// monitored names the VPC of the resource that a flow log watches.
func monitored(s *store.Store, r store.Reader, f vpc.FlowLog) (store.Key, bool) {
	k := keyOf(f.Owner, f.Resource)
	if subnet, ok := s.Subnets.Get(r, k); ok {
		return keyOf(subnet.Owner, subnet.VPC), true
	}
	if eni, ok := s.ENIs.Get(r, k); ok {
		return keyOf(eni.Owner, eni.VPC), true
	}
	_, ok := s.Networks.Get(r, k)
	return k, ok
}

func keyOf(o vpc.Owner, id string) store.Key {
	return store.Key{Account: o.Account, Region: o.Region, ID: id}
}
