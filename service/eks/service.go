package eks

import (
	"context"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// Config is what a Service needs.
type Config struct {
	Store  *store.Store     // required
	Limits vpc.Limits       // vpc.DefaultLimits() where AWS's are wanted
	Now    func() time.Time // time.Now when nil
}

// Service is the EKS API.
type Service struct {
	store  *store.Store
	limits vpc.Limits
	now    func() time.Time
}

// New returns the service over c.Store, which the caller keeps open as long
// as the service is used.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{store: c.Store, limits: c.Limits, now: c.Now}
}

// Methods are the operations that the service implements.
func (s *Service) Methods() []wire.Method {
	return []wire.Method{
		wire.Needs(wire.On(wire.Bind(eks.OpCreateCluster, s.CreateCluster),
			func(ctx context.Context, in *eks.CreateClusterInput) []string { return clusterARNs(ctx, in.Name) }), createNeeds),
		wire.On(wire.Bind(eks.OpDescribeCluster, s.DescribeCluster),
			func(ctx context.Context, in *eks.DescribeClusterInput) []string { return clusterARNs(ctx, in.Name) }),
		wire.On(wire.Bind(eks.OpDeleteCluster, s.DeleteCluster),
			func(ctx context.Context, in *eks.DeleteClusterInput) []string { return clusterARNs(ctx, in.Name) }),
		wire.On(wire.Bind(eks.OpListClusters, s.ListClusters),
			func(ctx context.Context, _ *eks.ListClustersInput) []string {
				return clusterARNs(ctx, wire.Ptr("*"))
			}),
		wire.On(wire.Bind(eks.OpTagResource, s.TagResource),
			func(_ context.Context, in *eks.TagResourceInput) []string {
				return []string{wire.Value(in.ResourceArn)}
			}),
		wire.On(wire.Bind(eks.OpUntagResource, s.UntagResource),
			func(_ context.Context, in *eks.UntagResourceInput) []string {
				return []string{wire.Value(in.ResourceArn)}
			}),
		wire.On(wire.Bind(eks.OpListTagsForResource, s.ListTagsForResource),
			func(_ context.Context, in *eks.ListTagsForResourceInput) []string {
				return []string{wire.Value(in.ResourceArn)}
			}),
	}
}

// clusterARNs is what a policy sees of a call on the caller's cluster of that
// name.
func clusterARNs(ctx context.Context, name *string) []string {
	return []string{clusterARN(auth.CallerFrom(ctx), wire.Value(name))}
}

func clusterARN(c auth.Caller, name string) string {
	return vpc.Owner{Account: c.Account, Region: c.Region}.ARN("eks", "cluster/"+name)
}

// key is where the caller's cluster of that name is stored.
func key(c auth.Caller, name string) store.Key {
	return store.Key{Account: c.Account, Region: c.Region, ID: name}
}
