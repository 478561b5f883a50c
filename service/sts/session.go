package sts

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// scope is what a request says a session shall be: all operations that make
// sessions have some of it.
type scope struct {
	policy     *string
	arns       []sts.PolicyDescriptorType
	tags       []sts.Tag
	transitive []string
}

// session checks the scope and makes a session of it, with what it takes of the space
// for it. Nothing is in it that depends on who asks.
func (r scope) session() (*auth.Session, error) {
	out := &auth.Session{Policy: wire.Value(r.policy)}
	if n := utf8.RuneCountInString(out.Policy); n > session.MaxPolicy {
		return nil, errConstraint(out.Policy, "policy", fmt.Sprintf("Member must have length less than or equal to %d", session.MaxPolicy))
	}
	if r.policy != nil {
		if err := policy.Validate(policy.Session, out.Policy); err != nil {
			return nil, errPolicy(err.Error())
		}
	}
	if len(r.arns) > session.MaxPolicyARNs {
		return nil, errConstraint("policyArns", "policyArns", fmt.Sprintf("Member must have length less than or equal to %d", session.MaxPolicyARNs))
	}
	for _, p := range r.arns {
		if !isPolicyARN(wire.Value(p.Arn)) {
			return nil, errInvalid("ARN %s is not valid.", wire.Value(p.Arn))
		}
		out.PolicyARNs = append(out.PolicyARNs, *p.Arn)
	}
	var err error
	out.Tags, out.Transitive, err = sessionTags(r.tags, r.transitive)
	return out, err
}

func isPolicyARN(arn string) bool {
	named, ok := vpc.ParseARN(arn)
	return ok && named.Service == "iam" && named.Region == "" &&
		(named.Account == "aws" || vpc.IsAccount(named.Account)) && strings.HasPrefix(named.Resource, "policy/")
}

// sessionTags checks the tags of a request. Their keys are unique without
// regard to case.
func sessionTags(in []sts.Tag, transitive []string) ([]auth.Tag, []string, error) {
	var tags []auth.Tag
	for _, t := range in {
		key := wire.Value(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, nil, errInvalid("Tag keys that begin with aws: are reserved for the use of AWS: %s", key)
		}
		if _, twice := findTag(tags, key); twice {
			return nil, nil, errInvalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags = append(tags, auth.Tag{Key: key, Value: wire.Value(t.Value)})
	}
	for _, key := range transitive {
		if _, ok := findTag(tags, key); !ok {
			return nil, nil, errInvalid("The specified transitive tag key must be included in the requested tags.")
		}
	}
	return tags, transitive, nil
}

func findTag(tags []auth.Tag, key string) (auth.Tag, bool) {
	i := slices.IndexFunc(tags, func(t auth.Tag) bool { return strings.EqualFold(t.Key, key) })
	if i < 0 {
		return auth.Tag{}, false
	}
	return tags[i], true
}

// inherit adds what a chained session takes over from the caller's: its
// source identity and its transitive tags.
func inherit(to, from *auth.Session) error {
	if from == nil {
		return nil
	}
	if from.SourceIdentity != "" {
		if to.SourceIdentity != "" && to.SourceIdentity != from.SourceIdentity {
			return errDenied("The source identity of the calling session cannot be changed.")
		}
		to.SourceIdentity = from.SourceIdentity
	}
	for _, key := range from.Transitive {
		if _, given := findTag(to.Tags, key); given {
			return errInvalid("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		if t, ok := findTag(from.Tags, key); ok {
			to.Tags, to.Transitive = append(to.Tags, t), append(to.Transitive, t.Key)
		}
	}
	if len(to.Tags) > session.MaxTags {
		return errConstraint("tags", "tags", fmt.Sprintf("Member must have length less than or equal to %d", session.MaxTags))
	}
	return nil
}

// issue makes credentials of a caller that has a session of that duration
// from now. packed is nil where there is nothing to pack.
func (s *Service) issue(c auth.Caller, duration time.Duration) (credentials *sts.Credentials, packed *int32, err error) {
	percent, err := session.Pack(c.Session)
	if err != nil {
		return nil, nil, err
	}
	if percent > 100 {
		return nil, nil, errPacked(percent, c.Session.Policy != "" || len(c.Session.PolicyARNs) > 0)
	}
	if percent > 0 {
		packed = wire.Ptr(int32(percent))
	}
	c.Session.Issued = s.config.Now().UTC()
	c.Session.Expires = c.Session.Issued.Add(duration)
	issued, err := session.Issue(s.config.Ring, c)
	if err != nil {
		return nil, nil, err
	}
	return &sts.Credentials{
		AccessKeyId:     &issued.AccessKeyID,
		SecretAccessKey: &issued.SecretAccessKey,
		SessionToken:    &issued.SessionToken,
		Expiration:      &issued.Expires,
	}, packed, nil
}

// checkMFA refuses multi-factor authentication, which nobody has set up.
func checkMFA(serial, code *string) error {
	switch {
	case serial == nil && code == nil:
		return nil
	case serial == nil || code == nil:
		return errMFAHalf()
	}
	return errMFA()
}
