package api

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
)

// A FIPS endpoint agrees on approved versions, suites and curves only; the plain
// endpoint of the same service on more.
func TestFIPSEndpointOffersOnlyWhatIsApproved(t *testing.T) {
	f := newFixture(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(f.ca.PEM())
	fips, plain := f.listen(arrivalOn("eks-fips")), f.listen(arrivalOn("eks"))
	const name = "fips.eks.us-east-1.amazonaws.com"
	chacha := []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}
	for _, row := range []struct {
		what      string
		client    *tls.Config
		fips, any bool // agree
	}{
		{"anything", &tls.Config{}, true, true},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, true, true},
		{"TLS 1.2 with AES-GCM", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: fipsSuites12}, true, true},
		{"TLS 1.2 with ChaCha20", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: chacha}, false, true},
		{"TLS 1.2 with CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false, true},
		{"X25519 alone", &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519}}, false, true},
		{"P-384 alone", &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, true, true},
		{"TLS 1.1", &tls.Config{MaxVersion: tls.VersionTLS11}, false, false},
	} {
		for address, want := range map[string]bool{fips: row.fips, plain: row.any} {
			c := row.client.Clone()
			c.RootCAs, c.ServerName = roots, "127.0.0.1"
			if address == fips {
				c.ServerName = name
			}
			state, err := f.handshake(address, c)
			if (err == nil) != want {
				t.Errorf("%s, FIPS %v: %v", row.what, address == fips, err)
			}
			if err == nil && address == fips && !slices.Contains(append(fipsSuites12, fipsSuites13...), state.CipherSuite) {
				t.Errorf("%s: agreed on %s", row.what, tls.CipherSuiteName(state.CipherSuite))
			}
		}
	}
}

// crypto/tls would agree on ChaCha20 with a client that names it first: such a
// client gets TLS 1.2, where the suites can be chosen.
func TestPrefersAES(t *testing.T) {
	aes, chacha := uint16(tls.TLS_AES_256_GCM_SHA384), uint16(tls.TLS_CHACHA20_POLY1305_SHA256)
	for _, row := range []struct {
		suites []uint16
		want   bool
	}{
		{[]uint16{aes}, true},
		{[]uint16{aes, chacha}, hardwareAES},
		{[]uint16{chacha, aes}, false},
		{[]uint16{chacha}, false},
		{nil, false},
	} {
		if got := prefersAES(row.suites); got != row.want {
			t.Errorf("%v: %v", row.suites, got)
		}
	}
}
