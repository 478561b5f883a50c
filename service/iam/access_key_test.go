package iam

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestAccessKey(t *testing.T) {
	b := fixture(t)
	u := b.addUser("ann")
	ann := auth.Caller{Account: account, ARN: *u.Arn, Identity: *u.Arn, UserID: *u.UserId, Kind: auth.User}
	k := must(b.CreateAccessKey(b.as(ann), &iam.CreateAccessKeyInput{}))(t).AccessKey // her own
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(*k.AccessKeyId) || len(*k.SecretAccessKey) != 40 || *k.UserName != "ann" || *k.Status != "Active" {
		t.Errorf("%+v", k)
	}
	if got, ok := b.AccountOf(*k.AccessKeyId); !ok || got != account {
		t.Errorf("account %s %v", got, ok)
	}
	b.addUser("bea")
	_, err := b.DeleteAccessKey(b.ctx, &iam.DeleteAccessKeyInput{UserName: wire.Ptr("bea"), AccessKeyId: k.AccessKeyId})
	wantError(t, "somebody else's", err, "NoSuchEntity", "The Access Key with id "+*k.AccessKeyId+" cannot be found.")

	must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: u.UserName}))(t)
	_, err = b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: u.UserName})
	wantError(t, "third", err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	if keys := must(b.ListAccessKeys(b.ctx, &iam.ListAccessKeysInput{UserName: u.UserName}))(t).AccessKeyMetadata; len(keys) != 2 {
		t.Errorf("keys %+v", keys)
	}

	// a key that is not active is none
	set := func(status string) error {
		_, err := b.UpdateAccessKey(b.ctx, &iam.UpdateAccessKeyInput{UserName: u.UserName, AccessKeyId: k.AccessKeyId, Status: &status})
		return err
	}
	wantError(t, "expired", set("Expired"), "InvalidInput", "Expired")
	if err := set("Inactive"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.Key(*k.AccessKeyId); ok {
		t.Error("an inactive key is known")
	}
	if _, ok := b.AccountOf(*k.AccessKeyId); !ok {
		t.Error("an inactive key has no account")
	}
	if err := set("Active"); err != nil {
		t.Fatal(err)
	}
	if secret, _, ok := b.Key(*k.AccessKeyId); !ok || secret != *k.SecretAccessKey {
		t.Error("an active key is not known")
	}
	must(b.DeleteAccessKey(b.ctx, &iam.DeleteAccessKeyInput{UserName: u.UserName, AccessKeyId: k.AccessKeyId}))(t)
	if _, _, ok := b.Key(*k.AccessKeyId); ok {
		t.Error("a deleted key is known")
	}
}

// TestRootKey: the key of the root user is shown, and changed elsewhere.
func TestRootKey(t *testing.T) {
	b := fixture(t)
	keys := must(b.ListAccessKeys(b.ctx, &iam.ListAccessKeysInput{}))(t).AccessKeyMetadata
	if len(keys) != 1 || *keys[0].AccessKeyId != rootOf(account).AccessKey {
		t.Errorf("keys %+v", keys)
	}
	_, err := b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{})
	wantError(t, "create", err, "InvalidInput", "root user")
	_, err = b.DeleteAccessKey(b.ctx, &iam.DeleteAccessKeyInput{AccessKeyId: keys[0].AccessKeyId})
	wantError(t, "delete", err, "InvalidInput", "root user")
}

func TestLastUse(t *testing.T) {
	b := fixture(t)
	u, r := b.addUser("ann"), b.addRole("r")
	k := must(b.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: u.UserName}))(t).AccessKey
	last := func() string {
		use := must(b.GetAccessKeyLastUsed(b.ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}))(t)
		return *use.UserName + " " + *use.AccessKeyLastUsed.ServiceName + " " + *use.AccessKeyLastUsed.Region + " " + wire.Value(use.AccessKeyLastUsed.LastUsedDate).Format(time.TimeOnly)
	}
	if got := last(); got != "ann N/A N/A 00:00:00" {
		t.Errorf("before: %s", got)
	}
	_, caller, _ := b.Key(*k.AccessKeyId)
	caller.Region = "us-west-2"
	b.Used(caller, "eks")
	b.now = b.now.Add(time.Minute)
	b.Used(caller, "ec2")
	b.Used(session(r), "logs")
	b.Used(rootOf(account), "iam") // nobody asks for root
	if got, want := last(), "ann ec2 us-west-2 03:05:05"; got != want {
		t.Errorf("in memory: %s, want %s", got, want)
	}
	revision := b.store.Snapshot().Revision()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil { // at the end, everything is written
		t.Fatal(err)
	}
	if got := b.store.Snapshot().Revision() - revision; got != 1 {
		t.Errorf("written in %d transactions", got)
	}
	b.uses.byID = nil
	if got, want := last(), "ann ec2 us-west-2 03:05:05"; got != want {
		t.Errorf("written: %s, want %s", got, want)
	}
	if use := must(b.GetRole(b.ctx, &iam.GetRoleInput{RoleName: r.RoleName}))(t).Role.RoleLastUsed; use.LastUsedDate == nil || *use.Region != "us-east-1" {
		t.Errorf("role: %+v", use)
	}
	// what is gone leaves nothing behind
	b.Used(caller, "ec2")
	must(b.DeleteAccessKey(b.ctx, &iam.DeleteAccessKeyInput{UserName: u.UserName, AccessKeyId: k.AccessKeyId}))(t)
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for use := range b.store.LastUses.List(b.store.Snapshot(), "", "") {
		if !strings.HasPrefix(use.ID, idRole) {
			t.Errorf("left: %+v", use)
		}
	}
}
