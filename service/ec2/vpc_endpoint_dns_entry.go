package ec2

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// dnsEntries are an endpoint's names in AWS's order: the public ones, the
// private ones.
func (s *Service) dnsEntries(r store.Reader, e vpc.Endpoint) []ec2.DnsEntry {
	t, ok := s.targetOf(r, e)
	if !ok {
		return nil
	}
	entries := s.publicEntries(r, e, t)
	for _, name := range privateNames(e, t) {
		entries = append(entries, dnsEntry(name, e.PrivateZones[name]))
	}
	return entries
}

// publicEntries are an endpoint's names in public DNS, the regional one before
// the zonal ones. An endpoint to a service of another Region has no zonal
// names.
func (s *Service) publicEntries(r store.Reader, e vpc.Endpoint, t endpointTarget) []ec2.DnsEntry {
	public := vpc.EndpointZone(e.Region)
	entries := []ec2.DnsEntry{dnsEntry(e.PublicName(t.base(), ""), public)}
	if t.crossRegion() {
		return entries
	}
	for _, zone := range s.endpointZones(r, e) {
		entries = append(entries, dnsEntry(e.PublicName(t.base(), zone), public))
	}
	return entries
}

func dnsEntry(name, zone string) ec2.DnsEntry {
	return ec2.DnsEntry{DnsName: &name, HostedZoneId: &zone}
}

// privateNames are those that e has now, in the order in which its service
// lists them.
func privateNames(e vpc.Endpoint, t endpointTarget) []string {
	listed := t.privateNames()
	return slices.SortedFunc(maps.Keys(e.PrivateZones), func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(listed, a), slices.Index(listed, b)), strings.Compare(a, b))
	})
}

// endpointZones are the availability zones of an endpoint's subnets, ordered.
func (s *Service) endpointZones(r store.Reader, e vpc.Endpoint) []string {
	var zones []string
	for _, id := range e.Subnets {
		if sn, ok := s.store.Subnets.Get(r, ownKey(e.Owner, id)); ok {
			zones = append(zones, sn.Zone)
		}
	}
	slices.Sort(zones)
	return zones
}
