package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// skew is how far the clocks of client and server may differ.
const skew = 15 * time.Minute

// Keys verifies signatures. It keeps the signing keys that it derived, at
// most maxKeys. The zero value is ready; it is safe for concurrent use.
type Keys struct {
	mu      sync.Mutex
	derived map[scope]*signingKey
}

const maxKeys = 1024

// scope is everything that a signing key is derived from.
type scope struct{ accessKey, secret, date, region, service string }

// Verify proves that the owner of secret signed this request, body included,
// and that the signature is of now. The error is an *Error.
func (k *Keys) Verify(s *Signature, r *http.Request, body []byte, secret string, now time.Time) error {
	if err := s.checkTime(now.UTC()); err != nil {
		return err
	}
	if !slices.Contains(s.headers, "host") {
		return refuse(Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if name := unsigned(r.Header, s.headers); name != "" {
		return refuse(Mismatch, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
	}
	payload := emptyPayload
	if len(body) > 0 {
		payload = hexSum(body)
	}
	if claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed != "" && claimed != payload {
		return refuse(Mismatch, textMismatch)
	}

	of := scope{s.AccessKey, secret, s.date, s.Region, s.Service}
	key, known := k.find(of)
	if !known {
		key = newSigningKey(of.derive())
	}
	if !s.matches(key, r, payload) {
		return refuse(Mismatch, textMismatch)
	}
	if !known {
		k.keep(of, key)
	}
	return nil
}

// matches compares the signature with that of what arrived. Some clients add
// the session token to a presigned URL after they have signed it: nobody else
// could, since the secret is the token's.
func (s *Signature) matches(key *signingKey, r *http.Request, payload string) bool {
	if hmac.Equal(key.sign(s.stringToSign(r, payload)), s.mac) {
		return true
	}
	if !s.Presigned || s.Token == "" {
		return false
	}
	added := *s
	added.tokenAdded = true
	return hmac.Equal(key.sign(added.stringToSign(r, payload)), s.mac)
}

// emptyPayload is the hexadecimal SHA-256 of no bytes.
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// stringToSign is what the signing key signs: the digest of the canonical
// request, and when and for whom it was made.
func (s *Signature) stringToSign(r *http.Request, payload string) []byte {
	canonical := sha256.Sum256(canonicalRequest(make([]byte, 0, usualLength), r, s, payload))
	b := make([]byte, 0, usualLength)
	b = append(b, algorithm+"\n"...)
	b = append(b, s.stamp...)
	b = append(b, '\n')
	for _, part := range []string{s.date, s.Region, s.Service} {
		b = append(b, part...)
		b = append(b, '/')
	}
	b = append(b, terminator+"\n"...)
	return hex.AppendEncode(b, canonical[:])
}

// usualLength is room in bytes for the text that most requests are signed as.
const usualLength = 1024

// checkTime compares the time of the signature with the date of its scope and
// with now.
func (s *Signature) checkTime(now time.Time) *Error {
	if day, _, _ := strings.Cut(s.stamp, "T"); s.date != day {
		return refuse(Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.date, day, s.stamp)
	}
	if latest := now.Add(skew); s.Time.After(latest) {
		return refuse(Expired, "Signature not yet current: %s is still later than %s (%s + 15 min.)", s.stamp, latest.Format(timeFormat), now.Format(timeFormat))
	}
	lifetime := skew
	if s.Presigned {
		lifetime = s.expires
	}
	if earliest := now.Add(-lifetime); s.Time.Before(earliest) {
		return refuse(Expired, "Signature expired: %s is now earlier than %s (%s - %s)", s.stamp, earliest.Format(timeFormat), now.Format(timeFormat), words(lifetime))
	}
	return nil
}

func words(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min.", d/time.Minute)
	}
	return fmt.Sprintf("%d sec.", d/time.Second)
}

func (s scope) derive() []byte {
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{s.date, s.region, s.service, terminator} {
		key = mac(key, []byte(part))
	}
	return key
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// signingKey is a derived key, with hashes that have taken it in already.
type signingKey struct{ hashes sync.Pool }

func newSigningKey(key []byte) *signingKey {
	return &signingKey{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign is the MAC of a text.
func (k *signingKey) sign(text []byte) []byte {
	h := k.hashes.Get().(hash.Hash)
	defer k.hashes.Put(h)
	h.Reset()
	h.Write(text)
	return h.Sum(nil)
}

func (k *Keys) find(s scope) (*signingKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.derived[s]
	return key, ok
}

// keep remembers a key that has proven itself, so that strangers cannot fill
// the cache. Keys live for a day: when the cache is full it starts again.
func (k *Keys) keep(s scope, key *signingKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.derived == nil || len(k.derived) >= maxKeys {
		k.derived = map[scope]*signingKey{}
	}
	k.derived[s] = key
}
