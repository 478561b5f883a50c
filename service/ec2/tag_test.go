package ec2

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestTagsOfEveryKind(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	ids := []string{vpcID, subnetA, groupEp}
	tag := func(key, value string) ec2.Tag { return ec2.Tag{Key: &key, Value: &value} }
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: ids, Tags: []ec2.Tag{tag("team", "net"), tag("Name", "x")}}); err != nil {
		t.Fatal(err)
	}
	// A new value replaces the old one; a tag goes only with the value that is named.
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: ids[:1], Tags: []ec2.Tag{tag("team", "core")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: ids, Tags: []ec2.Tag{tag("team", "net"), {Key: wire.Ptr("Name")}}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeTags(ctx, &ec2.DescribeTagsInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := []ec2.TagDescription{{Key: wire.Ptr("team"), Value: wire.Ptr("core"), ResourceId: wire.Ptr(vpcID), ResourceType: wire.Ptr("vpc")}}
	if diff := cmp.Diff(want, out.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestTagRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	many := make([]ec2.Tag, 51)
	for i := range many {
		many[i] = ec2.Tag{Key: wire.Ptr(strings.Repeat("k", i+1))}
	}
	for _, row := range []struct {
		id            string
		tags          []ec2.Tag
		code, message string
	}{
		{"vpc-00000000000000000", []ec2.Tag{{Key: wire.Ptr("a")}}, "InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist"},
		{"fl-00000000000000000", []ec2.Tag{{Key: wire.Ptr("a")}}, "InvalidFlowLogId.NotFound",
			"These flow log ids in the input list are not found: [TotalCount: 1] fl-00000000000000000"},
		{"nothing", []ec2.Tag{{Key: wire.Ptr("a")}}, "InvalidID", "The ID 'nothing' is not valid"},
		{vpcID, []ec2.Tag{{}}, "InvalidParameterValue", "Tag key cannot be null or empty."},
		{vpcID, []ec2.Tag{{Key: wire.Ptr("aws:x")}}, "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"},
		{vpcID, []ec2.Tag{{Key: wire.Ptr("a\x00b")}}, "InvalidParameterValue", "Tag keys and values must be valid Unicode without control characters."},
		{vpcID, []ec2.Tag{{Key: wire.Ptr("a"), Value: wire.Ptr("\xff")}}, "InvalidParameterValue", "Tag keys and values must be valid Unicode without control characters."},
		{vpcID, []ec2.Tag{{Key: wire.Ptr("a")}, {Key: wire.Ptr("a")}}, "InvalidParameterValue", "Tag keys must be unique; duplicate key: a"},
		{vpcID, []ec2.Tag{{Key: wire.Ptr(strings.Repeat("é", 129))}}, "InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters"},
		{vpcID, []ec2.Tag{{Key: wire.Ptr("a"), Value: wire.Ptr(strings.Repeat("v", 257))}}, "InvalidParameterValue",
			"Tag value exceeds the maximum length of 255 characters"},
		{vpcID, many, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached."},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{row.id}, Tags: row.tags})
			return err
		})
	}
}
