package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// maxKeys is how many keys of a set are looked at.
const maxKeys = 100

// Sizes of RSA keys in bits. A larger one would make each verification slow.
const (
	minRSA = 2048
	maxRSA = 8192
)

var (
	// ErrNoKey says that the set has no key that may have signed a token.
	ErrNoKey = errors.New("the issuer has no such key")
	// ErrSignature says that a token was not signed by its issuer.
	ErrSignature = errors.New("signature does not match")
)

// Keys are the public keys of an issuer.
type Keys struct{ keys []key }

type key struct {
	id     string
	public crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey
}

// ParseKeys reads a JSON Web Key Set. Keys of kinds that sign nothing here, and
// those for other uses, are passed over.
func ParseKeys(set []byte) (Keys, error) {
	var parsed struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &parsed); err != nil {
		return Keys{}, fmt.Errorf("parse key set: %w", err)
	}
	if len(parsed.Keys) > maxKeys {
		return Keys{}, fmt.Errorf("parse key set: %d keys are too many", len(parsed.Keys))
	}
	var all Keys
	for _, raw := range parsed.Keys {
		if k, ok := parseKey(raw); ok {
			all.keys = append(all.keys, k)
		}
	}
	return all, nil
}

func parseKey(raw []byte) (key, bool) {
	var k struct {
		Type      string `json:"kty"`
		ID        string `json:"kid"`
		Use       string `json:"use"`
		Algorithm string `json:"alg"`
		N         string `json:"n"`
		E         string `json:"e"`
		Curve     string `json:"crv"`
		X         string `json:"x"`
		Y         string `json:"y"`
	}
	if json.Unmarshal(raw, &k) != nil || k.Use != "" && k.Use != "sig" {
		return key{}, false
	}
	switch {
	case k.Type == "RSA" && (k.Algorithm == "" || k.Algorithm == "RS256"):
		public, ok := parseRSA(k.N, k.E)
		return key{k.ID, public}, ok
	case k.Type == "EC" && k.Curve == "P-256":
		public, ok := parseEC(k.X, k.Y)
		return key{k.ID, public}, ok
	}
	return key{}, false
}

func parseRSA(n, e string) (*rsa.PublicKey, bool) {
	modulus, err := decode(n)
	exponent, err2 := decode(e)
	if err != nil || err2 != nil || len(exponent) > 4 {
		return nil, false
	}
	k := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
	bits := k.N.BitLen()
	return k, bits >= minRSA && bits <= maxRSA && k.E > 2 && k.E%2 == 1
}

func parseEC(x, y string) (*ecdsa.PublicKey, bool) {
	a, err := decode(x)
	b, err2 := decode(y)
	if err != nil || err2 != nil || len(a) != 32 || len(b) != 32 {
		return nil, false
	}
	k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, a...), b...))
	return k, err == nil
}

// Verify proves that a key of the set has signed t. A token without a key id
// may be of any. The error is ErrNoKey or ErrSignature.
func (t Token) Verify(set Keys) error {
	digest := sha256.Sum256([]byte(t.signed))
	err := ErrNoKey
	for _, k := range set.keys {
		if t.KeyID != "" && k.id != t.KeyID {
			continue
		}
		switch public := k.public.(type) {
		case *rsa.PublicKey:
			if t.Algorithm != "RS256" {
				continue
			}
			if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], t.signature) == nil {
				return nil
			}
		case *ecdsa.PublicKey:
			if t.Algorithm != "ES256" {
				continue
			}
			if verifyEC(public, digest[:], t.signature) {
				return nil
			}
		}
		err = ErrSignature
	}
	return err
}

// verifyEC takes a signature of two numbers of 32 bytes (RFC 7518, 3.4).
func verifyEC(k *ecdsa.PublicKey, digest, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(k, digest, r, s)
}
