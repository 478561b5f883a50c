package main

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// reporter tells postern status what runs.
type reporter struct {
	records *store.Store
	ec2     *ec2.Service
	flags   DaemonFlags
	started time.Time
}

// Status implements statusSource.
func (r reporter) Status(context.Context) (statusReport, error) {
	snapshot := r.records.Snapshot()
	report := statusReport{
		Version: thisBuild(),
		Started: r.started,
		Account: r.flags.Account,
		Region:  r.flags.Region,
	}
	network := statusHealth{Part: "network", OK: true}
	for n := range r.records.Networks.List(snapshot, "", "") {
		v := statusVPC{ID: n.ID, Region: n.Region, CIDR: n.CIDR, State: r.state(snapshot, n)}
		if _, err := r.records.Applied(n.ID); err != nil {
			v.State, v.Error = "failed", err.Error()
			network = statusHealth{Part: "network", Error: n.ID + ": " + v.Error}
		}
		report.VPCs = append(report.VPCs, v)
	}
	report.Health = []statusHealth{network}
	for e := range r.records.Endpoints.List(snapshot, "", "") {
		report.Endpoints = append(report.Endpoints, statusEndpoint{
			ID: e.ID, VPC: e.VPC, Service: e.Service, State: r.ec2.EndpointState(snapshot, e), Addresses: r.addresses(snapshot, e)})
	}
	for e := range r.records.ENIs.List(snapshot, "", "") {
		report.Interfaces = append(report.Interfaces, statusInterface{
			ID: e.ID, VPC: e.VPC, Subnet: e.Subnet, Address: e.Address, Groups: e.Groups, Owner: cmp.Or(e.Endpoint, e.Session)})
	}
	return report, nil
}

// state says whether the node has applied what is recorded of a VPC itself.
func (r reporter) state(snapshot store.Snapshot, n vpc.Network) string {
	if at, _ := r.records.Applied(n.ID); at < r.records.Networks.Revision(snapshot, r.records.Networks.Key(n)) {
		return "pending"
	}
	return "applied"
}

func (r reporter) addresses(snapshot store.Snapshot, e vpc.Endpoint) []netip.Addr {
	var all []netip.Addr
	for eni := range r.records.ENIs.By(snapshot, "endpoint", e.ID) {
		all = append(all, eni.Address)
	}
	return all
}
