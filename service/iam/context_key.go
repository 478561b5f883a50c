package iam

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// GetContextKeysForCustomPolicy lists the condition keys that documents ask
// for, so that a simulation can be given them.
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *iam.GetContextKeysForCustomPolicyInput) (*iam.GetContextKeysForCustomPolicyOutput, error) {
	if err := checkInputs(in.PolicyInputList); err != nil {
		return nil, err
	}
	var keys []string
	for _, document := range in.PolicyInputList {
		keys = append(keys, contextKeys(document)...)
	}
	return &iam.GetContextKeysForCustomPolicyOutput{ContextKeyNames: distinct(keys)}, nil
}

// GetContextKeysForPrincipalPolicy lists the condition keys that the policies
// of an identity and further documents ask for.
func (s *Service) GetContextKeysForPrincipalPolicy(ctx context.Context, in *iam.GetContextKeysForPrincipalPolicyInput) (*iam.GetContextKeysForPrincipalPolicyOutput, error) {
	if err := checkInputs(in.PolicyInputList); err != nil {
		return nil, err
	}
	src, err := s.source(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.PolicySourceArn))
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, d := range src.documents {
		keys = append(keys, contextKeys(d.text)...)
	}
	for _, document := range in.PolicyInputList {
		keys = append(keys, contextKeys(document)...)
	}
	return &iam.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: distinct(keys)}, nil
}
