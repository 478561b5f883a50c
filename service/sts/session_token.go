package sts

import (
	"context"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Durations of sessions of users; those of the account's root are shorter.
const (
	defaultUserDuration = 12 * time.Hour
	maxRootDuration     = time.Hour
)

// GetSessionToken gives a user temporary credentials of its own. It needs no
// permission.
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	caller := auth.CallerFrom(ctx)
	if caller.Session != nil {
		return nil, errWithSession("GetSessionToken")
	}
	if err := checkMFA(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	caller.Session = &auth.Session{}
	credentials, _, err := s.issue(caller, userDuration(caller, in.DurationSeconds))
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenOutput{Credentials: credentials}, nil
}

// userDuration is how long a session of a user or of the account's root shall
// be. One of root that is asked to be longer is cut.
func userDuration(c auth.Caller, seconds *int32) time.Duration {
	duration := defaultUserDuration
	if seconds != nil {
		duration = time.Duration(*seconds) * time.Second
	}
	if c.Kind == auth.Root {
		duration = min(duration, maxRootDuration)
	}
	return duration
}

// GetFederationToken gives a user temporary credentials for somebody else, who
// may do what both the user's policies and the session's allow.
func (s *Service) GetFederationToken(ctx context.Context, in *sts.GetFederationTokenInput) (*sts.GetFederationTokenOutput, error) {
	caller := auth.CallerFrom(ctx)
	if caller.Session != nil {
		return nil, errWithSession("GetFederationToken")
	}
	session, err := scope{policy: in.Policy, arns: in.PolicyArns, tags: in.Tags}.session()
	if err != nil {
		return nil, err
	}
	session.Name = wire.Value(in.Name)
	arn := federatedARN(caller, session.Name)
	v, action, ok := s.permit(ctx, ask{
		actions:  sessionActions("sts:GetFederationToken", session),
		resource: arn,
		account:  caller.Account,
	})
	if !ok {
		return nil, errDenied(v.Denial(caller.ARN, action, arn))
	}
	credentials, packed, err := s.issue(auth.Caller{
		Account:  caller.Account,
		ARN:      arn,
		UserID:   caller.Account + ":" + session.Name,
		Kind:     auth.Federated,
		Identity: caller.Identity,
		Session:  session,
	}, userDuration(caller, in.DurationSeconds))
	if err != nil {
		return nil, err
	}
	return &sts.GetFederationTokenOutput{
		Credentials:      credentials,
		FederatedUser:    &sts.FederatedUser{Arn: &arn, FederatedUserId: wire.Ptr(caller.Account + ":" + session.Name)},
		PackedPolicySize: packed,
	}, nil
}
