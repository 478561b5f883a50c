package elbv2

import (
	"fmt"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

func tag(key, value string) elbv2.Tag { return elbv2.Tag{Key: &key, Value: &value} }

func TestTags(t *testing.T) {
	b := fixture(t)
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets", func(in *elbv2.CreateTargetGroupInput) { in.Tags = []elbv2.Tag{tag("a", "1")} })
	arns := []string{balancer, group, *b.listen(balancer, group).ListenerArn}
	if _, err := b.AddTags(b.ctx, &elbv2.AddTagsInput{ResourceArns: arns, Tags: []elbv2.Tag{tag("b", "2"), tag("a", "3")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RemoveTags(b.ctx, &elbv2.RemoveTagsInput{ResourceArns: arns[:1], TagKeys: []string{"a", "none"}}); err != nil {
		t.Fatal(err)
	}
	out, err := b.DescribeTags(b.ctx, &elbv2.DescribeTagsInput{ResourceArns: arns})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for i, d := range out.TagDescriptions {
		if *d.ResourceArn != arns[i] {
			t.Errorf("tags of %s in the place of %s", *d.ResourceArn, arns[i])
		}
		for _, tag := range d.Tags {
			got += *tag.Key + *tag.Value + " "
		}
		got += "; "
	}
	if want := "b2 ; a3 b2 ; a3 b2 ; "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTagRefusals(t *testing.T) {
	b := fixture(t)
	balancer := *b.balancer("front").LoadBalancerArn
	var many []elbv2.Tag
	for i := range 51 {
		many = append(many, tag(fmt.Sprint(i), ""))
	}
	for _, row := range []struct {
		arn        string
		tags       []elbv2.Tag
		code, part string
	}{
		{balancer, many, "TooManyTags", "'50'"},
		{balancer, []elbv2.Tag{tag("a", ""), tag("a", "")}, "DuplicateTagKeys", "'a'"},
		{balancer, []elbv2.Tag{tag("aws:a", "")}, "ValidationError", "reserved"},
		{balancer + "0", nil, "LoadBalancerNotFound", "not found"},
		{newARN(owner, "targetgroup/x/1"), nil, "TargetGroupNotFound", "not found"},
		{newARN(owner, "listener/net/x/1/2"), nil, "ListenerNotFound", "not found"},
		{newARN(owner, "listener-rule/app/x/1/2/3"), nil, "ValidationError", "is not a valid resource ARN"},
		{"front", nil, "ValidationError", "'front' is not a valid resource ARN"},
	} {
		_, err := b.AddTags(b.ctx, &elbv2.AddTagsInput{ResourceArns: []string{row.arn}, Tags: row.tags})
		wantError(t, row.arn, err, row.code, row.part)
	}
	_, err := b.DescribeTags(b.ctx, &elbv2.DescribeTagsInput{ResourceArns: make([]string, maxTagResources+1)})
	wantError(t, "many", err, "ValidationError", "cannot exceed 20")
	_, err = b.RemoveTags(b.ctx, &elbv2.RemoveTagsInput{ResourceArns: []string{wire.Value((*string)(nil))}})
	wantError(t, "nothing", err, "ValidationError", "'' is not a valid resource ARN")
}
