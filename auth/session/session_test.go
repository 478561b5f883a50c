package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func caller(edit ...func(*auth.Session)) auth.Caller {
	c := auth.Caller{
		Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/app/i-1", UserID: "AROAEXAMPLEEXAMPLE123:i-1",
		Kind: auth.Role, Identity: "arn:aws:iam::111122223333:role/path/app",
		Session: &auth.Session{Name: "i-1", Issued: now, Expires: now.Add(time.Hour)},
	}
	for _, e := range edit {
		e(c.Session)
	}
	return c
}

func issue(t interface {
	Helper()
	Fatal(...any)
}, ring *seal.Ring, c auth.Caller) Credentials {
	t.Helper()
	credentials, err := Issue(ring, c)
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

func genCaller() *rapid.Generator[auth.Caller] {
	text := rapid.StringOfN(rapid.Rune(), 0, 60, -1)
	return rapid.Custom(func(t *rapid.T) auth.Caller {
		var tags []auth.Tag
		for i := range rapid.IntRange(0, 5).Draw(t, "tags") {
			tags = append(tags, auth.Tag{Key: fmt.Sprint(i, text.Draw(t, "key")), Value: text.Draw(t, "value")})
		}
		return auth.Caller{
			Account: fmt.Sprintf("%012d", rapid.Uint64Range(0, 999_999_999_999).Draw(t, "account")),
			ARN:     text.Draw(t, "ARN"), UserID: text.Draw(t, "user id"), Identity: text.Draw(t, "identity"),
			Kind: rapid.SampledFrom([]auth.Kind{auth.Root, auth.User, auth.Role, auth.Federated}).Draw(t, "kind"),
			Session: &auth.Session{
				Name: text.Draw(t, "name"), Issued: now, Expires: now.Add(time.Duration(rapid.IntRange(1, 129600).Draw(t, "seconds")) * time.Second),
				Policy: text.Draw(t, "policy"), PolicyARNs: rapid.SliceOfN(text, 1, 10).Draw(t, "ARNs"), Tags: tags,
				Transitive: rapid.SliceOfN(text, 1, 3).Draw(t, "transitive"), SourceIdentity: text.Draw(t, "source"),
				Provider: text.Draw(t, "provider"), Subject: text.Draw(t, "sub"), Audience: text.Draw(t, "aud"), Chained: rapid.Bool().Draw(t, "chained"),
			},
		}
	})
}

func TestWhatIsIssuedOpens(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	opener := NewOpener(ring)
	form := regexp.MustCompile(`^ASIA[A-Z2-7]{16} [A-Za-z0-9+/]{40}$`)
	rapid.Check(t, func(t *rapid.T) {
		want := genCaller().Draw(t, "caller")
		got := issue(t, ring, want)
		if s := got.AccessKeyID + " " + got.SecretAccessKey; !form.MatchString(s) {
			t.Fatalf("credentials %s", s)
		}
		if account, ok := auth.AccessKeyAccount(got.AccessKeyID); !ok || account != want.Account {
			t.Fatalf("%s tells account %s", got.AccessKeyID, account)
		}
		want.AccessKey = got.AccessKeyID
		for range 2 { // from the token, then from the cache
			secret, c, err := opener.Open(got.AccessKeyID, got.SessionToken, now)
			if err != nil || secret != got.SecretAccessKey {
				t.Fatalf("secret %q, want %q, %v", secret, got.SecretAccessKey, err)
			}
			if d := cmp.Diff(want, c); d != "" {
				t.Fatalf("-want +got:\n%s", d)
			}
		}
	})
}

func TestNoTwoCredentialsAreAlike(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	a, b := issue(t, ring, caller()), issue(t, ring, caller())
	if a.AccessKeyID == b.AccessKeyID || a.SecretAccessKey == b.SecretAccessKey || a.SessionToken == b.SessionToken {
		t.Errorf("%+v and %+v", a, b)
	}
}

// A token of which one bit is other than it was, is no token.
func TestTamperedTokenIsRefused(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	opener := NewOpener(ring)
	c := issue(t, ring, caller())
	sealed, _ := base64.StdEncoding.DecodeString(c.SessionToken)
	for i := range sealed {
		changed := append([]byte(nil), sealed...)
		changed[i] ^= 1 << rand.IntN(8)
		if _, _, err := opener.Open(c.AccessKeyID, base64.StdEncoding.EncodeToString(changed), now); !errors.Is(err, ErrInvalid) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	for i := range c.SessionToken {
		changed := []byte(c.SessionToken)
		changed[i] = "AB"[b2i(changed[i] == 'A')]
		if _, _, err := opener.Open(c.AccessKeyID, string(changed), now); !errors.Is(err, ErrInvalid) {
			t.Errorf("character %d: %v", i, err)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestOpenRefuses(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	opener := NewOpener(ring)
	c := issue(t, ring, caller())
	other := issue(t, ring, caller())
	foreign := issue(t, seal.NewRing(seal.NewKey()), caller())
	message := base64.StdEncoding.EncodeToString(ring.Seal(seal.Message, seal.NewNonce(), []byte("{}")))
	noSession := base64.StdEncoding.EncodeToString(ring.Seal(seal.Session, seal.NewNonce(), mustPack(t, auth.Caller{Account: "111122223333"})))
	unknown := base64.StdEncoding.EncodeToString(ring.Seal(seal.Session, seal.NewNonce(), mustPack(t, map[string]any{"Account": "111122223333", "Session": map[string]any{"OnlyOnSundays": true}})))
	for _, row := range []struct {
		name, key, token string
		at               time.Time
		want             error
	}{
		{"as issued", c.AccessKeyID, c.SessionToken, now, nil},
		{"until the last moment", c.AccessKeyID, c.SessionToken, now.Add(time.Hour - 1), nil},
		{"then no more", c.AccessKeyID, c.SessionToken, now.Add(time.Hour), ErrExpired},
		{"another's key", other.AccessKeyID, c.SessionToken, now, ErrInvalid},
		{"no key", "", c.SessionToken, now, ErrInvalid},
		{"no token", c.AccessKeyID, "", now, ErrInvalid},
		{"no base64", c.AccessKeyID, "token!", now, ErrInvalid},
		{"with a line's end", c.AccessKeyID, c.SessionToken + "\n", now, ErrInvalid},
		{"of another installation", foreign.AccessKeyID, foreign.SessionToken, now, ErrInvalid},
		{"sealed for another purpose", c.AccessKeyID, message, now, ErrInvalid},
		{"without a session", c.AccessKeyID, noSession, now, ErrInvalid},
		{"of a newer version", c.AccessKeyID, unknown, now, ErrInvalid},
		{"too long", c.AccessKeyID, strings.Repeat("A", maxToken+4), now, ErrInvalid},
	} {
		secret, caller, err := opener.Open(row.key, row.token, row.at)
		if !errors.Is(err, row.want) || (err != nil) != (secret == "") || (err != nil) != (caller.ARN == "") {
			t.Errorf("%s: %q %v, want %v", row.name, secret, err, row.want)
		}
	}
}

func mustPack(t *testing.T, v any) []byte {
	b, err := pack(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// randomText does not pack.
func randomText(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('!' + r.IntN(90))
	}
	return string(b)
}

func TestPack(t *testing.T) {
	for _, row := range []struct {
		name     string
		session  auth.Session
		min, max int
	}{
		{"nothing", auth.Session{Name: "i-1", SourceIdentity: "ann"}, 0, 0},
		{"a small policy", auth.Session{Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:ListClusters","Resource":"*"}]}`}, 1, 3},
		{"one tag", auth.Session{Tags: []auth.Tag{{Key: "team", Value: "blue"}}}, 1, 2},
		{"ten ARNs", auth.Session{PolicyARNs: strings.Split(strings.Repeat("arn:aws:iam::aws:policy/ReadOnlyAccess ", 10), " ")}, 1, 5},
		{"the longest policy", auth.Session{Policy: randomText(MaxPolicy)}, 30, 70},
		{"large tags", auth.Session{Tags: []auth.Tag{{Key: "a", Value: randomText(5000)}}}, 101, 150},
		{"large tags that are all alike", auth.Session{Tags: slicesOf(MaxTags, auth.Tag{Key: strings.Repeat("k", MaxTagKey), Value: strings.Repeat("\U0001F600", MaxTagValue)})}, 1, 20},
	} {
		got, err := Pack(&row.session)
		if err != nil || got < row.min || got > row.max {
			t.Errorf("%s: %d %%, want %d to %d, %v", row.name, got, row.min, row.max, err)
		}
	}
}

func slicesOf[T any](n int, v T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// A token fits into a request's headers, whatever STS lets into a session.
func TestTokensAreShort(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	if n := len(issue(t, ring, caller()).SessionToken); n > 400 {
		t.Errorf("the smallest token has %d characters", n)
	}
	full := caller(func(s *auth.Session) {
		s.Tags = slicesOf(MaxTags, auth.Tag{Key: strings.Repeat("k", MaxTagKey), Value: strings.Repeat("\U0001F600", MaxTagValue)})
		s.Policy = randomText(MaxPolicy)
		s.PolicyARNs = slicesOf(MaxPolicyARNs, "arn:aws:iam::111122223333:policy/"+randomText(100))
	})
	if percent, err := Pack(full.Session); err != nil || percent > 100 {
		t.Fatalf("%d %% %v", percent, err)
	}
	c := issue(t, ring, full)
	if _, _, err := NewOpener(ring).Open(c.AccessKeyID, c.SessionToken, now); err != nil {
		t.Error(err)
	}
	if n := len(c.SessionToken); n > maxToken/2 {
		t.Errorf("a token has %d characters", n)
	}
	for _, size := range []int{maxToken, maxText} {
		tooLarge := caller(func(s *auth.Session) { s.Policy = randomText(size) })
		if _, err := Issue(ring, tooLarge); err == nil {
			t.Errorf("a session of %d bytes has credentials", size)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	if _, err := Issue(ring, auth.Caller{Account: "111122223333"}); err == nil {
		t.Error("a caller without a session has temporary credentials")
	}
	c := caller()
	c.Account = "x"
	if _, err := Issue(ring, c); err == nil {
		t.Error("a caller of no account has temporary credentials")
	}
}

func TestCacheIsBounded(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	o := NewOpener(ring)
	hot := issue(t, ring, caller())
	for i := range 5 * maxCached {
		o.keep(digest{byte(i), byte(i >> 8), byte(i >> 16)}, &opened{})
		if i%1000 == 0 { // one in use stays
			if _, _, err := o.Open(hot.AccessKeyID, hot.SessionToken, now); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(o.recent) + len(o.older); n > 2*maxCached {
			t.Fatalf("%d tokens are kept", n)
		}
	}
	if _, ok := o.find(digest([]byte("01234567890123456789012345678901"))); ok {
		t.Error("found what was never kept")
	}
	if _, _, err := o.Open(hot.AccessKeyID, hot.SessionToken, now.Add(2*time.Hour)); !errors.Is(err, ErrExpired) {
		t.Errorf("a kept token does not expire: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	ring := seal.NewRing(seal.NewKey())
	c := issue(f, seal.NewRing(seal.NewKey()), caller())
	f.Add(c.AccessKeyID, c.SessionToken)
	f.Add("", "")
	f.Fuzz(func(t *testing.T, key, token string) {
		if _, caller, err := NewOpener(ring).Open(key, token, now); err == nil {
			t.Errorf("forged: %+v", caller)
		}
	})
}

// FuzzDecode wants that what is sealed decodes or is refused, whoever made it.
func FuzzDecode(f *testing.F) {
	b, err := encode(caller())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, packed []byte) {
		if c, err := decode(packed); err == nil && c.Session == nil {
			t.Error("a caller without a session")
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	ring := seal.NewRing(seal.NewKey())
	c := issue(b, ring, caller())
	b.Run("kept", func(b *testing.B) {
		o := NewOpener(ring)
		for b.Loop() {
			o.Open(c.AccessKeyID, c.SessionToken, now)
		}
	})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			NewOpener(ring).Open(c.AccessKeyID, c.SessionToken, now)
		}
	})
}
