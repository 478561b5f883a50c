package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lifetimes of server certificates. Clients refuse more than 398 days.
const (
	leafLifetime = 397 * 24 * time.Hour
	renewBefore  = 30 * 24 * time.Hour
	backdate     = time.Hour // for clients whose clock is slow
	maxLeaves    = 1024
)

// leaves keeps the certificates that were issued, by their names.
type leaves struct {
	mu      sync.Mutex
	byNames map[string]*tls.Certificate
}

// Certificate returns a server certificate for these names and addresses. It
// is made once and renewed a month before it expires.
func (ca *CA) Certificate(names []string, ips []net.IP) (*tls.Certificate, error) {
	names, ips = tidy(names, ips)
	var key strings.Builder
	for _, name := range names {
		key.WriteString(name + " ")
	}
	for _, ip := range ips {
		key.WriteString(ip.String() + " ")
	}
	l, now := &ca.leaves, ca.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.byNames[key.String()]; c != nil && now.Before(c.Leaf.NotAfter.Add(-renewBefore)) {
		return c, nil
	}
	c, err := ca.issue(names, ips, now)
	if err != nil {
		return nil, fmt.Errorf("issue certificate for %s: %w", key.String(), err)
	}
	if l.byNames == nil || len(l.byNames) >= maxLeaves {
		l.byNames = map[string]*tls.Certificate{}
	}
	l.byNames[key.String()] = c
	return c, nil
}

// tidy sorts both lists and leaves out what is there twice. The first name
// stays the first: it becomes the certificate's common name.
func tidy(names []string, ips []net.IP) ([]string, []net.IP) {
	names, ips = slices.Clone(names), slices.Clone(ips)
	if len(names) > 1 {
		slices.Sort(names[1:])
	}
	slices.SortFunc(ips, func(a, b net.IP) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(names), slices.CompactFunc(ips, net.IP.Equal)
}

func (ca *CA) issue(names []string, ips []net.IP, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	end := now.Add(leafLifetime - backdate)
	if end.After(ca.certificate.NotAfter) {
		end = ca.certificate.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		NotBefore:    now.Add(-backdate),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names,
		IPAddresses:  ips,
	}
	if len(names) > 0 && len(names[0]) <= 64 { // the longest common name
		template.Subject = pkix.Name{CommonName: names[0]}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
