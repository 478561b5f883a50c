package sts

import (
	"context"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Config is what a Service needs to know of others.
type Config struct {
	Ring *seal.Ring // seals sessions; required

	// Role returns the role of an ARN. Required.
	Role func(arn string) (Role, bool)

	// Provider returns the OpenID Connect provider of an ARN. Required.
	Provider func(arn string) (Provider, bool)

	// Issuers finds the keys of web identities' issuers. Required.
	Issuers Issuers

	// KeyAccount returns the account of a long-term access key. Required.
	KeyAccount func(accessKey string) (account string, ok bool)

	// RCPs returns the resource control policies that apply to an account's
	// resources, level by level; nil: none do. Required.
	RCPs func(account string) [][]policy.Named

	// Member reports whether account is a member of the organization that
	// management manages. Required.
	Member func(management, account string) bool

	Now func() time.Time // time.Now when nil
}

// Role is what STS knows of a role.
type Role struct {
	ARN        string // with its path
	ID         string // AROA…
	Trust      *policy.Document
	MaxSession time.Duration
	Tags       []auth.Tag
}

// Provider is what STS knows of an OpenID Connect provider.
type Provider struct {
	ARN         string
	URL         string // without https://
	ClientIDs   []string
	Thumbprints []string // of its certificates' authority, SHA-1 in hexadecimal
}

// Issuers finds the keys that OpenID Connect issuers sign with.
type Issuers interface {
	// Keys returns the JSON Web Key Set of the issuer with that URL, which
	// begins with https://. It is called without a lock held and may take its
	// time, as ctx allows. fresh asks for keys that are not from a cache:
	// those from there do not have a token's.
	Keys(ctx context.Context, p Provider, fresh bool) (keys []byte, err error)
}

// Service is the STS API.
type Service struct{ config Config }

// New returns the service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{config: c}
}

// Methods are the operations that the service implements: all.
func (s *Service) Methods() []wire.Method {
	return []wire.Method{
		wire.SelfAuthorized(wire.Bind(sts.OpGetCallerIdentity, s.GetCallerIdentity)),
		wire.Bind(sts.OpGetAccessKeyInfo, s.GetAccessKeyInfo),
		wire.Bind(sts.OpDecodeAuthorizationMessage, s.DecodeAuthorizationMessage),
		wire.SelfAuthorized(wire.On(wire.Bind(sts.OpAssumeRole, s.AssumeRole),
			func(_ context.Context, in *sts.AssumeRoleInput) []string { return []string{wire.Value(in.RoleArn)} })),
		wire.Unsigned(wire.On(wire.Bind(sts.OpAssumeRoleWithWebIdentity, s.AssumeRoleWithWebIdentity),
			func(_ context.Context, in *sts.AssumeRoleWithWebIdentityInput) []string {
				return []string{wire.Value(in.RoleArn)}
			})),
		wire.Unsigned(wire.On(wire.Bind(sts.OpAssumeRoleWithSAML, s.AssumeRoleWithSAML),
			func(_ context.Context, in *sts.AssumeRoleWithSAMLInput) []string {
				return []string{wire.Value(in.RoleArn)}
			})),
		wire.SelfAuthorized(wire.On(wire.Bind(sts.OpAssumeRoot, s.AssumeRoot), rootARNs)),
		wire.SelfAuthorized(wire.Bind(sts.OpGetSessionToken, s.GetSessionToken)),
		wire.SelfAuthorized(wire.On(wire.Bind(sts.OpGetFederationToken, s.GetFederationToken),
			func(ctx context.Context, in *sts.GetFederationTokenInput) []string {
				return []string{federatedARN(auth.CallerFrom(ctx), wire.Value(in.Name))}
			})),
		wire.On(wire.Bind(sts.OpGetWebIdentityToken, s.GetWebIdentityToken),
			func(ctx context.Context, _ *sts.GetWebIdentityTokenInput) []string {
				return []string{"arn:" + partition(ctx) + ":sts::" + auth.CallerFrom(ctx).Account + ":self"}
			}),
		wire.Bind(sts.OpGetDelegatedAccessToken, s.GetDelegatedAccessToken),
	}
}
