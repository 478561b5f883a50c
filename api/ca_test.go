package api

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func openCA(t *testing.T, dir string) *CA {
	t.Helper()
	ca, err := OpenCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestOpenCA(t *testing.T) {
	dir := t.TempDir()
	ca := openCA(t, dir)
	for name, want := range map[string]fs.FileMode{caFile: 0o644, keyFile: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("files left: %v, %v", files, err)
	}
	c := ca.certificate
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !c.IsCA || c.Subject.CommonName != "Postern CA" || !ok || key.Curve != elliptic.P256() {
		t.Errorf("certificate: %+v", c)
	}
	if years := time.Until(c.NotAfter).Hours() / 24 / 365; years < 9.9 || years > 10.1 {
		t.Errorf("the CA lives for %v years", years)
	}

	again := openCA(t, dir)
	if !bytes.Equal(ca.PEM(), again.PEM()) || again.Path() != filepath.Join(dir, "ca.pem") {
		t.Error("a second start has another CA")
	}
	onDisk, err := os.ReadFile(ca.Path())
	if err != nil || !bytes.Equal(onDisk, ca.PEM()) {
		t.Errorf("PEM is not what Path holds: %v", err)
	}
}

// TestOpenCADamaged finishes what a crash interrupted and refuses the rest.
func TestOpenCADamaged(t *testing.T) {
	dir := t.TempDir()
	first := openCA(t, dir)
	if err := os.Remove(first.Path()); err != nil {
		t.Fatal(err)
	}
	second := openCA(t, dir) // the key was written, the certificate was not
	if !second.key.Equal(first.key) {
		t.Error("the key changed")
	}
	other := openCA(t, t.TempDir())
	for _, c := range []struct {
		file    string
		content []byte
		want    string
	}{
		{caFile, other.PEM(), "ca.key does not belong to ca.pem"},
		{caFile, []byte("x"), "read ca.pem: no PEM block"},
		{keyFile, []byte("x"), "read ca.key: no PEM block"},
		{keyFile, other.PEM(), "read ca.key: "},
	} {
		dir := t.TempDir()
		openCA(t, dir)
		if err := os.WriteFile(filepath.Join(dir, c.file), c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCA(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
	}
	if _, err := OpenCA(filepath.Join(dir, "missing")); err == nil {
		t.Error("a folder that does not exist")
	}
}

func TestCertificate(t *testing.T) {
	ca := openCA(t, t.TempDir())
	names := []string{"eks.us-east-1.amazonaws.com", "*.eks.us-east-1.vpce.amazonaws.com"}
	ips := []net.IP{net.IPv4(10, 0, 1, 9), net.IPv6loopback}
	c, err := ca.Certificate(names, ips)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	for _, name := range []string{"eks.us-east-1.amazonaws.com", "vpce-1-a.eks.us-east-1.vpce.amazonaws.com", "10.0.1.9", "::1"} {
		options := x509.VerifyOptions{DNSName: name, Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if _, err := c.Leaf.Verify(options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("the certificate is good for clients")
	}
	if life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore); life > 397*24*time.Hour || life < 396*24*time.Hour {
		t.Errorf("lifetime %v", life)
	}

	// The same names in any order are the same certificate.
	slices.Reverse(ips)
	if again, _ := ca.Certificate(names, append(ips, ips[0])); again != c {
		t.Error("issued twice")
	}
	if other, _ := ca.Certificate(names[:1], nil); other == c {
		t.Error("other names, same certificate")
	}

	// It is renewed before it expires, and no certificate outlives the CA.
	start := time.Now()
	ca.now = func() time.Time { return start.Add(360 * 24 * time.Hour) }
	if again, _ := ca.Certificate(names, ips); again != c {
		t.Error("renewed early")
	}
	ca.now = func() time.Time { return start.Add(370 * 24 * time.Hour) }
	if again, _ := ca.Certificate(names, ips); again == c {
		t.Error("not renewed")
	}
	ca.now = func() time.Time { return start.AddDate(9, 11, 0) }
	if last, err := ca.Certificate(names, ips); err != nil || last.Leaf.NotAfter.After(ca.certificate.NotAfter) {
		t.Errorf("outlives the CA: %v", err)
	}
}

func TestCertificateCacheIsBounded(t *testing.T) {
	ca := openCA(t, t.TempDir())
	for i := range maxLeaves + 10 {
		if _, err := ca.Certificate([]string{"localhost"}, []net.IP{net.IPv4(10, 0, byte(i>>8), byte(i))}); err != nil {
			t.Fatal(err)
		}
		if len(ca.leaves.byNames) > maxLeaves {
			t.Fatalf("%d certificates", len(ca.leaves.byNames))
		}
	}
}
