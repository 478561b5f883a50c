package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateAccessKey makes an access key for a user, by default the caller. The
// secret is answered this once.
func (s *Service) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyOutput, error) {
	if err := refuseRootKey(ctx, in.UserName); err != nil {
		return nil, err
	}
	id, err := auth.NewAccessKeyID(auth.LongTerm, ownerFrom(ctx).Account)
	if err != nil {
		return nil, fmt.Errorf("create access key: %w", err)
	}
	var u store.User
	k := store.AccessKey{GlobalOwner: ownerFrom(ctx), ID: id, Secret: newSecret(), Created: s.time()}
	err = s.update(ctx, func(tx *store.Tx) (err error) {
		if u, err = s.user(ctx, tx, in.UserName); err != nil {
			return err
		}
		if count(s.store.AccessKeys.By(tx, "user", u.ID)) >= s.limits.KeysPerUser {
			return errQuota("AccessKeysPerUser", s.limits.KeysPerUser)
		}
		k.User = u.ID
		s.store.AccessKeys.Put(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &iam.AccessKey{
		AccessKeyId: &k.ID, SecretAccessKey: &k.Secret, Status: keyStatus(k), UserName: &u.Name, CreateDate: &k.Created,
	}}, nil
}

// refuseRootKey refuses a change of the root user's key, which is kept
// elsewhere.
func refuseRootKey(ctx context.Context, user *string) error {
	if user == nil && isRoot(auth.CallerFrom(ctx)) {
		return errInput("The access key of the account's root user cannot be changed here; specify userName.")
	}
	return nil
}

// newSecret returns a secret access key: 40 characters.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(b[:])
}

func keyStatus(k store.AccessKey) *string {
	if k.Inactive {
		return wire.Ptr(iam.StatusTypeInactive)
	}
	return wire.Ptr(iam.StatusTypeActive)
}

// ListAccessKeys lists the access keys of a user, by default the caller.
func (s *Service) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	out := &iam.ListAccessKeysOutput{AccessKeyMetadata: []iam.AccessKeyMetadata{}}
	if c := auth.CallerFrom(ctx); in.UserName == nil && isRoot(c) {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, iam.AccessKeyMetadata{
			AccessKeyId: &c.AccessKey, Status: wire.Ptr(iam.StatusTypeActive)})
		return out, nil
	}
	r := s.store.Snapshot()
	u, err := s.user(ctx, r, in.UserName)
	if err != nil {
		return nil, err
	}
	for k := range s.store.AccessKeys.By(r, "user", u.ID) {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, iam.AccessKeyMetadata{
			AccessKeyId: &k.ID, CreateDate: &k.Created, Status: keyStatus(k), UserName: &u.Name})
	}
	return out, nil
}

// UpdateAccessKey makes an access key usable, or not.
func (s *Service) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	if wire.Value(in.Status) == iam.StatusTypeExpired {
		return nil, errInput("The status of an access key cannot be set to Expired.")
	}
	err := s.update(ctx, func(tx *store.Tx) error {
		k, err := s.accessKey(ctx, tx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		k.Inactive = wire.Value(in.Status) == iam.StatusTypeInactive
		s.store.AccessKeys.Put(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAccessKeyOutput{}, nil
}

// DeleteAccessKey deletes an access key.
func (s *Service) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		k, err := s.accessKey(ctx, tx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		s.store.AccessKeys.Delete(tx, k.Key(k.ID))
		s.store.LastUses.Delete(tx, k.Key(k.ID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccessKeyOutput{}, nil
}

// accessKey reads an access key of the named user, by default the caller.
func (s *Service) accessKey(ctx context.Context, r store.Reader, user, id *string) (store.AccessKey, error) {
	if err := refuseRootKey(ctx, user); err != nil {
		return store.AccessKey{}, err
	}
	u, err := s.user(ctx, r, user)
	if err != nil {
		return store.AccessKey{}, err
	}
	k, ok := s.store.AccessKeys.Get(r, u.Key(wire.Value(id)))
	if !ok || k.User != u.ID {
		return k, errKeyNotFound(wire.Value(id))
	}
	return k, nil
}

// GetAccessKeyLastUsed says when an access key of the account was used last.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput) (*iam.GetAccessKeyLastUsedOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	k, ok := s.store.AccessKeys.Get(r, o.Key(wire.Value(in.AccessKeyId)))
	if !ok {
		return nil, errKeyNotFound(wire.Value(in.AccessKeyId))
	}
	u, _ := s.users.byID(r, k.User)
	last := &iam.AccessKeyLastUsed{Region: wire.Ptr("N/A"), ServiceName: wire.Ptr("N/A")}
	if use, used := s.lastUse(r, o, k.ID); used {
		last = &iam.AccessKeyLastUsed{LastUsedDate: &use.Time, Region: &use.Region, ServiceName: &use.Service}
	}
	return &iam.GetAccessKeyLastUsedOutput{UserName: &u.Name, AccessKeyLastUsed: last}, nil
}
