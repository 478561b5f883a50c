package store

import (
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// Cluster is the record of an EKS cluster. No packet depends on it, so it is
// kept as the API shows it.
type Cluster struct {
	vpc.Owner
	ClientToken    string
	ClientTokenSum string // digest of the parameters that came with ClientToken
	Cluster        eks.Cluster
}

// key has the name: it is unique in an account and Region.
func (c Cluster) key() Key { return key(c.Owner, wire.Value(c.Cluster.Name)) }
