package main

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/service/sts"
)

// issuerServer is an issuer on 127.0.0.1.
type issuerServer struct {
	*httptest.Server
	calls int // of the key set
	pages map[string]string
}

func newIssuerServer(t *testing.T) *issuerServer {
	s := &issuerServer{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			s.calls++
		}
		page, ok := s.pages[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case page == "elsewhere":
			http.Redirect(w, r, "/keys", http.StatusFound)
		default:
			fmt.Fprint(w, page)
		}
	}))
	t.Cleanup(s.Close)
	s.pages = map[string]string{
		"/.well-known/openid-configuration": fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+"/keys"),
		"/keys":                             `{"keys":[]}`,
	}
	return s
}

func (s *issuerServer) provider() sts.Provider {
	return sts.Provider{URL: strings.TrimPrefix(s.URL, "https://")}
}

func (s *issuerServer) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// newIssuers trusts what is in roots at a time that the test sets.
func newIssuers(roots *x509.CertPool, now *time.Time) *issuers {
	return &issuers{
		own: func(url string) ([]byte, bool) {
			return []byte("own"), url == "https://oidc.eks.us-east-1.amazonaws.com/id/A"
		},
		roots: roots,
		now:   func() time.Time { return *now },
	}
}

func TestIssuers(t *testing.T) {
	s := newIssuerServer(t)
	now := time.Now()
	i := newIssuers(s.roots(), &now)
	for _, c := range []struct {
		name  string
		after time.Duration
		fresh bool
		calls int
	}{
		{"at first", 0, false, 1},
		{"kept", time.Minute, false, 1},
		{"fresh", 0, true, 2},
		{"fresh again, too soon", 29 * time.Second, true, 2},
		{"fresh again", time.Second, true, 3},
		{"kept for an hour", 59 * time.Minute, false, 3},
		{"and no longer", 2 * time.Minute, false, 4},
	} {
		now = now.Add(c.after)
		keys, err := i.Keys(t.Context(), s.provider(), c.fresh)
		if err != nil || string(keys) != `{"keys":[]}` || s.calls != c.calls {
			t.Errorf("%s: %s %v, %d calls, want %d", c.name, keys, err, s.calls, c.calls)
		}
	}
	keys, err := i.Keys(t.Context(), sts.Provider{URL: "oidc.eks.us-east-1.amazonaws.com/id/A"}, true)
	if err != nil || string(keys) != "own" {
		t.Errorf("our own: %s %v", keys, err)
	}
}

func TestIssuersRefuse(t *testing.T) {
	const configuration = "/.well-known/openid-configuration"
	for name, c := range map[string]struct {
		page func(s *issuerServer) (path, text string)
		want string
	}{
		"no document": {func(s *issuerServer) (string, string) { return configuration, "<html>" }, "decode what"},
		"another issuer": {func(s *issuerServer) (string, string) {
			return configuration, `{"issuer":"https://x","jwks_uri":"https://x"}`
		}, `says that it is "https://x"`},
		"keys without TLS": {func(s *issuerServer) (string, string) {
			return configuration, fmt.Sprintf(`{"issuer":%q,"jwks_uri":"http://x"}`, s.URL)
		}, `with keys at "http://x"`},
		"leads elsewhere":  {func(s *issuerServer) (string, string) { return configuration, "elsewhere" }, "the issuer leads elsewhere"},
		"a large document": {func(s *issuerServer) (string, string) { return "/keys", strings.Repeat(" ", issuerBytes+1) }, "longer than 65536 bytes"},
		"keys are not there": {func(s *issuerServer) (string, string) {
			return configuration, fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+"/none")
		}, "404"},
	} {
		s := newIssuerServer(t)
		path, text := c.page(s)
		s.pages[path] = text
		now := time.Now()
		i := newIssuers(s.roots(), &now)
		for range 2 { // the second time it is not asked again
			if _, err := i.Keys(t.Context(), s.provider(), true); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			s.pages = nil
		}
	}
}

// A certificate is trusted by the roots or by a thumbprint, and for its name.
func TestIssuerThumbprints(t *testing.T) {
	s := newIssuerServer(t)
	sum := sha1.Sum(s.Certificate().Raw)
	now := time.Now()
	for _, c := range []struct {
		name, thumbprint string
		trusted          bool
	}{
		{"nothing", "", false},
		{"its thumbprint", strings.ToUpper(hex.EncodeToString(sum[:])), true},
		{"another thumbprint", strings.Repeat("0", 40), false},
	} {
		p := s.provider()
		p.Thumbprints = []string{c.thumbprint}
		if _, err := newIssuers(x509.NewCertPool(), &now).Keys(t.Context(), p, false); (err == nil) != c.trusted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p := sts.Provider{URL: strings.Replace(s.provider().URL, "127.0.0.1", "localhost", 1)}
	if _, err := newIssuers(s.roots(), &now).Keys(t.Context(), p, false); err == nil || !strings.Contains(err.Error(), "not localhost") {
		t.Errorf("another name: %v", err)
	}
}
