package sts

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/message"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

func TestGetSessionToken(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		name    string
		caller  auth.Caller
		seconds *int32
		want    time.Duration
	}{
		{"a user", ann, nil, 12 * time.Hour},
		{"a user, short", ann, wire.Ptr[int32](900), 15 * time.Minute},
		{"a user, long", ann, wire.Ptr[int32](129600), 36 * time.Hour},
		{"root", root, nil, time.Hour},
		{"root, long", root, wire.Ptr[int32](129600), time.Hour},
		{"root, short", root, wire.Ptr[int32](900), 15 * time.Minute},
	} {
		out, err := f.GetSessionToken(f.as(c.caller), &sts.GetSessionTokenInput{DurationSeconds: c.seconds})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.caller
		want.Region, want.AccessKey = "", *out.Credentials.AccessKeyId
		want.Session = &auth.Session{Issued: now, Expires: now.Add(c.want)}
		if d := cmp.Diff(want, f.opened(out.Credentials)); d != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, d)
		}
	}
	_, err := f.GetSessionToken(f.as(worker()), &sts.GetSessionTokenInput{})
	wantError(t, "a session", err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = f.GetSessionToken(f.as(ann), &sts.GetSessionTokenInput{SerialNumber: wire.Ptr("GAHT12345678"), TokenCode: wire.Ptr("123456")})
	wantError(t, "an MFA code", err, "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
}

func TestGetFederationToken(t *testing.T) {
	f := newFixture(t)
	text := document(allow("eks:*"))
	in := &sts.GetFederationTokenInput{Name: wire.Ptr("fred"), Policy: &text, DurationSeconds: wire.Ptr[int32](900)}
	out, err := f.GetFederationToken(f.as(ann, allow("sts:GetFederationToken")), in)
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:sts::111122223333:federated-user/fred"
	want := auth.Caller{Account: account, ARN: arn, UserID: "111122223333:fred", AccessKey: *out.Credentials.AccessKeyId, Kind: auth.Federated, Identity: ann.ARN,
		Session: &auth.Session{Name: "fred", Issued: now, Expires: now.Add(15 * time.Minute), Policy: text}}
	if d := cmp.Diff(want, f.opened(out.Credentials)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if *out.FederatedUser.Arn != arn || *out.FederatedUser.FederatedUserId != "111122223333:fred" || wire.Value(out.PackedPolicySize) == 0 {
		t.Errorf("%+v", out.FederatedUser)
	}
	tagged := &sts.GetFederationTokenInput{Name: wire.Ptr("fred"), Tags: []sts.Tag{{Key: wire.Ptr("a"), Value: wire.Ptr("b")}}}
	why := func(action string) string {
		return "User: " + ann.ARN + " is not authorized to perform: " + action + " on resource: " + arn + " because no identity-based policy allows the " + action + " action"
	}
	for _, c := range []struct {
		name          string
		caller        auth.Caller
		own           []string
		in            *sts.GetFederationTokenInput
		code, message string
	}{
		{"without a permission", ann, nil, in, "AccessDenied", why("sts:GetFederationToken")},
		{"for another name", ann, []string{`{"Effect":"Allow","Action":"sts:*","Resource":"arn:aws:sts::111122223333:federated-user/joe"}`}, in, "AccessDenied", why("sts:GetFederationToken")},
		{"tags without sts:TagSession", ann, []string{allow("sts:GetFederationToken")}, tagged, "AccessDenied", why("sts:TagSession")},
		{"tags", ann, []string{allow("sts:*")}, tagged, "", ""},
		{"root", root, nil, in, "", ""},
		{"a session", worker(), []string{allow("*")}, in, "AccessDenied", "Cannot call GetFederationToken with session credentials"},
		{"a policy that is none", ann, []string{allow("*")}, &sts.GetFederationTokenInput{Name: wire.Ptr("fred"), Policy: wire.Ptr("x")}, "MalformedPolicyDocument", "The policy is not in the valid JSON format."},
	} {
		_, err := f.GetFederationToken(f.as(c.caller, c.own...), c.in)
		wantError(t, c.name, err, c.code, c.message)
	}
}

func TestAssumeRoot(t *testing.T) {
	f := newFixture(t)
	task := &sts.PolicyDescriptorType{Arn: wire.Ptr("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy")}
	rootOfOther := "arn:aws:iam::444455556666:root"
	for _, target := range []string{other, rootOfOther} {
		out, err := f.AssumeRoot(f.as(ann, allow("sts:AssumeRoot")), &sts.AssumeRootInput{TargetPrincipal: &target, TaskPolicyArn: task})
		if err != nil {
			t.Fatal(err)
		}
		want := auth.Caller{Account: other, ARN: rootOfOther, UserID: other, AccessKey: *out.Credentials.AccessKeyId, Kind: auth.Root, Identity: rootOfOther,
			Session: &auth.Session{Issued: now, Expires: now.Add(15 * time.Minute), PolicyARNs: []string{*task.Arn}}}
		if d := cmp.Diff(want, f.opened(out.Credentials)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
	denied := func(c auth.Caller, target string) string {
		return "User: " + c.ARN + " is not authorized to perform: sts:AssumeRoot on resource: " + target
	}
	for _, c := range []struct {
		name          string
		caller        auth.Caller
		own           []string
		target, task  string
		code, message string
	}{
		{"without a permission", ann, nil, other, *task.Arn, "AccessDenied", denied(ann, rootOfOther) + " because no identity-based policy allows the sts:AssumeRoot action"},
		{"not the management account", guest, []string{allow("*")}, account, *task.Arn, "AccessDenied", denied(guest, root.ARN)},
		{"not a member", ann, []string{allow("*")}, "777788889999", *task.Arn, "AccessDenied", denied(ann, "arn:aws:iam::777788889999:root")},
		{"another policy", ann, []string{allow("*")}, other, "arn:aws:iam::aws:policy/AdministratorAccess", "ValidationError", "arn:aws:iam::aws:policy/AdministratorAccess is not a policy of a task of root"},
		{"no root", ann, []string{allow("*")}, "arn:aws:iam::444455556666:user/x", *task.Arn, "ValidationError", "The target principal is neither an account nor the root of one"},
	} {
		_, err := f.AssumeRoot(f.as(c.caller, c.own...), &sts.AssumeRootInput{TargetPrincipal: &c.target, TaskPolicyArn: &sts.PolicyDescriptorType{Arn: &c.task}})
		wantError(t, c.name, err, c.code, c.message)
	}
}

func TestGetAccessKeyInfo(t *testing.T) {
	f := newFixture(t)
	out, err := f.GetSessionToken(f.as(ann), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"AKIAIOSFODNN7EXAMPLE":       other, // in the index
		*out.Credentials.AccessKeyId: account,
		"ASIAQNZGKIQY56JQ7WML":       "029608264753",
	} {
		got, err := f.GetAccessKeyInfo(f.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *got.Account != want {
			t.Errorf("%s: %v %v, want %s", id, got, err, want)
		}
	}
	_, err = f.GetAccessKeyInfo(f.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: wire.Ptr("AKIAIOSFODNN7EXAMPLX")})
	wantError(t, "unknown", err, "ValidationError", "Access key AKIAIOSFODNN7EXAMPLX is not valid")
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	f := newFixture(t)
	encoded, err := message.Seal(f.ring, policy.Request{Action: "ec2:DeleteVpc", Resource: "*", Principal: ann.Principal()}, nil, policy.Verdict{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.DecodeAuthorizationMessage(f.as(root), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
	if err != nil || out.DecodedMessage == nil {
		t.Fatalf("%v %v", out, err)
	}
	for name, ctx := range map[string]string{"another account's": encoded, "broken": "x"} {
		_, err := f.DecodeAuthorizationMessage(f.as(guest), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &ctx})
		wantError(t, name, err, "InvalidAuthorizationMessageException", "Message is not valid")
	}
}

// What no account has here is refused in AWS's words.
func TestWhatIsNotSetUp(t *testing.T) {
	f := newFixture(t)
	assertion := base64.StdEncoding.EncodeToString([]byte("<samlp:Response/>"))
	_, err := f.AssumeRoleWithSAML(f.nobody(), &sts.AssumeRoleWithSAMLInput{RoleArn: wire.Ptr(roleARN1), SAMLAssertion: &assertion})
	wantError(t, "SAML", err, "InvalidIdentityToken", "Specified provider doesn't exist")
	_, err = f.AssumeRoleWithSAML(f.nobody(), &sts.AssumeRoleWithSAMLInput{RoleArn: wire.Ptr(roleARN1), SAMLAssertion: wire.Ptr("<>")})
	wantError(t, "no base64", err, "InvalidIdentityToken", "Invalid base64 SAMLResponse")
	_, err = f.AssumeRoleWithSAML(f.nobody(), &sts.AssumeRoleWithSAMLInput{RoleArn: wire.Ptr("role"), SAMLAssertion: &assertion})
	wantError(t, "no role", err, "ValidationError", "Request ARN is invalid")
	_, err = f.GetWebIdentityToken(f.as(ann), &sts.GetWebIdentityTokenInput{})
	wantError(t, "tokens for others", err, "OutboundWebIdentityFederationDisabledException", "The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the Amazon Web Services Management Console or API.")
	_, err = f.GetDelegatedAccessToken(f.as(ann), &sts.GetDelegatedAccessTokenInput{TradeInToken: wire.Ptr("x")})
	wantError(t, "trade-in", err, "AccessDenied", "The trade-in token is not of a delegation request that is known here.")
}
