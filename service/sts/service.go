package sts

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Service is the STS API. It keeps nothing: who calls was verified before an
// operation runs.
type Service struct{}

// New returns the service.
func New() *Service { return &Service{} }

// Methods are the operations that the service implements.
func (s *Service) Methods() []wire.Method {
	return []wire.Method{wire.SelfAuthorized(wire.Bind(sts.OpGetCallerIdentity, s.GetCallerIdentity))}
}

// GetCallerIdentity answers with the identity that signed the request. It
// needs no permission.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	caller := auth.CallerFrom(ctx)
	return &sts.GetCallerIdentityOutput{
		Account: wire.Ptr(caller.Account),
		Arn:     wire.Ptr(caller.ARN),
		UserId:  wire.Ptr(caller.UserID),
	}, nil
}
