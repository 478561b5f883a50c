package api

import (
	"crypto/tls"
	"fmt"
	"slices"

	"golang.org/x/sys/cpu"
)

// What a FIPS endpoint may agree on: AES-GCM with ephemeral keys on the NIST
// curves (SP 800-52 Rev. 2; AWS's security policy TLS13-1-2-FIPS).
var (
	fipsSuites12 = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	fipsSuites13 = []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384}
	fipsCurves   = []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521}
)

// fipsConfig is c for a client of a FIPS endpoint. crypto/tls has no choice of
// suites in TLS 1.3, so a client with which it would agree on ChaCha20 gets TLS
// 1.2; whatever was agreed on is checked before the first byte of a request.
func fipsConfig(c *tls.Config, hello *tls.ClientHelloInfo) *tls.Config {
	c = c.Clone()
	c.GetConfigForClient = nil
	c.CipherSuites = fipsSuites12
	c.CurvePreferences = fipsCurves
	if !prefersAES(hello.CipherSuites) {
		c.MaxVersion = tls.VersionTLS12
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if slices.Contains(fipsSuites12, s.CipherSuite) || slices.Contains(fipsSuites13, s.CipherSuite) {
			return nil
		}
		return fmt.Errorf("cipher suite %s is not approved for FIPS", tls.CipherSuiteName(s.CipherSuite))
	}
	return c
}

// prefersAES reports whether crypto/tls agrees on AES in TLS 1.3: the first
// suite that the client names is AES, and this machine is quick at it, or the
// client has nothing else.
func prefersAES(suites []uint16) bool {
	chacha := slices.Index(suites, tls.TLS_CHACHA20_POLY1305_SHA256)
	aes := slices.IndexFunc(suites, func(s uint16) bool { return slices.Contains(fipsSuites13, s) })
	return aes >= 0 && (chacha < 0 || aes < chacha && hardwareAES)
}

// hardwareAES is what crypto/tls asks of the machine before it prefers AES.
var hardwareAES = cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL
