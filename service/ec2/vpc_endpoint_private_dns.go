package ec2

import (
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// wantsPrivateDNS reports whether a new endpoint is to have private names.
// Where the request does not say, it has those that it can have at once.
func wantsPrivateDNS(t endpointTarget, asked *bool) bool {
	if asked != nil {
		return *asked
	}
	return len(t.privateNames()) > 0 && !t.acceptance()
}

// enablePrivateDNS gives e its private names, if the service has any, the
// provider admits e, and the VPC answers private names at all.
func (s *Service) enablePrivateDNS(tx *store.Tx, e *vpc.Endpoint, t endpointTarget, network vpc.Network) error {
	switch {
	case len(t.privateNames()) == 0:
		return errNoPrivateName(e.Service)
	case e.Admission != vpc.Admitted:
		return errPrivateDNSUnaccepted(e.Service)
	case !network.DNSSupport || !network.DNSHostnames:
		return errPrivateDNSAttributes(network.ID)
	}
	e.PrivateDNS = true
	return s.takePrivateNames(tx, e, t)
}

// takePrivateNames gives e its private names, each in a hidden zone of its
// own. No other endpoint of the VPC may have such a zone.
func (s *Service) takePrivateNames(tx *store.Tx, e *vpc.Endpoint, t endpointTarget) error {
	names := t.privateNames()
	if e.Legacy {
		names = names[:1]
	}
	taken := make(map[string]bool)
	for other := range s.store.Endpoints.By(tx, "vpc", e.VPC) {
		for name := range other.PrivateZones {
			taken[zoneName(name)] = true
		}
	}
	zones := make(map[string]string, len(names))
	for _, name := range names {
		if taken[zoneName(name)] {
			return errPrivateDNSConflict(name, e.VPC)
		}
		zones[name] = vpc.NewZoneID()
	}
	e.PrivateZones = zones
	return nil
}

// zoneName is the domain of the hidden zone that holds a private name: for a
// wildcard its parent.
func zoneName(name string) string { return strings.TrimPrefix(name, "*.") }
