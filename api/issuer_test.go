package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Who verifies a token fetches an issuer's two documents without a signature.
// Nothing else is behind that endpoint.
func TestIssuer(t *testing.T) {
	f := newFixture(t)
	f.server.config.IssuerKeys = func(region, id string) ([]byte, bool) {
		return []byte(`{"keys":[]}`), region == "us-east-1" && id == "0123456789ABCDEF"
	}
	client := f.client(f.listen(arrivalOn("oidc-eks")))
	const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF"
	for _, row := range []struct {
		method, url string
		status      int
		body        string // part of it
	}{
		{"GET", issuer + "/keys", 200, `{"keys":[]}`},
		{"GET", issuer + "/.well-known/openid-configuration", 200, `"jwks_uri":"` + issuer + `/keys"`},
		{"HEAD", issuer + "/keys", 200, ""},
		{"GET", strings.Replace(issuer, "oidc.eks.us-east-1.amazonaws.com", "oidc-eks.us-east-1.api.aws", 1) + "/.well-known/openid-configuration", 200,
			`"issuer":"` + issuer + `"`},
		{"POST", issuer + "/keys", 405, ""},
		{"GET", issuer, 404, ""},
		{"GET", issuer + "/other", 404, ""},
		{"GET", strings.Replace(issuer, "0123", "ffff", 1) + "/keys", 404, ""},
		{"GET", "https://oidc.eks.us-east-1.amazonaws.com/clusters", 404, ""},
		{"GET", "https://eks.us-east-1.amazonaws.com/id/0123456789ABCDEF/keys", 0, ""}, // not in the certificate
	} {
		r, err := http.NewRequestWithContext(t.Context(), row.method, row.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if row.status == 0 {
			if err == nil {
				t.Errorf("%s %s is trusted", row.method, row.url)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", row.method, row.url, err)
			continue
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != row.status || !strings.Contains(string(body), row.body) {
			t.Errorf("%s %s: %d, %s, %v", row.method, row.url, answer.StatusCode, body, err)
		}
		if row.status == 200 && row.method == "GET" && !json.Valid(body) {
			t.Errorf("%s %s: %s is not JSON", row.method, row.url, body)
		}
	}
}

// Without clusters that have an issuer there is nothing to find.
func TestNoIssuer(t *testing.T) {
	f := newFixture(t)
	answer, err := f.client(f.listen(arrivalOn("oidc-eks"))).Get("https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF/keys")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 404 {
		t.Errorf("status %d", answer.StatusCode)
	}
}
