package sts

import (
	"context"
	"encoding/base64"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// AssumeRoleWithSAML refuses every assertion: no account has a SAML provider
// that could have made it.
func (s *Service) AssumeRoleWithSAML(_ context.Context, in *sts.AssumeRoleWithSAMLInput) (*sts.AssumeRoleWithSAMLOutput, error) {
	if _, ok := parseRoleARN(wire.Value(in.RoleArn)); !ok {
		return nil, errARN()
	}
	if _, err := base64.StdEncoding.DecodeString(wire.Value(in.SAMLAssertion)); err != nil {
		return nil, errIdentityToken("Invalid base64 SAMLResponse")
	}
	return nil, errIdentityToken("Specified provider doesn't exist")
}
