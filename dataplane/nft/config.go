package nft

import (
	"net/netip"

	"github.com/postern/postern/vpc"
)

// Config is what the filter of one VPC depends on.
type Config struct {
	Resolvers []netip.Addr // DNS to these passes unfiltered, untracked and unlogged; nothing else does
	Gateways  []netip.Addr // nothing to these passes, and none of it is logged
	ENIs      []vpc.ENI
	Groups    []vpc.SecurityGroup
}
