package sts

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// GetCallerIdentity answers with the identity that signed the request. It
// needs no permission, and no policy can take it away.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	caller := auth.CallerFrom(ctx)
	return &sts.GetCallerIdentityOutput{
		Account: wire.Ptr(caller.Account),
		Arn:     wire.Ptr(caller.ARN),
		UserId:  wire.Ptr(caller.UserID),
	}, nil
}

// GetAccessKeyInfo answers with the account of an access key, whatever has
// become of it.
func (s *Service) GetAccessKeyInfo(_ context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	id := wire.Value(in.AccessKeyId)
	account, ok := s.config.KeyAccount(id)
	if !ok {
		account, ok = auth.AccessKeyAccount(id)
	}
	if !ok {
		return nil, errInvalid("Access key %s is not valid", id)
	}
	return &sts.GetAccessKeyInfoOutput{Account: &account}, nil
}

// DecodeAuthorizationMessage opens the explanation that came with a refusal.
func (s *Service) DecodeAuthorizationMessage(ctx context.Context, in *sts.DecodeAuthorizationMessageInput) (*sts.DecodeAuthorizationMessageOutput, error) {
	text, err := message.Open(s.config.Ring, auth.CallerFrom(ctx).Account, wire.Value(in.EncodedMessage))
	if err != nil {
		return nil, &wire.Error{Code: "InvalidAuthorizationMessageException", Message: "Message is not valid", Status: 400}
	}
	return &sts.DecodeAuthorizationMessageOutput{DecodedMessage: &text}, nil
}
