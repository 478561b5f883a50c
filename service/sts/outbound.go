package sts

import (
	"context"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// GetWebIdentityToken refuses to make tokens for others than AWS, since no
// account has asked IAM to be an issuer of them.
func (s *Service) GetWebIdentityToken(context.Context, *sts.GetWebIdentityTokenInput) (*sts.GetWebIdentityTokenOutput, error) {
	return nil, &wire.Error{
		Code:    "OutboundWebIdentityFederationDisabledException",
		Message: "The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the Amazon Web Services Management Console or API.",
		Status:  403,
	}
}

// GetDelegatedAccessToken refuses every trade-in token: they come from
// delegation requests of AWS's partners, of which there are none.
func (s *Service) GetDelegatedAccessToken(context.Context, *sts.GetDelegatedAccessTokenInput) (*sts.GetDelegatedAccessTokenOutput, error) {
	return nil, errDenied("The trade-in token is not of a delegation request that is known here.")
}
