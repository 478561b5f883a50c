package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// CA is a certificate authority of our own. Clients trust what its
// certificate in Path signs. It is safe for concurrent use.
type CA struct {
	path        string
	pem         []byte
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	now         func() time.Time
	leaves      leaves
}

const (
	caName     = "Postern CA"
	caLifetime = 10 // years
	caFile     = "ca.pem"
	keyFile    = "ca.key"
)

// OpenCA loads the CA of a folder, or makes one where there is none: ca.pem,
// readable for all, and ca.key, readable only for the owner.
func OpenCA(dir string) (*CA, error) {
	ca := &CA{path: filepath.Join(dir, caFile), now: time.Now}
	if err := ca.load(dir); err != nil {
		return nil, fmt.Errorf("open CA in %s: %w", dir, err)
	}
	return ca, nil
}

// load reads both files. A key without a certificate is what a crash between
// the two writes leaves: the certificate is made again.
func (ca *CA) load(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(filepath.Join(dir, keyFile))
	}
	if err != nil {
		return err
	}
	if ca.key, err = parseKey(text); err != nil {
		return fmt.Errorf("read %s: %w", keyFile, err)
	}
	ca.pem, err = os.ReadFile(ca.path)
	if errors.Is(err, fs.ErrNotExist) {
		ca.pem, err = makeRoot(ca.path, ca.key, ca.now())
	}
	if err != nil {
		return err
	}
	if ca.certificate, err = parseCertificate(ca.pem); err != nil {
		return fmt.Errorf("read %s: %w", caFile, err)
	}
	if !ca.key.PublicKey.Equal(ca.certificate.PublicKey) {
		return fmt.Errorf("%s does not belong to %s", keyFile, caFile)
	}
	return nil
}

// PEM returns the CA's certificate.
func (ca *CA) PEM() []byte { return ca.pem }

// Path returns the file that holds the CA's certificate.
func (ca *CA) Path() string { return ca.path }

func makeKey(path string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return text, writeFile(path, text, 0o600)
}

func makeRoot(path string, key *ecdsa.PrivateKey, now time.Time) ([]byte, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: caName},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(caLifetime, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return text, writeFile(path, text, 0o644)
}

func parseKey(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key is a %T, not ECDSA", key)
	}
	return ec, nil
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return x509.ParseCertificate(block.Bytes)
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

// writeFile makes a file appear with its whole content and mode, or not at
// all.
func writeFile(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already where all went well
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
