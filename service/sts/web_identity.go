package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/jwt"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// clockSkew is how far an issuer's clock may be ahead.
const clockSkew = 5 * time.Minute

// AssumeRoleWithWebIdentity gives whoever has a token of an OpenID Connect
// provider of the role's account a session of a role that trusts it.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	arn, ok := parseRoleARN(wire.Value(in.RoleArn))
	if !ok {
		return nil, errARN()
	}
	if in.ProviderId != nil { // of OAuth 2.0 access tokens, of two companies
		return nil, errIdentityToken("Access tokens are not supported; send an ID Token and no ProviderId")
	}
	session, err := scope{policy: in.Policy, arns: in.PolicyArns}.session()
	if err != nil {
		return nil, err
	}
	token, provider, err := s.webIdentity(ctx, arn, wire.Value(in.WebIdentityToken))
	if err != nil {
		return nil, err
	}
	session.Name = wire.Value(in.RoleSessionName)
	session.Provider, session.Subject, session.Audience = provider.ARN, token.Claims.Subject, audience(token.Claims, provider)
	if err := claimedSession(token.Claims, session); err != nil {
		return nil, err
	}
	role, ok := s.config.Role(arn.text)
	if ok {
		ok = s.trustsWeb(ctx, arn, role, session, token.Claims, provider)
	}
	if !ok {
		return nil, errDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	duration, err := roleDuration(in.DurationSeconds, role, false)
	if err != nil {
		return nil, err
	}
	credentials, packed, err := s.issue(roleSession(arn, role, session), duration)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityOutput{
		AssumedRoleUser:             assumedRoleUser(arn, role, session),
		Audience:                    &session.Audience,
		Credentials:                 credentials,
		PackedPolicySize:            packed,
		Provider:                    &provider.ARN,
		SourceIdentity:              given(session.SourceIdentity),
		SubjectFromWebIdentityToken: &session.Subject,
	}, nil
}

// webIdentity verifies a token: who has signed it, when, and for whom.
func (s *Service) webIdentity(ctx context.Context, arn roleARN, text string) (jwt.Token, Provider, error) {
	token, err := jwt.Parse(text)
	if err != nil {
		return jwt.Token{}, Provider{}, errNoJWT()
	}
	claims := token.Claims
	for _, required := range []struct {
		name  string
		there bool
	}{
		{"iss", claims.Issuer != ""},
		{"sub", claims.Subject != ""},
		{"aud", len(claims.Audience) > 0},
		{"exp", !claims.Expires.IsZero()},
		{"iat", !claims.Issued.IsZero()},
	} {
		if !required.there {
			return jwt.Token{}, Provider{}, errMissingClaim(required.name)
		}
	}
	url, secure := strings.CutPrefix(claims.Issuer, "https://")
	provider, ok := s.config.Provider("arn:" + arn.partition + ":iam::" + arn.account + ":oidc-provider/" + url)
	if !ok || !secure {
		return jwt.Token{}, Provider{}, errNoProvider(claims.Issuer)
	}
	if err := s.verify(ctx, token, provider); err != nil {
		return jwt.Token{}, Provider{}, err
	}
	return token, provider, s.checkClaims(claims, provider)
}

// verify proves the token's signature. Keys that were kept may be older than the
// token's: then the issuer is asked again.
func (s *Service) verify(ctx context.Context, token jwt.Token, provider Provider) error {
	for _, fresh := range []bool{false, true} {
		set, err := s.config.Issuers.Keys(ctx, provider, fresh)
		if err != nil {
			return errProvider(err)
		}
		keys, err := jwt.ParseKeys(set)
		if err != nil {
			return errNoKey()
		}
		err = token.Verify(keys)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, jwt.ErrSignature):
			return errIdentityToken("The signature of the ID Token is not valid")
		}
	}
	return errNoKey()
}

func (s *Service) checkClaims(c jwt.Claims, p Provider) error {
	now := s.config.Now()
	switch {
	case !now.Before(c.Expires):
		return errTokenExpired(now, c.Expires)
	case c.NotBefore.After(now.Add(clockSkew)):
		return errIdentityToken("The ID Token is not valid yet")
	case c.Issued.After(now.Add(clockSkew)):
		return errIdentityToken("The ID Token was issued in the future")
	case audience(c, p) == "":
		return errIdentityToken("Incorrect token audience")
	}
	return nil
}

// audience is for whom the token was made, as the provider knows them: the
// authorized party where the token names one, otherwise one of the audience.
// Empty: nobody that the provider knows.
func audience(c jwt.Claims, p Provider) string {
	candidates := c.Audience
	if c.AuthorizedParty != "" {
		candidates = []string{c.AuthorizedParty}
	}
	for _, a := range candidates {
		if slices.Contains(p.ClientIDs, a) {
			return a
		}
	}
	return ""
}

// claimedSession reads the tags and the source identity that an issuer gives
// to sessions with its token.
func claimedSession(c jwt.Claims, session *auth.Session) error {
	const tagsClaim, sourceClaim = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"
	var claimed struct {
		Tags       map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	}
	if c.Has(tagsClaim) && !c.Decode(tagsClaim, &claimed) {
		return errIdentityToken("The claim " + tagsClaim + " is malformed")
	}
	if c.Has(sourceClaim) && !c.Decode(sourceClaim, &session.SourceIdentity) {
		return errIdentityToken("The claim " + sourceClaim + " is malformed")
	}
	tags, err := claimedTags(claimed.Tags)
	if err != nil {
		return err
	}
	if session.Tags, session.Transitive, err = sessionTags(tags, claimed.Transitive); err != nil {
		return err
	}
	_, err = sourceIdentity(&session.SourceIdentity)
	return err
}

// trustsWeb reports whether the role trusts the identity that the claims are of.
func (s *Service) trustsWeb(ctx context.Context, arn roleARN, role Role, session *auth.Session, c jwt.Claims, p Provider) bool {
	keys := sessionKeys(session)
	resourceTags(keys, role.Tags)
	url := strings.ToLower(p.URL)
	keys[url+":sub"] = []string{c.Subject}
	keys[url+":aud"] = []string{session.Audience}
	if c.AuthorizedParty != "" {
		keys[url+":oaud"] = c.Audience
	}
	if len(c.Methods) > 0 {
		keys[url+":amr"] = c.Methods
	}
	keys["aws:federatedprovider"] = []string{p.ARN}
	_, _, ok := s.permit(ctx, ask{
		actions:  sessionActions("sts:AssumeRoleWithWebIdentity", session),
		resource: arn.text,
		account:  arn.account,
		trust:    &policy.Named{Document: role.Trust},
		keys:     keys,
		web:      p.ARN,
	})
	return ok
}
