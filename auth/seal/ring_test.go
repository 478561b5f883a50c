package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSealedTextOpens(t *testing.T) {
	ring := NewRing(NewKey())
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		nonce := NewNonce()
		sealed := ring.Seal(Session, nonce, text)
		opened, err := ring.Open(Session, sealed)
		if err != nil || !bytes.Equal(opened.Text, text) || opened.Nonce != nonce {
			t.Fatalf("opened %v %v", opened, err)
		}
		if len(sealed) != len(text)+Overhead {
			t.Fatalf("%d bytes became %d", len(text), len(sealed))
		}
		if !bytes.Equal(opened.Secret(30), ring.Secret(nonce, 30)) {
			t.Fatal("another secret belongs to the opened text")
		}
	})
}

// Whoever changes one bit of a sealed text, cuts it or adds to it has nothing.
func TestTamperedTextIsRefused(t *testing.T) {
	ring := NewRing(NewKey())
	sealed := ring.Seal(Session, NewNonce(), []byte("text"))
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := ring.Open(Session, changed); !errors.Is(err, ErrInvalid) {
				t.Errorf("bit %d of byte %d: %v", bit, i, err)
			}
		}
		if _, err := ring.Open(Session, sealed[:i]); !errors.Is(err, ErrInvalid) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := ring.Open(Session, append(bytes.Clone(sealed), 0)); !errors.Is(err, ErrInvalid) {
		t.Errorf("longer: %v", err)
	}
}

func TestPurposesAreApart(t *testing.T) {
	ring := NewRing(NewKey())
	if _, err := ring.Open(Session, ring.Seal(Message, NewNonce(), nil)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a message opened as a session: %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	first, second := NewKey(), NewKey()
	before, after, without := NewRing(first), NewRing(second, first), NewRing(second)
	old := before.Seal(Session, NewNonce(), []byte("old"))
	opened, err := after.Open(Session, old)
	if err != nil || string(opened.Text) != "old" {
		t.Fatalf("%v %v", opened, err)
	}
	if !bytes.Equal(opened.Secret(30), before.Secret(opened.Nonce, 30)) {
		t.Error("the secret changed with the key")
	}
	if _, err := without.Open(Session, old); !errors.Is(err, ErrInvalid) {
		t.Errorf("opened with a key that is gone: %v", err)
	}
	if _, err := before.Open(Session, after.Seal(Session, NewNonce(), nil)); !errors.Is(err, ErrInvalid) {
		t.Errorf("the new key does not seal: %v", err)
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	k := NewKey()
	for _, format := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d"} {
		if got := fmt.Sprintf(format, struct{ K Key }{k}); !strings.Contains(got, "seal.Key") || strings.Contains(got, fmt.Sprintf("%x", k[:4])) {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	ring := NewRing(NewKey())
	f.Add([]byte{})
	f.Add(NewRing(NewKey()).Seal(Session, NewNonce(), []byte("of another installation")))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if opened, err := ring.Open(Session, sealed); err == nil {
			t.Errorf("forged: %q", opened.Text)
		}
	})
}
