package ec2

import (
	"context"
	"slices"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// lookupTime bounds the search for the record of a verification.
const lookupTime = 10 * time.Second

// StartVpcEndpointServicePrivateDnsVerification looks for the record that
// proves that the caller owns the private name of a service. Without it the
// verification is pending from now on, and fails after vpc.VerificationTime;
// another call looks again.
func (s *Service) StartVpcEndpointServicePrivateDnsVerification(ctx context.Context, in *ec2.StartVpcEndpointServicePrivateDnsVerificationInput) (*ec2.StartVpcEndpointServicePrivateDnsVerificationOutput, error) {
	asked, err := s.serviceConfiguration(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.ServiceId))
	if err != nil {
		return nil, err
	}
	if asked.PrivateName == "" {
		return nil, errUnnamedService(asked.ID)
	}
	state := vpc.VerificationPending
	if s.proven(ctx, asked.PrivateName, *asked.Verification) {
		state = vpc.VerificationVerified
	}
	err = s.changeService(ctx, in.ServiceId, func(_ *store.Tx, c *vpc.ServiceConfiguration) error {
		if c.Verification == nil || c.Verification.Name != asked.Verification.Name {
			return nil // the name was changed during the lookup: its verification has begun anew
		}
		v := *c.Verification
		v.State, v.Since = state, s.now().UTC()
		c.Verification = &v
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.StartVpcEndpointServicePrivateDnsVerificationOutput{ReturnValue: wire.Ptr(true)}, nil
}

// proven reports whether a verification's record is found. A lookup that fails
// proves nothing: the next call may find more.
func (s *Service) proven(ctx context.Context, privateName string, v vpc.Verification) bool {
	if s.lookupTXT == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	for _, name := range v.RecordNames(privateName) {
		if values, err := s.lookupTXT(ctx, name); err == nil && slices.Contains(values, v.Value) {
			return true
		}
	}
	return false
}

// verificationShape is a verification as it is answered, with the record that
// the owner of the name is to make.
func (s *Service) verificationShape(v vpc.Verification) *ec2.PrivateDnsNameConfiguration {
	return &ec2.PrivateDnsNameConfiguration{
		Name:  &v.Name,
		State: wire.Ptr(v.StateAt(s.now())),
		Type:  wire.Ptr("TXT"),
		Value: &v.Value,
	}
}
