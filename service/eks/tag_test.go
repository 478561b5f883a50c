package eks

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

func TestTags(t *testing.T) {
	s, ctx := fixture(t)
	out, err := s.CreateCluster(ctx, request("one", func(in *eks.CreateClusterInput) { in.Tags = map[string]string{"a": "1", "b": "2"} }))
	if err != nil {
		t.Fatal(err)
	}
	arn := out.Cluster.Arn
	before := s.store.Snapshot()
	if _, err := s.TagResource(ctx, &eks.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "3", "c": ""}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a", "absent"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := s.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"b": "3", "c": ""}, tags.Tags); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	row, err := s.tagged(ctx, before, *arn)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a": "1", "b": "2"}, row.Cluster.Tags); d != "" {
		t.Errorf("the record that was read before changed (-want +got):\n%s", d)
	}
}

func TestTagsRefuse(t *testing.T) {
	s, ctx := fixture(t)
	out, err := s.CreateCluster(ctx, request("one"))
	if err != nil {
		t.Fatal(err)
	}
	arn := *out.Cluster.Arn
	many := map[string]string{}
	for i := range 51 {
		many[strconv.Itoa(i)] = ""
	}
	rows := []struct {
		arn           string
		tags          map[string]string
		code, message string
	}{
		{arn, map[string]string{"AWS:x": ""}, "BadRequestException", "Tag keys cannot be empty or start with 'aws:': 'AWS:x'"},
		{arn, many, "BadRequestException", "A resource can have at most 50 tags"},
		{"one", nil, "BadRequestException", "Invalid resource ARN: one"},
		{arn + "x", nil, "NotFoundException", "Resource was not found: " + arn + "x"},
		{"arn:aws:eks:us-east-1:444455556666:cluster/one", nil, "NotFoundException", "Resource was not found: arn:aws:eks:us-east-1:444455556666:cluster/one"},
		{"arn:aws:eks:us-east-1:111122223333:nodegroup/one", nil, "NotFoundException", "Resource was not found: arn:aws:eks:us-east-1:111122223333:nodegroup/one"},
	}
	for _, row := range rows {
		_, err := s.TagResource(ctx, &eks.TagResourceInput{ResourceArn: wire.Ptr(row.arn), Tags: row.tags})
		wantError(t, err, row.code, row.message)
	}
	_, err = s.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: wire.Ptr("one")})
	wantError(t, err, "BadRequestException", "Invalid resource ARN: one")
	_, err = s.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: wire.Ptr(arn + "x")})
	wantError(t, err, "NotFoundException", "Resource was not found: "+arn+"x")
}
