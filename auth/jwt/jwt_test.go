package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

var encoding = base64.RawURLEncoding

// issuer is the other side: it signs with a library.
type issuer struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

func newIssuer(t testing.TB) issuer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{r, e}
}

func (i issuer) jwk(kid string) []map[string]string {
	point, err := i.ec.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return []map[string]string{
		{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": encoding.EncodeToString(i.rsa.N.Bytes()), "e": encoding.EncodeToString(big.NewInt(int64(i.rsa.E)).Bytes())},
		{"kty": "EC", "kid": kid, "use": "sig", "crv": "P-256", "x": encoding.EncodeToString(point[1:33]), "y": encoding.EncodeToString(point[33:])},
	}
}

func (i issuer) keys(t testing.TB, kid string) Keys {
	set, err := json.Marshal(map[string]any{"keys": i.jwk(kid)})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(set)
	if err != nil || len(keys.keys) != 2 {
		t.Fatalf("%d keys %v", len(keys.keys), err)
	}
	return keys
}

func (i issuer) sign(t testing.TB, method jwt.SigningMethod, kid string, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	var key any = i.rsa
	if method == jwt.SigningMethodES256 {
		key = i.ec
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	us, others := newIssuer(t), newIssuer(t)
	at := time.Unix(1767323045, 0).UTC()
	claims := jwt.MapClaims{"iss": "https://oidc.example.org/a", "sub": "system:serviceaccount:default:app", "aud": []string{"sts.amazonaws.com", "other"},
		"azp": "app", "exp": at.Unix(), "nbf": float64(at.Unix()) + 0.5, "iat": at.Unix(), "amr": "mfa", "n": map[string]any{"x": 1}}
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodRS256, jwt.SigningMethodES256} {
		token, err := Parse(us.sign(t, method, "k1", claims))
		if err != nil {
			t.Fatal(err)
		}
		want := Claims{Issuer: "https://oidc.example.org/a", Subject: "system:serviceaccount:default:app", Audience: []string{"sts.amazonaws.com", "other"},
			AuthorizedParty: "app", Expires: at, NotBefore: at.Add(500 * time.Millisecond), Issued: at, Methods: []string{"mfa"}}
		if d := cmp.Diff(want, token.Claims, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".others" }, cmp.Ignore())); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		var n struct{ X int }
		if !token.Claims.Decode("n", &n) || n.X != 1 || token.Claims.Decode("m", &n) || !token.Claims.Has("n") || token.Claims.Has("m") {
			t.Errorf("another claim: %+v", n)
		}
		for _, c := range []struct {
			name string
			keys Keys
			want error
		}{
			{"the key", us.keys(t, "k1"), nil},
			{"others' key of that id", others.keys(t, "k1"), ErrSignature},
			{"another id", us.keys(t, "k2"), ErrNoKey},
			{"no keys", Keys{}, ErrNoKey},
		} {
			if err := token.Verify(c.keys); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v", method.Alg(), c.name, err)
			}
		}
		anonymous, err := Parse(us.sign(t, method, "", claims))
		if err != nil || anonymous.Verify(us.keys(t, "k1")) != nil || anonymous.Verify(others.keys(t, "k1")) == nil {
			t.Errorf("%s without a key id: %v", method.Alg(), err)
		}
	}
}

// Whoever changes one character of a token has none that verifies.
func TestTamperedTokenIsRefused(t *testing.T) {
	us := newIssuer(t)
	keys := us.keys(t, "k1")
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodRS256, jwt.SigningMethodES256} {
		good := us.sign(t, method, "k1", jwt.MapClaims{"iss": "i", "sub": "s"})
		for i := range good {
			changed := []byte(good)
			changed[i] = 'A'
			if good[i] == 'A' {
				changed[i] = 'B'
			}
			if token, err := Parse(string(changed)); err == nil && token.Verify(keys) == nil {
				t.Errorf("%s: character %d may be another", method.Alg(), i)
			}
		}
	}
}

// The algorithm is not the token's to choose: an HMAC under the public key, or
// no signature, proves nothing.
func TestAlgorithms(t *testing.T) {
	us := newIssuer(t)
	part := func(s string) string { return encoding.EncodeToString([]byte(s)) }
	for _, header := range []string{
		`{"alg":"none","kid":"k1"}`, `{"alg":"HS256","kid":"k1"}`, `{"alg":"RS512","kid":"k1"}`, `{"kid":"k1"}`, `{"alg":"rs256"}`,
		`{"alg":"RS256","crit":["exp"]}`, `{"alg":5}`, `[]`, `null`, ``,
	} {
		if _, err := Parse(part(header) + "." + part(`{"iss":"i"}`) + "."); err == nil {
			t.Errorf("%s is accepted", header)
		}
	}
	// Signed with the EC key, said to be of the RSA key.
	signed := part(`{"alg":"RS256","kid":"k1"}`) + "." + part(`{}`)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, us.ec, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	token, err := Parse(signed + "." + encoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)))
	if err != nil || !errors.Is(token.Verify(us.keys(t, "k1")), ErrSignature) {
		t.Errorf("another algorithm than the key's: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	part := func(s string) string { return encoding.EncodeToString([]byte(s)) }
	head := part(`{"alg":"RS256"}`)
	for _, token := range []string{
		"", "a.b", "a.b.c.d", head + ".!.", head + "." + part("x") + ".", head + "." + part(`{"exp":"soon"}`) + ".",
		head + "." + part(`{"exp":-1}`) + ".", head + "." + part(`{"exp":1e300}`) + ".", head + "." + part(`{"aud":5}`) + ".",
		head + "." + part(`{"iss":["a"]}`) + ".", head + "." + part(`{}`) + ".\n", head + "=." + part(`{}`) + ".",
		head + "." + strings.Repeat("A", MaxToken) + ".",
	} {
		if _, err := Parse(token); err == nil {
			t.Errorf("%.60q is accepted", token)
		}
	}
	if _, err := Parse(head + "." + part(`{"aud":"a"}`) + "."); err != nil {
		t.Error(err)
	}
}

func TestParseKeys(t *testing.T) {
	us := newIssuer(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	with := func(i int, name, value string) map[string]string {
		k := us.jwk("k")[i]
		k[name] = value
		return k
	}
	for name, c := range map[string]struct {
		key  map[string]string
		want int
	}{
		"RSA":             {with(0, "kid", "a"), 1},
		"EC":              {with(1, "kid", "a"), 1},
		"for encryption":  {with(0, "use", "enc"), 0},
		"another kind":    {with(0, "kty", "oct"), 0},
		"RS512":           {with(0, "alg", "RS512"), 0},
		"small RSA":       {with(0, "n", encoding.EncodeToString(small.N.Bytes())), 0},
		"even exponent":   {with(0, "e", "Ag"), 0},
		"no exponent":     {with(0, "e", ""), 0},
		"large exponent":  {with(0, "e", "AQABAAAB"), 0},
		"another curve":   {with(1, "crv", "P-384"), 0},
		"off the curve":   {with(1, "x", encoding.EncodeToString(make([]byte, 32))), 0},
		"short ordinate":  {with(1, "y", "AQ"), 0},
		"no base64":       {with(1, "y", "!"), 0},
		"huge RSA":        {with(0, "n", strings.Repeat("_", 2000)), 0},
		"without any use": {with(0, "use", ""), 1},
	} {
		set, _ := json.Marshal(map[string]any{"keys": []any{c.key}})
		keys, err := ParseKeys(set)
		if err != nil || len(keys.keys) != c.want {
			t.Errorf("%s: %d keys, want %d, %v", name, len(keys.keys), c.want, err)
		}
	}
	for _, set := range []string{"", "[]", `{"keys":{}}`, `{"keys":[` + strings.Repeat("{},", maxKeys) + `{}]}`} {
		if _, err := ParseKeys([]byte(set)); err == nil {
			t.Errorf("%.40s is accepted", set)
		}
	}
}

func FuzzParse(f *testing.F) {
	us := newIssuer(f)
	keys := us.keys(f, "k1")
	f.Add(newIssuer(f).sign(f, jwt.SigningMethodES256, "k1", jwt.MapClaims{"iss": "i", "aud": "a", "exp": 1}))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		parsed, err := Parse(token)
		if err == nil && parsed.Verify(keys) == nil {
			t.Errorf("forged: %s", token)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	set, _ := json.Marshal(map[string]any{"keys": newIssuer(f).jwk("k1")})
	f.Add(set)
	token, err := Parse(newIssuer(f).sign(f, jwt.SigningMethodRS256, "", jwt.MapClaims{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		keys, err := ParseKeys(set)
		if err != nil {
			return
		}
		token.Verify(keys) // nothing that is accepted panics
		for _, k := range keys.keys {
			if _, ok := k.public.(crypto.PublicKey); !ok || fmt.Sprint(k.public) == "<nil>" {
				t.Error("a key without a public key")
			}
		}
	})
}
