package iam

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire/iam"
)

func (s *Service) tagPolicy(ctx context.Context, operation string, arn *string, c tagChange) error {
	return s.changePolicy(ctx, operation, arn, func(_ *store.Tx, p *store.ManagedPolicy) (err error) {
		p.Tags, err = s.changed(p.Tags, c)
		return err
	})
}

// TagPolicy adds tags to a managed policy, or replaces their values.
func (s *Service) TagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, s.tagPolicy(ctx, "TagPolicy", in.PolicyArn, tagChange{add: in.Tags})
}

// UntagPolicy removes tags from a managed policy.
func (s *Service) UntagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, s.tagPolicy(ctx, "UntagPolicy", in.PolicyArn, tagChange{remove: in.TagKeys})
}

// ListPolicyTags lists the tags of a managed policy.
func (s *Service) ListPolicyTags(ctx context.Context, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	p, err := s.policy(ctx, s.store.Snapshot(), "ListPolicyTags", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyTagsOutput{Tags: tagShapes(p.Tags)}, nil
}

func (s *Service) tagProvider(ctx context.Context, arn *string, c tagChange) error {
	return s.changeProvider(ctx, arn, func(p *store.OIDCProvider) (err error) {
		p.Tags, err = s.changed(p.Tags, c)
		return err
	})
}

// TagOpenIDConnectProvider adds tags to an identity provider, or replaces
// their values.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	return &iam.TagOpenIDConnectProviderOutput{}, s.tagProvider(ctx, in.OpenIDConnectProviderArn, tagChange{add: in.Tags})
}

// UntagOpenIDConnectProvider removes tags from an identity provider.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error) {
	return &iam.UntagOpenIDConnectProviderOutput{}, s.tagProvider(ctx, in.OpenIDConnectProviderArn, tagChange{remove: in.TagKeys})
}

// ListOpenIDConnectProviderTags lists the tags of an identity provider.
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, in *iam.ListOpenIDConnectProviderTagsInput) (*iam.ListOpenIDConnectProviderTagsOutput, error) {
	p, err := s.provider(ctx, s.store.Snapshot(), in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iam.ListOpenIDConnectProviderTagsOutput{Tags: tagShapes(p.Tags)}, nil
}
