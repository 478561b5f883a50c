package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// systemRoots are the files in which systems keep all the certificates that
// they trust, as crypto/x509 looks for them.
var systemRoots = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// writeTrust writes the file of all certificates that a client of Postern
// trusts: the system's and that of Postern's CA. The file may be read by all:
// commands in a subnet see it in place of the system's.
func (d dataDir) writeTrust(ca []byte) error {
	roots, err := firstFile(systemRoots)
	if err != nil {
		return fmt.Errorf("read the system's certificates: %w", err)
	}
	return writeFile(d.trust(), joinPEM(roots, ca), 0o644)
}

// joinPEM keeps the blocks apart where a file does not end with its line.
func joinPEM(files ...[]byte) []byte {
	var all bytes.Buffer
	for _, f := range files {
		all.Write(f)
		if len(f) > 0 && !bytes.HasSuffix(f, []byte("\n")) {
			all.WriteByte('\n')
		}
	}
	return all.Bytes()
}

// firstFile reads the first of paths that exists, nothing where none does.
func firstFile(paths []string) ([]byte, error) {
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, nil
}
