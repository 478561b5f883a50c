package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Key is an installation's key.
type Key [32]byte

// NewKey makes a key.
func NewKey() (k Key) {
	rand.Read(k[:]) // never fails (crypto/rand)
	return k
}

// Purpose is what a text is sealed for.
type Purpose string

const (
	Session Purpose = "session"               // session tokens
	Secret  Purpose = "secret"                // secrets of temporary access keys, derived and never sealed
	Message Purpose = "authorization message" // explanations of refusals
)

// NonceSize is the size of a sealed text's nonce in bytes.
const NonceSize = chacha20poly1305.NonceSizeX

const (
	version    = 1
	keyIDSize  = 4
	headerSize = 1 + keyIDSize

	// Overhead is how much longer a sealed text is than what is in it.
	Overhead = headerSize + NonceSize + chacha20poly1305.Overhead
)

// ErrInvalid says that a text was not sealed by this installation for this
// purpose, or was changed.
var ErrInvalid = errors.New("not sealed here")

// Ring seals and opens. It never changes and is safe for concurrent use.
type Ring struct {
	keys []ringKey // at least one; the first seals
}

type ringKey struct {
	id    [keyIDSize]byte
	key   Key
	seals map[Purpose]cipher.AEAD
}

// NewRing returns the ring that seals with the first key and opens with all.
func NewRing(first Key, older ...Key) *Ring {
	r := &Ring{}
	for _, k := range append([]Key{first}, older...) {
		r.keys = append(r.keys, newRingKey(k))
	}
	return r
}

func newRingKey(k Key) ringKey {
	of := ringKey{key: k, seals: map[Purpose]cipher.AEAD{}}
	copy(of.id[:], derive(k, nil, "key id", keyIDSize))
	for _, p := range []Purpose{Session, Message} {
		aead, err := chacha20poly1305.NewX(derive(k, nil, "seal "+string(p), chacha20poly1305.KeySize))
		if err != nil {
			panic(err) // the size of the key is right
		}
		of.seals[p] = aead
	}
	return of
}

// derive is HKDF-SHA256 of the key.
func derive(k Key, salt []byte, info string, size int) []byte {
	b, err := hkdf.Key(sha256.New, k[:], salt, "postern "+info, size)
	if err != nil {
		panic(err) // the size is within HKDF's bounds
	}
	return b
}

// NewNonce draws a nonce for Seal.
func NewNonce() (n [NonceSize]byte) {
	rand.Read(n[:]) // never fails (crypto/rand)
	return n
}

// Seal closes text under a nonce that was never used before.
func (r *Ring) Seal(p Purpose, nonce [NonceSize]byte, text []byte) []byte {
	k := r.keys[0]
	out := make([]byte, 0, len(text)+Overhead)
	out = append(append(out, version), k.id[:]...)
	header := out[:headerSize]
	return k.seals[p].Seal(append(out, nonce[:]...), nonce[:], text, header)
}

// Opened is a sealed text that was opened.
type Opened struct {
	Text  []byte
	Nonce [NonceSize]byte
	key   Key
}

// Open is the opposite of Seal. The error is ErrInvalid.
func (r *Ring) Open(p Purpose, sealed []byte) (Opened, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return Opened{}, ErrInvalid
	}
	header, nonce, box := sealed[:headerSize], sealed[headerSize:headerSize+NonceSize], sealed[headerSize+NonceSize:]
	for _, k := range r.keys {
		if [keyIDSize]byte(header[1:]) != k.id { // the id is no secret
			continue
		}
		if text, err := k.seals[p].Open(nil, nonce, box, header); err == nil {
			return Opened{text, [NonceSize]byte(nonce), k.key}, nil
		}
	}
	return Opened{}, ErrInvalid
}

// Secret derives size bytes, at most 255 times 32, that belong to what was
// sealed under nonce and that only this installation knows.
func (r *Ring) Secret(nonce [NonceSize]byte, size int) []byte {
	return derive(r.keys[0].key, nonce[:], string(Secret), size)
}

// Secret is that of the ring at the time when the text was sealed.
func (o Opened) Secret(size int) []byte { return derive(o.key, o.Nonce[:], string(Secret), size) }

// String keeps keys out of logs.
func (Key) String() string { return "seal.Key" }

// Format keeps keys out of logs, whatever the verb.
func (Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "seal.Key") }
