package sts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Durations of sessions.
const (
	defaultDuration = time.Hour // of a role's session
	maxChained      = time.Hour // of a session that a role's session has begun
)

// AssumeRole gives the caller a session of a role that trusts it.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	caller := auth.CallerFrom(ctx)
	arn, ok := parseRoleARN(wire.Value(in.RoleArn))
	if !ok {
		return nil, errARN()
	}
	session, err := scope{in.Policy, in.PolicyArns, in.Tags, in.TransitiveTagKeys}.session()
	if err != nil {
		return nil, err
	}
	session.Name = wire.Value(in.RoleSessionName)
	if session.SourceIdentity, err = sourceIdentity(in.SourceIdentity); err != nil {
		return nil, err
	}
	if caller.Kind == auth.Root {
		return nil, errRootAssumes()
	}
	if err := inherit(session, caller.Session); err != nil {
		return nil, err
	}
	role, err := s.trusted(ctx, arn, session, assumeKeys(in, session))
	if err != nil {
		return nil, err
	}
	if err := checkMFA(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	if len(in.ProvidedContexts) > 0 {
		return nil, errInvalid("The context assertion is not of a context provider that is known here.")
	}
	session.Chained = caller.Kind == auth.Role
	duration, err := roleDuration(in.DurationSeconds, role, session.Chained)
	if err != nil {
		return nil, err
	}
	credentials, packed, err := s.issue(roleSession(arn, role, session), duration)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleOutput{
		AssumedRoleUser:  assumedRoleUser(arn, role, session),
		Credentials:      credentials,
		PackedPolicySize: packed,
		SourceIdentity:   given(session.SourceIdentity),
	}, nil
}

// trusted returns the role, if the caller may begin that session of it. It is
// not said whether a role exists that the caller may not assume.
func (s *Service) trusted(ctx context.Context, arn roleARN, session *auth.Session, keys policy.Keys) (Role, error) {
	caller := auth.CallerFrom(ctx)
	role, ok := s.config.Role(arn.text)
	if !ok || caller.Kind == auth.Federated {
		return Role{}, errDenied(withoutCause(caller, "sts:AssumeRole", arn.text))
	}
	resourceTags(keys, role.Tags)
	v, action, ok := s.permit(ctx, ask{
		actions:  sessionActions("sts:AssumeRole", session),
		resource: arn.text,
		account:  arn.account,
		trust:    &policy.Named{Document: role.Trust},
		keys:     keys,
	})
	switch {
	case ok:
		return role, nil
	case arn.account != caller.Account && (v.Type == policy.Trust || v.Type == policy.RCP):
		return Role{}, errDenied(withoutCause(caller, action, arn.text)) // what another account's policies say is not told
	}
	return Role{}, errDenied(v.Denial(caller.ARN, action, arn.text))
}

func withoutCause(c auth.Caller, action, resource string) string {
	return "User: " + c.ARN + " is not authorized to perform: " + action + " on resource: " + resource
}

// sessionActions are what must be allowed to begin a session: what it carries has
// permissions of its own.
func sessionActions(action string, session *auth.Session) []string {
	actions := []string{action}
	if len(session.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if session.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

func assumeKeys(in *sts.AssumeRoleInput, session *auth.Session) policy.Keys {
	keys := sessionKeys(session)
	if in.ExternalId != nil {
		keys["sts:externalid"] = []string{*in.ExternalId}
	}
	if in.DurationSeconds != nil {
		keys["sts:durationseconds"] = []string{strconv.Itoa(int(*in.DurationSeconds))}
	}
	return keys
}

// sessionKeys are the condition keys of the session that is asked for.
func sessionKeys(session *auth.Session) policy.Keys {
	keys := policy.Keys{"sts:rolesessionname": {session.Name}}
	if session.SourceIdentity != "" {
		keys["sts:sourceidentity"] = []string{session.SourceIdentity}
	}
	if len(session.Transitive) > 0 {
		keys["sts:transitivetagkeys"] = session.Transitive
	}
	for _, t := range session.Tags {
		keys["aws:requesttag/"+strings.ToLower(t.Key)] = []string{t.Value}
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], t.Key)
	}
	return keys
}

// resourceTags adds the keys of a role's tags.
func resourceTags(keys policy.Keys, tags []auth.Tag) {
	for _, t := range tags {
		for _, prefix := range []string{"aws:resourcetag/", "iam:resourcetag/"} {
			keys[prefix+strings.ToLower(t.Key)] = []string{t.Value}
		}
	}
}

func sourceIdentity(given *string) (string, error) {
	name := wire.Value(given)
	if strings.HasPrefix(strings.ToLower(name), "aws:") {
		return "", errInvalid("A source identity cannot begin with aws:")
	}
	return name, nil
}

// roleDuration is how long a role's session shall be.
func roleDuration(seconds *int32, role Role, chained bool) (time.Duration, error) {
	duration := defaultDuration
	if seconds != nil {
		duration = time.Duration(*seconds) * time.Second
	}
	switch {
	case chained && duration > maxChained:
		return 0, errDurationChained()
	case duration > role.MaxSession:
		return 0, errDurationRole()
	}
	return duration, nil
}

// roleSession is who acts with a session of a role.
func roleSession(arn roleARN, role Role, session *auth.Session) auth.Caller {
	return auth.Caller{
		Account:  arn.account,
		ARN:      arn.sessionARN(session.Name),
		UserID:   role.ID + ":" + session.Name,
		Kind:     auth.Role,
		Identity: role.ARN,
		Session:  session,
	}
}

func assumedRoleUser(arn roleARN, role Role, session *auth.Session) *sts.AssumedRoleUser {
	return &sts.AssumedRoleUser{
		Arn:           wire.Ptr(arn.sessionARN(session.Name)),
		AssumedRoleId: wire.Ptr(role.ID + ":" + session.Name),
	}
}

// given is nil for what is absent from an answer.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// RoleSession gives credentials of a role, as long as its sessions may be, to
// whoever runs the installation and asks no trust policy. Its errors are for a
// person to read.
func (s *Service) RoleSession(arn, name string) (session.Credentials, error) {
	parsed, ok := parseRoleARN(arn)
	role, exists := s.config.Role(arn)
	if !ok || !exists {
		return session.Credentials{}, fmt.Errorf("there is no role %s", arn)
	}
	now := s.config.Now().UTC()
	c := roleSession(parsed, role, &auth.Session{Name: name, Issued: now, Expires: now.Add(role.MaxSession)})
	return session.Issue(s.config.Ring, c)
}
