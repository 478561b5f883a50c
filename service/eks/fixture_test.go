package eks

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	subnetA     = "subnet-0a000000000000001" // us-east-1a
	subnetB     = "subnet-0b000000000000001" // us-east-1b
	subnetB2    = "subnet-0b000000000000002" // us-east-1b
	subnetOther = "subnet-0c000000000000001" // us-east-1c, the other VPC
	group       = "sg-0a000000000000001"
	groupOther  = "sg-0c000000000000001"
	network     = "vpc-0a000000000000001"
	role        = "arn:aws:iam::111122223333:role/eks"
)

var (
	owner   = vpc.Owner{Account: "111122223333", Region: "us-east-1"}
	created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// fixture is a service over a store with two VPCs.
func fixture(t *testing.T) (*Service, context.Context) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = s.Update(t.Context(), func(tx *store.Tx) error {
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: network, CIDR: netip.MustParsePrefix("10.0.0.0/16")})
		s.Networks.Put(tx, vpc.Network{Owner: owner, ID: "vpc-0c000000000000001", CIDR: netip.MustParsePrefix("172.31.0.0/16")})
		for _, sn := range []struct{ id, vpc, zone string }{
			{subnetA, network, "us-east-1a"}, {subnetB, network, "us-east-1b"}, {subnetB2, network, "us-east-1b"},
			{subnetOther, "vpc-0c000000000000001", "us-east-1c"},
		} {
			s.Subnets.Put(tx, vpc.Subnet{Owner: owner, ID: sn.id, VPC: sn.vpc, Zone: sn.zone})
		}
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: group, VPC: network})
		s.SecurityGroups.Put(tx, vpc.SecurityGroup{Owner: owner, ID: groupOther, VPC: "vpc-0c000000000000001"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	service := New(Config{Store: s, Limits: vpc.DefaultLimits(), Now: func() time.Time { return created }})
	return service, as(t, "111122223333", "us-east-1")
}

func as(t *testing.T, account, region string) context.Context {
	return auth.WithCaller(t.Context(), auth.Caller{Account: account, Region: region})
}

// request is the smallest valid CreateCluster; edit changes it.
func request(name string, edit ...func(*eks.CreateClusterInput)) *eks.CreateClusterInput {
	in := &eks.CreateClusterInput{
		Name:               &name,
		RoleArn:            wire.Ptr(role),
		ResourcesVpcConfig: &eks.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}},
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

// wantError wants a wire.Error of that code and text.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("error %v\nwant %s: %s", err, code, message)
	}
}

func list(t *testing.T, s *Service, ctx context.Context) []string {
	t.Helper()
	out, err := s.ListClusters(ctx, &eks.ListClustersInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.Clusters
}
