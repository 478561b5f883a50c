package eks

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

func TestClusterNotFoundHasNullMembers(t *testing.T) {
	s, ctx := fixture(t)
	_, err := s.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: wire.Ptr("x")})
	want := &wire.Error{
		Code: "ResourceNotFoundException", Message: "No cluster found for name: x.", Status: 404,
		Detail: map[string]any{"clusterName": "x", "nodegroupName": nil, "fargateProfileName": nil, "addonName": nil, "subscriptionId": nil},
	}
	if d := cmp.Diff(error(want), err); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("x")})
	if d := cmp.Diff(error(want), err); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestClustersBelongToAccountAndRegion(t *testing.T) {
	s, ctx := fixture(t)
	for _, name := range []string{"b", "a", "B"} {
		if _, err := s.CreateCluster(ctx, request(name)); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"B", "a", "b"}, list(t, s, ctx)); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	for _, other := range []context.Context{as(t, "444455556666", "us-east-1"), as(t, "111122223333", "us-east-2")} {
		if names := list(t, s, other); len(names) != 0 {
			t.Errorf("another account or Region sees %v", names)
		}
		_, err := s.DescribeCluster(other, &eks.DescribeClusterInput{Name: wire.Ptr("a")})
		wantError(t, err, "ResourceNotFoundException", "No cluster found for name: a.")
	}
	_, err := s.ListClusters(ctx, &eks.ListClustersInput{Include: []string{"some"}})
	wantError(t, err, "InvalidParameterException", "Invalid value for include: some")
}

func TestDeleteCluster(t *testing.T) {
	s, ctx := fixture(t)
	protected := func(in *eks.CreateClusterInput) { in.DeletionProtection = wire.Ptr(true) }
	for _, in := range []*eks.CreateClusterInput{request("one"), request("safe", protected)} {
		if _, err := s.CreateCluster(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("one")})
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.Value(out.Cluster.Status); got != "DELETING" {
		t.Errorf("status %s, want DELETING", got)
	}
	_, err = s.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: wire.Ptr("safe")})
	wantError(t, err, "InvalidRequestException", "Cluster safe cannot be deleted because deletion protection is enabled.")
	if d := cmp.Diff([]string{"safe"}, list(t, s, ctx)); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}

func TestMethodsNameTheirResources(t *testing.T) {
	s, ctx := fixture(t)
	want := map[string]string{
		"CreateCluster":       "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"DescribeCluster":     "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"DeleteCluster":       "arn:aws:eks:us-east-1:111122223333:cluster/one",
		"ListClusters":        "arn:aws:eks:us-east-1:111122223333:cluster/*",
		"TagResource":         "arn:x",
		"UntagResource":       "arn:x",
		"ListTagsForResource": "arn:x",
	}
	inputs := map[string]any{
		"CreateCluster":       request("one"),
		"DescribeCluster":     &eks.DescribeClusterInput{Name: wire.Ptr("one")},
		"DeleteCluster":       &eks.DeleteClusterInput{Name: wire.Ptr("one")},
		"ListClusters":        &eks.ListClustersInput{},
		"TagResource":         &eks.TagResourceInput{ResourceArn: wire.Ptr("arn:x")},
		"UntagResource":       &eks.UntagResourceInput{ResourceArn: wire.Ptr("arn:x")},
		"ListTagsForResource": &eks.ListTagsForResourceInput{ResourceArn: wire.Ptr("arn:x")},
	}
	got := map[string]string{}
	for _, m := range s.Methods() {
		got[m.Operation.Name] = strings.Join(m.Resources(ctx, inputs[m.Operation.Name]), " ")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
