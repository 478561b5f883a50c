package eks

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// DescribeCluster answers with the caller's cluster of that name.
func (s *Service) DescribeCluster(ctx context.Context, in *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
	name := wire.Value(in.Name)
	row, ok := s.store.Clusters.Get(s.store.Snapshot(), key(auth.CallerFrom(ctx), name))
	if !ok {
		return nil, errClusterNotFound(name)
	}
	return &eks.DescribeClusterOutput{Cluster: shape(row)}, nil
}

// ListClusters answers with the names of the caller's clusters, ordered.
// Clusters of others that were connected with RegisterCluster, which
// include=all adds, do not exist here.
func (s *Service) ListClusters(ctx context.Context, in *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
	for _, include := range in.Include {
		if include != "all" {
			return nil, errInclude(include)
		}
	}
	caller := auth.CallerFrom(ctx)
	names := []string{}
	for row := range s.store.Clusters.List(s.store.Snapshot(), caller.Account, caller.Region) {
		names = append(names, wire.Value(row.Cluster.Name))
	}
	return &eks.ListClustersOutput{Clusters: names}, nil
}

// DeleteCluster removes a cluster. Nothing runs for it, so the record is gone
// with the answer, which shows the status that AWS's shows: DELETING.
func (s *Service) DeleteCluster(ctx context.Context, in *eks.DeleteClusterInput) (*eks.DeleteClusterOutput, error) {
	k := key(auth.CallerFrom(ctx), wire.Value(in.Name))
	var gone store.Cluster
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		row, ok := s.store.Clusters.Get(tx, k)
		if !ok {
			return errClusterNotFound(k.ID)
		}
		if wire.Value(row.Cluster.DeletionProtection) {
			return errDeletionProtected(k.ID)
		}
		gone = row
		s.store.Clusters.Delete(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	gone.Cluster.Status = wire.Ptr(eks.ClusterStatusDeleting)
	return &eks.DeleteClusterOutput{Cluster: shape(gone)}, nil
}
