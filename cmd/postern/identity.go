package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/organizations"
	"github.com/postern/postern/service/sts"
	"github.com/postern/postern/vpc"
)

// identities knows who may call: the root users of the accounts, and their
// users and roles.
type identities struct {
	iam          *iam.Service
	organization *organizations.Service
	account      string    // the management account
	region       string    // the default Region
	key          accessKey // of the management account's root user
}

// find returns the secret and the owner of a long-term access key.
func (i identities) find(id string) (secret string, caller auth.Caller, ok bool) {
	if id == i.key.AccessKeyID {
		return i.key.SecretAccessKey, auth.RootOf(i.account), true
	}
	if secret, caller, ok := i.organization.RootKey(id); ok {
		return secret, caller, true
	}
	return i.iam.Key(id)
}

// stsConfig is what STS knows of identities.
func (i identities) stsConfig(ring *seal.Ring) sts.Config {
	return sts.Config{
		Ring: ring,
		Role: func(arn string) (sts.Role, bool) {
			r, ok := i.iam.Role(arn)
			return sts.Role(r), ok
		},
		Provider: func(arn string) (sts.Provider, bool) {
			p, ok := i.iam.Provider(arn)
			return sts.Provider(p), ok
		},
		Issuers: &issuers{own: func(string) ([]byte, bool) { return nil, false }, now: time.Now},
		KeyAccount: func(id string) (string, bool) {
			if account, ok := i.iam.AccountOf(id); ok {
				return account, true
			}
			_, caller, ok := i.find(id)
			return caller.Account, ok
		},
		RCPs:   i.organization.RCPs,
		Member: i.organization.Member,
	}
}

// credentialsRequest asks for credentials of an account's root user, or of a
// session of a role. Whoever reaches the control socket may have any.
type credentialsRequest struct {
	Account string `json:"account,omitempty"` // empty: the management account
	Role    string `json:"role,omitempty"`    // ARN, or the path and name of a role of the account; empty: root
	Name    string `json:"name,omitempty"`    // of the session
}

// credentials answers it.
func (i identities) credentials(ctx context.Context, service *sts.Service, r credentialsRequest) (accessKey, error) {
	account := r.Account
	if account == "" {
		account = i.account
	}
	if r.Role == "" {
		a, err := organizer{i.organization, i.account, i.key}.account(account)
		if err != nil {
			return accessKey{}, err
		}
		return accessKey{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey}, nil
	}
	arn := r.Role
	if !strings.HasPrefix(arn, "arn:") {
		arn = fmt.Sprintf("arn:%s:iam::%s:role/%s", vpc.PartitionOf(i.region).Name, account, strings.TrimPrefix(arn, "/"))
	}
	c, err := service.RoleSession(arn, r.Name)
	if err != nil {
		return accessKey{}, err
	}
	return accessKey{c.AccessKeyID, c.SecretAccessKey, c.SessionToken}, nil
}

// askCredentials asks the daemon of d.
func askCredentials(d dataDir, r credentialsRequest) (accessKey, error) {
	reply, err := askControl(d, controlRequest{Credentials: &r})
	if err == nil && reply.Credentials == nil {
		err = errors.New("the daemon gives no credentials")
	}
	if err != nil {
		return accessKey{}, err
	}
	return *reply.Credentials, nil
}
