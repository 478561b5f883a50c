package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
)

var (
	// ErrInvalid says that a token is not of this installation, was changed,
	// or is not of the access key it came with.
	ErrInvalid = errors.New("session token is invalid")
	// ErrExpired says that a token was valid once.
	ErrExpired = errors.New("session token has expired")
)

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time
}

// secretBytes become 40 characters of base64.
const secretBytes = 30

// Issue makes credentials of caller, whose Session says until when. Region and
// AccessKey are not the caller's but a request's, and not sealed. Times
// are cut to seconds.
func Issue(ring *seal.Ring, caller auth.Caller) (Credentials, error) {
	if caller.Session == nil {
		return Credentials{}, errors.New("issue credentials: the caller has no session")
	}
	nonce := seal.NewNonce()
	id, err := accessKeyID(nonce, caller.Account)
	if err != nil {
		return Credentials{}, fmt.Errorf("issue credentials: %w", err)
	}
	text, err := encode(caller)
	if err != nil {
		return Credentials{}, fmt.Errorf("issue credentials: %w", err)
	}
	token := base64.StdEncoding.EncodeToString(ring.Seal(seal.Session, nonce, text))
	if len(token) > maxToken {
		return Credentials{}, fmt.Errorf("issue credentials: a token of %d characters is too long", len(token))
	}
	return Credentials{
		AccessKeyID:     id,
		SecretAccessKey: secret(ring.Secret(nonce, secretBytes)),
		SessionToken:    token,
		Expires:         caller.Session.Expires.UTC().Truncate(time.Second),
	}, nil
}

func secret(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// accessKeyID is the id of the credentials that are sealed under nonce.
func accessKeyID(nonce [seal.NonceSize]byte, account string) (string, error) {
	return auth.AccessKeyID(auth.Temporary, account, [10]byte(nonce[:10]))
}
