package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern/postern/vpc"
)

// issuerAPI is the service whose endpoints answer for the OpenID Connect issuers
// of clusters. It has no operations: who verifies a token fetches two documents,
// anonymously.
const issuerAPI = "oidc-eks"

// discovery is an issuer's openid-configuration (OpenID Connect Discovery 1.0)
// with the members that EKS has.
type discovery struct {
	Issuer        string   `json:"issuer"`
	Keys          string   `json:"jwks_uri"`
	Authorization string   `json:"authorization_endpoint"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Claims        []string `json:"claims_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// serveIssuer answers a request that came through an endpoint of issuerAPI.
func (c *call) serveIssuer(w http.ResponseWriter, behind vpc.EndpointService) error {
	host := hostname(c.request.Host)
	if !servesHost(behind, c.arrival.Endpoint, host) {
		return &plainError{http.StatusNotFound, "The host '" + host + "' is not a name of " + behind.Name + " through " + c.arrival.Endpoint + "."}
	}
	if c.request.Method != http.MethodGet && c.request.Method != http.MethodHead {
		return &plainError{http.StatusMethodNotAllowed, "Only GET and HEAD are allowed."}
	}
	path, ok := strings.CutPrefix(c.request.URL.Path, "/id/")
	id, document, _ := strings.Cut(path, "/")
	var keys []byte
	if ok && c.config.IssuerKeys != nil {
		keys, ok = c.config.IssuerKeys(behind.Region, id)
	}
	issuer := "https://" + behind.PrivateNames[0] + "/id/" + id
	switch {
	case !ok || keys == nil:
		return &plainError{http.StatusNotFound, "Not Found"}
	case document == "keys":
		return writeDocument(w, keys)
	case document == ".well-known/openid-configuration":
		text, err := json.Marshal(discovery{
			Issuer:        issuer,
			Keys:          issuer + "/keys",
			Authorization: "urn:kubernetes:programmatic_authorization",
			ResponseTypes: []string{"id_token"},
			SubjectTypes:  []string{"public"},
			Claims:        []string{"sub", "iss"},
			Algorithms:    []string{"RS256"},
		})
		if err != nil {
			return err
		}
		return writeDocument(w, text)
	}
	return &plainError{http.StatusNotFound, "Not Found"}
}

func writeDocument(w http.ResponseWriter, text []byte) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(text)
	return err
}
