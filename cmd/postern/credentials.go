package main

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
)

// accessKey is what a client signs with. That of the management account's root
// user is in the data directory: whoever has the folder has it.
type accessKey struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken,omitempty"` // of temporary credentials
}

// env is what an AWS client reads it from.
func (k accessKey) env() map[string]string {
	env := map[string]string{"AWS_ACCESS_KEY_ID": k.AccessKeyID, "AWS_SECRET_ACCESS_KEY": k.SecretAccessKey}
	if k.SessionToken != "" {
		env["AWS_SESSION_TOKEN"] = k.SessionToken
	}
	return env
}

// openCredentials reads the access key of d. It makes one where there is none.
func (d dataDir) openCredentials() (accessKey, error) {
	var c accessKey
	err := readJSON(d.credentials(), &c)
	if errors.Is(err, fs.ErrNotExist) {
		c = newAccessKey()
		err = writeJSON(d.credentials(), c, 0o600)
	}
	if err != nil {
		return accessKey{}, fmt.Errorf("open credentials: %w", err)
	}
	return c, nil
}

// newAccessKey makes an access key of AWS's form: AKIA and 16 of A-Z and
// 2-7; 40 of base64 as the secret.
func newAccessKey() accessKey {
	var id [10]byte
	var secret [30]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	rand.Read(secret[:])
	return accessKey{
		AccessKeyID:     "AKIA" + base32.StdEncoding.EncodeToString(id[:]),
		SecretAccessKey: base64.StdEncoding.EncodeToString(secret[:]),
	}
}
