package organizations

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Account is an account of the organization, with the key of its root user.
type Account struct {
	ID              string
	Name            string
	Created         time.Time
	AccessKeyID     string
	SecretAccessKey string
}

// CreateAccount makes an account below the root. An empty id means that one
// is drawn.
func (s *Service) CreateAccount(ctx context.Context, name, id string) (Account, error) {
	if err := checkName(name); err != nil {
		return Account{}, err
	}
	if id != "" && !vpc.IsAccount(id) {
		return Account{}, fmt.Errorf("account id %q is not 12 digits", id)
	}
	var a Account
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		chosen := id
		for chosen == "" {
			if drawn := newAccountID(); !s.exists(tx, drawn) {
				chosen = drawn
			}
		}
		if s.exists(tx, chosen) {
			return fmt.Errorf("there is an account %s already", chosen)
		}
		accessKey, secret, err := newKey(chosen)
		if err != nil {
			return err
		}
		s.put(tx, chosen, name, s.root)
		s.store.Accounts.Put(tx, store.Account{ID: chosen, AccessKeyID: accessKey, SecretAccessKey: secret})
		n, _ := s.node(tx, chosen)
		a = Account{ID: chosen, Name: name, Created: n.Created, AccessKeyID: accessKey, SecretAccessKey: secret}
		return nil
	})
	if err != nil {
		return Account{}, fmt.Errorf("create account: %w", err)
	}
	return a, nil
}

func (s *Service) exists(r store.Reader, id string) bool {
	_, ok := s.node(r, id)
	return ok
}

// Account returns an account with its key, which is empty for the
// management account.
func (s *Service) Account(id string) (Account, error) {
	r := s.store.Snapshot()
	n, ok := s.node(r, id)
	if !ok || !vpc.IsAccount(id) {
		return Account{}, fmt.Errorf("there is no account %s", id)
	}
	a := Account{ID: id, Name: n.Name, Created: n.Created}
	if stored, ok := s.store.Accounts.Get(r, key(id)); ok {
		a.AccessKeyID, a.SecretAccessKey = stored.AccessKeyID, stored.SecretAccessKey
	}
	return a, nil
}

// RootKey returns the secret and the owner of the access key of an account's
// root user, other than the management account's.
func (s *Service) RootKey(accessKey string) (secret string, caller auth.Caller, ok bool) {
	for a := range s.store.Accounts.By(s.store.Snapshot(), "accesskey", accessKey) {
		return a.SecretAccessKey, auth.RootOf(a.ID), true
	}
	return "", auth.Caller{}, false
}

// newKey makes an access key of an account's root user.
func newKey(account string) (id, secret string, err error) {
	if id, err = auth.NewAccessKeyID(auth.LongTerm, account); err != nil {
		return "", "", err
	}
	var b [30]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return id, base64.StdEncoding.EncodeToString(b[:]), nil
}

// newAccountID draws one that does not begin with 0, so that no tool takes it
// for a smaller number.
func newAccountID() string {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		panic(err) // never fails (crypto/rand)
	}
	return fmt.Sprint(100_000_000_000 + n.Int64())
}

// newID draws an id of n lower-case letters and digits.
func newID(prefix string, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // never fails (crypto/rand)
		}
		b[i] = letters[at.Int64()]
	}
	return prefix + string(b)
}

func checkName(name string) error {
	if n := len([]rune(name)); n < 1 || n > 128 || strings.TrimSpace(name) != name || strings.ContainsAny(name, "\n\r\t") {
		return fmt.Errorf("%q is no name: 1 to 128 characters in one line", name)
	}
	return nil
}
