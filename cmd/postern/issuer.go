package main

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postern/postern/service/sts"
)

// Bounds of what the world outside may do to us when it is asked for keys.
const (
	issuerTimeout = 5 * time.Second
	issuerBytes   = 64 << 10         // of one document
	issuerAge     = time.Hour        // of kept keys
	issuerPause   = 30 * time.Second // between two questions to one issuer, whatever tokens come
	maxIssuers    = 1000
)

// issuers finds the keys that OpenID Connect issuers sign with: those of the
// installation's own clusters, others by HTTPS. What was found is kept.
type issuers struct {
	own   func(url string) (keys []byte, ok bool)
	roots *x509.CertPool // nil: the system's
	now   func() time.Time

	mu   sync.Mutex
	kept map[string]keptKeys // by URL
}

// keptKeys is what an issuer has answered.
type keptKeys struct {
	keys []byte
	err  error
	at   time.Time
}

// Keys implements sts.Issuers.
func (i *issuers) Keys(ctx context.Context, p sts.Provider, fresh bool) ([]byte, error) {
	url := "https://" + p.URL
	if keys, ok := i.own(url); ok {
		return keys, nil
	}
	i.mu.Lock()
	k, ok := i.kept[url]
	i.mu.Unlock()
	age := i.now().Sub(k.at)
	if ok && (age < issuerPause || k.err == nil && !fresh && age < issuerAge) {
		return k.keys, k.err
	}
	keys, err := i.fetch(ctx, url, p.Thumbprints)
	if ctx.Err() == nil { // otherwise it is the caller that has gone
		i.keep(url, keptKeys{keys, err, i.now()})
	}
	return keys, err
}

func (i *issuers) keep(url string, k keptKeys) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.kept == nil || len(i.kept) >= maxIssuers {
		i.kept = map[string]keptKeys{}
	}
	i.kept[url] = k
}

// fetch asks an issuer where its keys are, and for them.
func (i *issuers) fetch(ctx context.Context, url string, thumbprints []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, issuerTimeout)
	defer cancel()
	transport := &http.Transport{TLSClientConfig: i.tlsConfig(thumbprints), DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the issuer leads elsewhere")
	}}
	text, err := get(ctx, client, strings.TrimSuffix(url, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	var discovered struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &discovered); err != nil {
		return nil, fmt.Errorf("decode what %s says of itself: %w", url, err)
	}
	if discovered.Issuer != url || !strings.HasPrefix(discovered.Keys, "https://") {
		return nil, fmt.Errorf("%s says that it is %q, with keys at %q", url, discovered.Issuer, discovered.Keys)
	}
	return get(ctx, client, discovered.Keys)
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the issuer: %w", err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the issuer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the issuer for %s: %s", url, answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, issuerBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", url, err)
	case len(text) > issuerBytes:
		return nil, fmt.Errorf("read %s: it is longer than %d bytes", url, issuerBytes)
	}
	return text, nil
}

// tlsConfig trusts the roots, and what the provider's thumbprints name: as in
// IAM, that is the way to an issuer whose certificate nobody else knows.
func (i *issuers) tlsConfig(thumbprints []string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(c tls.ConnectionState) error {
			options := x509.VerifyOptions{Roots: i.roots, Intermediates: x509.NewCertPool(), DNSName: c.ServerName, CurrentTime: i.now()}
			for _, certificate := range c.PeerCertificates[1:] {
				options.Intermediates.AddCert(certificate)
			}
			leaf := c.PeerCertificates[0]
			_, err := leaf.Verify(options)
			if err == nil {
				return nil
			}
			options.Roots = named(c.PeerCertificates, thumbprints)
			if _, again := leaf.Verify(options); again != nil {
				return err
			}
			return nil
		},
	}
}

// named are the certificates that a thumbprint names.
func named(certificates []*x509.Certificate, thumbprints []string) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		sum := sha1.Sum(certificate.Raw) // as IAM defines a thumbprint
		for _, t := range thumbprints {
			if strings.EqualFold(t, hex.EncodeToString(sum[:])) {
				pool.AddCert(certificate)
			}
		}
	}
	return pool
}
