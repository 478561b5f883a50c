package sts

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

func request(edit ...func(*sts.AssumeRoleInput)) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{RoleArn: wire.Ptr(roleARN1), RoleSessionName: wire.Ptr("s1")}
	for _, e := range edit {
		e(in)
	}
	return in
}

func TestAssumeRole(t *testing.T) {
	f := newFixture(t)
	f.role(roleARN1, document(trust(aws(ann.ARN), "", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")))
	text := document(allow("eks:ListClusters"))
	out, err := f.AssumeRole(f.as(ann), request(func(in *sts.AssumeRoleInput) {
		in.DurationSeconds = wire.Ptr[int32](900)
		in.Policy = &text
		in.PolicyArns = []sts.PolicyDescriptorType{{Arn: wire.Ptr("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
		in.Tags = []sts.Tag{{Key: wire.Ptr("Team"), Value: wire.Ptr("blue")}, {Key: wire.Ptr("cost"), Value: wire.Ptr("")}}
		in.TransitiveTagKeys = []string{"team"}
		in.SourceIdentity = wire.Ptr("ann@example.org")
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Caller{
		Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/app/s1", UserID: "AROAEXAMPLEEXAMPLE123:s1",
		AccessKey: *out.Credentials.AccessKeyId, Kind: auth.Role, Identity: roleARN1,
		Session: &auth.Session{
			Name: "s1", Issued: now, Expires: now.Add(15 * time.Minute), Policy: text, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
			Tags: []auth.Tag{{Key: "Team", Value: "blue"}, {Key: "cost"}}, Transitive: []string{"team"}, SourceIdentity: "ann@example.org",
		},
	}
	if d := cmp.Diff(want, f.opened(out.Credentials)); d != "" {
		t.Errorf("the session: -want +got:\n%s", d)
	}
	if size := wire.Value(out.PackedPolicySize); size < 1 || size > 10 {
		t.Errorf("packed size %d", size)
	}
	out.Credentials, out.PackedPolicySize = nil, nil
	answer := &sts.AssumeRoleOutput{SourceIdentity: wire.Ptr("ann@example.org"),
		AssumedRoleUser: &sts.AssumedRoleUser{Arn: &want.ARN, AssumedRoleId: &want.UserID}}
	if d := cmp.Diff(answer, out); d != "" {
		t.Errorf("the answer: -want +got:\n%s", d)
	}
}

func TestSmallestSession(t *testing.T) {
	f := newFixture(t)
	f.role(roleARN1, document(trust(aws(ann.ARN), "")))
	out, err := f.AssumeRole(f.as(ann), request())
	if err != nil {
		t.Fatal(err)
	}
	if out.PackedPolicySize != nil || out.SourceIdentity != nil || !out.Credentials.Expiration.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v %v", out, out.Credentials.Expiration)
	}
}

// TestWhoMayAssume has a row for each way in which the role's trust and the
// caller's own policies decide together.
func TestWhoMayAssume(t *testing.T) {
	const (
		assume   = "sts:AssumeRole"
		annWhy   = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:AssumeRole on resource: " + roleARN1
		guestWhy = "User: arn:aws:iam::444455556666:user/guest is not authorized to perform: sts:AssumeRole on resource: " + roleARN1
		noTrust  = " because no role trust policy allows the sts:AssumeRole action"
		noPolicy = " because no identity-based policy allows the sts:AssumeRole action"
	)
	accountRoot, otherRoot := aws("arn:aws:iam::"+account+":root"), aws("arn:aws:iam::"+other+":root")
	for _, c := range []struct {
		name   string
		caller auth.Caller
		trust  string // statement
		own    []string
		why    string // it is refused
	}{
		// In one account: trust that names the caller is enough.
		{"named, without a policy", ann, trust(aws(ann.ARN), ""), nil, ""},
		{"named by id", ann, trust(aws(ann.UserID), ""), nil, ""},
		{"account, without a policy", ann, trust(accountRoot, ""), nil, annWhy + noPolicy},
		{"account, with a policy", ann, trust(accountRoot, ""), []string{allow(assume)}, ""},
		{"not trusted, with a policy", ann, trust(aws(guest.ARN), ""), []string{allow("*")}, annWhy + noTrust},
		{"named, but denied by itself", ann, trust(aws(ann.ARN), ""), []string{deny(assume)}, annWhy + " with an explicit deny in an identity-based policy"},
		{"named, but denied by the role", ann, trust(aws(ann.ARN), "") + "," + strings.Replace(trust(aws(ann.ARN), ""), "Allow", "Deny", 1), nil, annWhy + " with an explicit deny in the role trust policy"},
		{"trust for another action", ann, trust(aws(ann.ARN), "", "sts:TagSession"), nil, annWhy + noTrust},
		// Across accounts: both, and what the other account says is not told.
		{"named, without a policy, from another account", guest, trust(aws(guest.ARN), ""), nil, guestWhy + noPolicy},
		{"named, with a policy, from another account", guest, trust(aws(guest.ARN), ""), []string{allow(assume)}, ""},
		{"account, with a policy, from another account", guest, trust(otherRoot, ""), []string{allow(assume)}, ""},
		{"not trusted, from another account", guest, trust(accountRoot, ""), []string{allow("*")}, guestWhy},
		// Sessions of roles.
		{"a session of a role that is named", worker(), trust(aws("arn:aws:iam::111122223333:role/worker"), ""), nil, ""},
		{"a session that is named", worker(), trust(aws("arn:aws:sts::111122223333:assumed-role/worker/w1"), ""), nil, ""},
		{"another session", worker(), trust(aws("arn:aws:sts::111122223333:assumed-role/worker/w2"), ""), nil,
			"User: arn:aws:sts::111122223333:assumed-role/worker/w1 is not authorized to perform: sts:AssumeRole on resource: " + roleARN1 + noTrust},
		// Conditions.
		{"the external id", ann, trust(aws(ann.ARN), `{"StringEquals":{"sts:ExternalId":"x-17"}}`), nil, ""},
		{"another external id", ann, trust(aws(ann.ARN), `{"StringEquals":{"sts:ExternalId":"x-18"}}`), nil, annWhy + noTrust},
		{"the session's name", ann, trust(aws(ann.ARN), `{"StringLike":{"sts:RoleSessionName":"s*"}}`), nil, ""},
		{"another session's name", ann, trust(aws(ann.ARN), `{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}`), nil, annWhy + noTrust},
		{"a tag of the role", ann, trust(accountRoot, ""), []string{`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Open":"yes","iam:ResourceTag/open":"yes"}}}`}, ""},
		{"another tag of the role", ann, trust(accountRoot, ""), []string{`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Open":"no"}}}`}, annWhy + noPolicy},
		{"another resource", ann, trust(accountRoot, ""), []string{`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/other"}`}, annWhy + noPolicy},
	} {
		f := newFixture(t)
		f.role(roleARN1, document(c.trust), func(r *Role) { r.Tags = []auth.Tag{{Key: "open", Value: "yes"}} })
		code := "AccessDenied"
		if c.why == "" {
			code = ""
		}
		_, err := f.AssumeRole(f.as(c.caller, c.own...), request(func(in *sts.AssumeRoleInput) { in.ExternalId = wire.Ptr("x-17") }))
		wantError(t, c.name, err, code, c.why)
	}
}

// TestSessionPermissions: tags and a source identity need permissions of their
// own, and their values can be asked for.
func TestSessionPermissions(t *testing.T) {
	tagged := func(in *sts.AssumeRoleInput) {
		in.Tags = []sts.Tag{{Key: wire.Ptr("Team"), Value: wire.Ptr("blue")}}
		in.TransitiveTagKeys = []string{"Team"}
	}
	sourced := func(in *sts.AssumeRoleInput) { in.SourceIdentity = wire.Ptr("ann") }
	not := func(action string) string {
		return "User: " + ann.ARN + " is not authorized to perform: " + action + " on resource: " + roleARN1 + " because no role trust policy allows the " + action + " action"
	}
	for _, c := range []struct {
		name  string
		edit  func(*sts.AssumeRoleInput)
		trust string
		why   string
	}{
		{"tags without sts:TagSession", tagged, trust(aws(ann.ARN), ""), not("sts:TagSession")},
		{"tags", tagged, trust(aws(ann.ARN), "", "sts:AssumeRole", "sts:TagSession"), ""},
		{"the tag's value", tagged, trust(aws(ann.ARN), `{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team"],"sts:TransitiveTagKeys":["Team"]}}`, "sts:AssumeRole", "sts:TagSession"), ""},
		{"another value", tagged, trust(aws(ann.ARN), "") + "," + trust(aws(ann.ARN), `{"StringEquals":{"aws:RequestTag/Team":"red"}}`, "sts:TagSession"), not("sts:TagSession")},
		{"a source identity without sts:SetSourceIdentity", sourced, trust(aws(ann.ARN), ""), not("sts:SetSourceIdentity")},
		{"a source identity", sourced, trust(aws(ann.ARN), `{"StringEquals":{"sts:SourceIdentity":"ann"}}`, "sts:AssumeRole", "sts:SetSourceIdentity"), ""},
		{"another source identity", sourced, trust(aws(ann.ARN), "") + "," + trust(aws(ann.ARN), `{"StringEquals":{"sts:SourceIdentity":"bob"}}`, "sts:SetSourceIdentity"), not("sts:SetSourceIdentity")},
	} {
		f := newFixture(t)
		f.role(roleARN1, document(c.trust))
		code := "AccessDenied"
		if c.why == "" {
			code = ""
		}
		_, err := f.AssumeRole(f.as(ann), request(c.edit))
		wantError(t, c.name, err, code, c.why)
	}
}

// noPack is a text that packs badly.
func noPack(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_"[r.IntN(64)]
	}
	return string(b)
}

func TestAssumeRoleRefuses(t *testing.T) {
	long := document(`{"Sid":"` + strings.Repeat("a", 2048) + `","Effect":"Allow","Action":"*","Resource":"*"}`)
	duration := func(seconds int32) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.DurationSeconds = &seconds }
	}
	tags := func(transitive []string, keys ...string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) {
			in.TransitiveTagKeys = transitive
			for _, k := range keys {
				in.Tags = append(in.Tags, sts.Tag{Key: wire.Ptr(k), Value: wire.Ptr("v")})
			}
		}
	}
	const denied = " is not authorized to perform: sts:AssumeRole on resource: "
	for _, c := range []struct {
		name          string
		caller        auth.Caller
		edit          func(*sts.AssumeRoleInput)
		code, message string
	}{
		{"the account's root", root, func(*sts.AssumeRoleInput) {}, "AccessDenied", "Roles may not be assumed by root accounts."},
		{"no ARN of a role", ann, func(in *sts.AssumeRoleInput) { in.RoleArn = wire.Ptr("arn:aws:iam::111122223333:user/ann") }, "ValidationError", "Request ARN is invalid"},
		{"a role that does not exist", ann, func(in *sts.AssumeRoleInput) { in.RoleArn = wire.Ptr("arn:aws:iam::111122223333:role/x") }, "AccessDenied", "User: " + ann.ARN + denied + "arn:aws:iam::111122223333:role/x"},
		{"the role without its path", ann, func(in *sts.AssumeRoleInput) { in.RoleArn = wire.Ptr("arn:aws:iam::111122223333:role/app") }, "AccessDenied", "User: " + ann.ARN + denied + "arn:aws:iam::111122223333:role/app"},
		{"a federated user", auth.Caller{Account: account, ARN: "arn:aws:sts::111122223333:federated-user/f", Kind: auth.Federated, Identity: ann.ARN, Session: &auth.Session{}}, func(*sts.AssumeRoleInput) {}, "AccessDenied", "User: arn:aws:sts::111122223333:federated-user/f" + denied + roleARN1},
		{"longer than the role allows", ann, duration(7201), "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"as long as the role allows", ann, duration(7200), "", ""},
		{"chained, longer than an hour", worker(), duration(3601), "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"},
		{"chained, an hour", worker(), duration(3600), "", ""},
		{"a session policy that is none", ann, func(in *sts.AssumeRoleInput) { in.Policy = wire.Ptr("{") }, "MalformedPolicyDocument", "The policy is not in the valid JSON format."},
		{"a session policy that is too long", ann, func(in *sts.AssumeRoleInput) { in.Policy = &long }, "ValidationError", "1 validation error detected: Value '" + long + "' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"},
		{"too many policies", ann, func(in *sts.AssumeRoleInput) {
			in.PolicyArns = make([]sts.PolicyDescriptorType, 11)
		}, "ValidationError", "1 validation error detected: Value 'policyArns' at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10"},
		{"no ARN of a policy", ann, func(in *sts.AssumeRoleInput) {
			in.PolicyArns = []sts.PolicyDescriptorType{{Arn: wire.Ptr(roleARN1)}}
		}, "ValidationError", "ARN " + roleARN1 + " is not valid."},
		{"one tag twice", ann, tags(nil, "Team", "team"), "ValidationError", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"a tag of AWS", ann, tags(nil, "AWS:team"), "ValidationError", "Tag keys that begin with aws: are reserved for the use of AWS: AWS:team"},
		{"a transitive tag that is not given", ann, tags([]string{"cost"}, "team"), "ValidationError", "The specified transitive tag key must be included in the requested tags."},
		{"a source identity of AWS", ann, func(in *sts.AssumeRoleInput) { in.SourceIdentity = wire.Ptr("aws:ann") }, "ValidationError", "A source identity cannot begin with aws:"},
		{"an MFA code", ann, func(in *sts.AssumeRoleInput) {
			in.SerialNumber, in.TokenCode = wire.Ptr("arn:aws:iam::111122223333:mfa/ann"), wire.Ptr("123456")
		}, "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."},
		{"half of MFA", ann, func(in *sts.AssumeRoleInput) { in.TokenCode = wire.Ptr("123456") }, "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."},
		{"a context assertion", ann, func(in *sts.AssumeRoleInput) { in.ProvidedContexts = make([]sts.ProvidedContext, 1) }, "ValidationError", "The context assertion is not of a context provider that is known here."},
	} {
		f := newFixture(t)
		f.role(roleARN1, document(trust(`"*"`, "", "sts:*")), func(r *Role) { r.MaxSession = 2 * time.Hour })
		_, err := f.AssumeRole(f.as(c.caller), request(c.edit))
		wantError(t, c.name, err, c.code, c.message)
	}
}

func TestPackedPolicyTooLarge(t *testing.T) {
	f := newFixture(t)
	f.role(roleARN1, document(trust(`"*"`, "", "sts:*")))
	many := func(in *sts.AssumeRoleInput) {
		text := noPack(8000)
		for i := range 30 {
			in.Tags = append(in.Tags, sts.Tag{Key: wire.Ptr(text[i*256:][:128]), Value: wire.Ptr(text[i*256:][128:256])})
		}
	}
	_, err := f.AssumeRole(f.as(ann), request(many))
	if e, ok := err.(*wire.Error); !ok || e.Code != "PackedPolicyTooLarge" || !strings.HasPrefix(e.Message, "Packed size of session tags consumes 1") || !strings.HasSuffix(e.Message, "% of allotted space.") {
		t.Errorf("%v", err)
	}
	_, err = f.AssumeRole(f.as(ann), request(many, func(in *sts.AssumeRoleInput) { in.Policy = wire.Ptr(document(allow("*"))) }))
	if e, ok := err.(*wire.Error); !ok || e.Code != "PackedPolicyTooLarge" || !strings.HasPrefix(e.Message, "Packed policy consumes 1") {
		t.Errorf("%v", err)
	}
}

// TestRoleChaining: what is transitive and the source identity go with the
// sessions that a session begins, all else stays.
func TestRoleChaining(t *testing.T) {
	f := newFixture(t)
	f.role(roleARN1, document(trust(`"*"`, "", "sts:*")))
	first := worker(func(s *auth.Session) {
		s.Tags = []auth.Tag{{Key: "team", Value: "blue"}, {Key: "own", Value: "1"}}
		s.Transitive = []string{"Team"}
		s.SourceIdentity = "ann"
		s.Policy = document(allow("*"))
	})
	out, err := f.AssumeRole(f.as(first), request(func(in *sts.AssumeRoleInput) { in.Tags = []sts.Tag{{Key: wire.Ptr("own"), Value: wire.Ptr("2")}} }))
	if err != nil {
		t.Fatal(err)
	}
	got := f.opened(out.Credentials).Session
	want := &auth.Session{Name: "s1", Issued: now, Expires: now.Add(time.Hour), SourceIdentity: "ann", Chained: true,
		Tags: []auth.Tag{{Key: "own", Value: "2"}, {Key: "team", Value: "blue"}}, Transitive: []string{"team"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	_, err = f.AssumeRole(f.as(first), request(func(in *sts.AssumeRoleInput) { in.SourceIdentity = wire.Ptr("bob") }))
	wantError(t, "another source identity", err, "AccessDenied", "The source identity of the calling session cannot be changed.")
	_, err = f.AssumeRole(f.as(first), request(func(in *sts.AssumeRoleInput) { in.Tags = []sts.Tag{{Key: wire.Ptr("TEAM"), Value: wire.Ptr("red")}} }))
	wantError(t, "another value of a transitive tag", err, "ValidationError", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	// What is taken over needs its permission again.
	f.role(roleARN1, document(trust(`"*"`, "")))
	_, err = f.AssumeRole(f.as(first), request())
	wantError(t, "a role that does not let tags in", err, "AccessDenied",
		"User: "+first.ARN+" is not authorized to perform: sts:TagSession on resource: "+roleARN1+" because no role trust policy allows the sts:TagSession action")
}

// A resource control policy of the role's account holds, whatever the trust.
func TestAssumeRoleRCP(t *testing.T) {
	f := newFixture(t)
	f.role(roleARN1, document(trust(aws(guest.ARN), "")))
	full := `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	f.rcps[account] = [][]policy.Named{named(full, `{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}`)}
	_, err := f.AssumeRole(f.as(guest, allow("*")), request())
	wantError(t, "a stranger", err, "AccessDenied", "User: "+guest.ARN+" is not authorized to perform: sts:AssumeRole on resource: "+roleARN1)
	ctx := f.as(guest, allow("*"))
	a := auth.AuthorityFrom(ctx)
	a.Keys = policy.Keys{"aws:principalorgid": {"o-1"}}
	if _, err := f.AssumeRole(auth.WithAuthority(ctx, a), request()); err != nil {
		t.Errorf("one of the organization: %v", err)
	}
}

func TestResources(t *testing.T) {
	f := newFixture(t)
	got := map[string][]string{}
	inputs := map[string]any{
		"AssumeRole":                request(),
		"AssumeRoleWithWebIdentity": &sts.AssumeRoleWithWebIdentityInput{RoleArn: wire.Ptr(roleARN1)},
		"AssumeRoleWithSAML":        &sts.AssumeRoleWithSAMLInput{RoleArn: wire.Ptr(roleARN1)},
		"AssumeRoot":                &sts.AssumeRootInput{TargetPrincipal: wire.Ptr(other)},
		"GetFederationToken":        &sts.GetFederationTokenInput{Name: wire.Ptr("f")},
		"GetWebIdentityToken":       &sts.GetWebIdentityTokenInput{},
	}
	for _, m := range f.Methods() {
		if m.Resources != nil {
			got[m.Operation.Name] = m.Resources(auth.WithCaller(context.Background(), ann), inputs[m.Operation.Name])
		}
	}
	want := map[string][]string{
		"AssumeRole": {roleARN1}, "AssumeRoleWithWebIdentity": {roleARN1}, "AssumeRoleWithSAML": {roleARN1},
		"AssumeRoot":          {"arn:aws:iam::444455556666:root"},
		"GetFederationToken":  {"arn:aws:sts::111122223333:federated-user/f"},
		"GetWebIdentityToken": {"arn:aws:sts::111122223333:self"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if len(f.Methods()) != len(sts.Model.Operations) {
		t.Errorf("%d of %d operations are bound", len(f.Methods()), len(sts.Model.Operations))
	}
}
