package session

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/seal"
)

// maxCached is how many opened tokens an Opener keeps at least, where there
// are as many; it keeps twice as many at most.
const maxCached = 4096

// maxToken is the longest token that is looked at. It is longer than any that
// Issue makes.
const maxToken = 16 << 10

// Opener opens session tokens and keeps those that it has opened lately. It
// is safe for concurrent use.
type Opener struct {
	ring *seal.Ring

	mu     sync.RWMutex
	recent map[digest]*opened
	older  map[digest]*opened // what recent was before it was full
}

// digest stands for a token: what a lookup takes time for says nothing about
// the token.
type digest [sha256.Size]byte

type opened struct {
	secret string
	caller auth.Caller // with AccessKey and without Region
}

// NewOpener returns an Opener of the tokens that ring has sealed.
func NewOpener(ring *seal.Ring) *Opener {
	return &Opener{ring: ring, recent: map[digest]*opened{}}
}

// Open returns the secret and the caller of credentials. It is ErrInvalid or
// ErrExpired. The caller's Session is shared and must not be
// changed; Region is empty.
func (o *Opener) Open(accessKey, token string, now time.Time) (secret string, caller auth.Caller, err error) {
	if len(token) > maxToken {
		return "", auth.Caller{}, ErrInvalid
	}
	d := digest(sha256.Sum256([]byte(token)))
	session, ok := o.find(d)
	if !ok {
		if session, err = open(o.ring, token); err != nil {
			return "", auth.Caller{}, err
		}
		o.keep(d, session)
	}
	if session.caller.AccessKey != accessKey {
		return "", auth.Caller{}, ErrInvalid
	}
	if !now.Before(session.caller.Session.Expires) {
		return "", auth.Caller{}, ErrExpired
	}
	return session.secret, session.caller, nil
}

func open(ring *seal.Ring, token string) (*opened, error) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil || strings.ContainsAny(token, "\r\n") { // which base64 passes over
		return nil, ErrInvalid
	}
	box, err := ring.Open(seal.Session, sealed)
	if err != nil {
		return nil, ErrInvalid
	}
	caller, err := decode(box.Text)
	if err != nil {
		return nil, ErrInvalid
	}
	if caller.AccessKey, err = accessKeyID(box.Nonce, caller.Account); err != nil {
		return nil, ErrInvalid
	}
	return &opened{secret: secret(box.Secret(secretBytes)), caller: caller}, nil
}

func (o *Opener) find(d digest) (*opened, bool) {
	o.mu.RLock()
	session, ok := o.recent[d]
	old := (*opened)(nil)
	if !ok {
		old = o.older[d]
	}
	o.mu.RUnlock()
	if old != nil {
		o.keep(d, old)
		return old, true
	}
	return session, ok
}

// keep remembers a token that was sealed here, so that strangers cannot fill
// the cache.
func (o *Opener) keep(d digest, session *opened) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.recent) >= maxCached {
		o.older, o.recent = o.recent, map[digest]*opened{}
	}
	o.recent[d] = session
}
