package iam

import (
	"fmt"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func tag(key, value string) iam.Tag { return iam.Tag{Key: &key, Value: &value} }

// TestTags: all five kinds of resources have tags of the same rules.
func TestTags(t *testing.T) {
	b := fixture(t)
	b.addUser("x")
	b.addRole("x")
	x := wire.Ptr("x")
	must(b.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: x}))(t)
	policy := b.addPolicy("x", allowAll)
	provider := must(b.CreateOpenIDConnectProvider(b.ctx, &iam.CreateOpenIDConnectProviderInput{Url: wire.Ptr("https://example.org")}))(t).OpenIDConnectProviderArn
	for what, do := range map[string]struct {
		add    func(...iam.Tag) error
		remove func(...string) error
		list   func() []iam.Tag
	}{
		"user": {
			func(tags ...iam.Tag) error {
				_, err := b.TagUser(b.ctx, &iam.TagUserInput{UserName: x, Tags: tags})
				return err
			},
			func(keys ...string) error {
				_, err := b.UntagUser(b.ctx, &iam.UntagUserInput{UserName: x, TagKeys: keys})
				return err
			},
			func() []iam.Tag { return must(b.ListUserTags(b.ctx, &iam.ListUserTagsInput{UserName: x}))(t).Tags },
		},
		"role": {
			func(tags ...iam.Tag) error {
				_, err := b.TagRole(b.ctx, &iam.TagRoleInput{RoleName: x, Tags: tags})
				return err
			},
			func(keys ...string) error {
				_, err := b.UntagRole(b.ctx, &iam.UntagRoleInput{RoleName: x, TagKeys: keys})
				return err
			},
			func() []iam.Tag { return must(b.ListRoleTags(b.ctx, &iam.ListRoleTagsInput{RoleName: x}))(t).Tags },
		},
		"instance profile": {
			func(tags ...iam.Tag) error {
				_, err := b.TagInstanceProfile(b.ctx, &iam.TagInstanceProfileInput{InstanceProfileName: x, Tags: tags})
				return err
			},
			func(keys ...string) error {
				_, err := b.UntagInstanceProfile(b.ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: x, TagKeys: keys})
				return err
			},
			func() []iam.Tag {
				return must(b.ListInstanceProfileTags(b.ctx, &iam.ListInstanceProfileTagsInput{InstanceProfileName: x}))(t).Tags
			},
		},
		"policy": {
			func(tags ...iam.Tag) error {
				_, err := b.TagPolicy(b.ctx, &iam.TagPolicyInput{PolicyArn: &policy, Tags: tags})
				return err
			},
			func(keys ...string) error {
				_, err := b.UntagPolicy(b.ctx, &iam.UntagPolicyInput{PolicyArn: &policy, TagKeys: keys})
				return err
			},
			func() []iam.Tag {
				return must(b.ListPolicyTags(b.ctx, &iam.ListPolicyTagsInput{PolicyArn: &policy}))(t).Tags
			},
		},
		"provider": {
			func(tags ...iam.Tag) error {
				_, err := b.TagOpenIDConnectProvider(b.ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: provider, Tags: tags})
				return err
			},
			func(keys ...string) error {
				_, err := b.UntagOpenIDConnectProvider(b.ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: provider, TagKeys: keys})
				return err
			},
			func() []iam.Tag {
				return must(b.ListOpenIDConnectProviderTags(b.ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: provider}))(t).Tags
			},
		},
	} {
		if err := do.add(tag("Team", "a"), tag("cost", "1")); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := do.add(tag("team", "b")); err != nil { // the same key
			t.Fatalf("%s: %v", what, err)
		}
		got := ""
		for _, t := range do.list() {
			got += *t.Key + *t.Value + " "
		}
		if got != "cost1 teamb " {
			t.Errorf("%s: %s", what, got)
		}
		wantError(t, what, do.add(tag("a", ""), tag("A", "")), "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		wantError(t, what, do.add(tag("AWS:a", "")), "InvalidInput", "aws:")
		var many []iam.Tag
		for i := range 49 {
			many = append(many, tag(fmt.Sprint("n", i), ""))
		}
		wantError(t, what, do.add(many...), "LimitExceeded", "The number of tags has reached the maximum limit.")
		if err := do.remove("TEAM", "none"); err != nil || len(do.list()) != 1 {
			t.Errorf("%s: %v, left %v", what, err, do.list())
		}
	}
}
