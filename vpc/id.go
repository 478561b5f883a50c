package vpc

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// NewID returns a new id in AWS's long form: prefix, a hyphen and 17 hex
// digits ("vpc" gives vpc-0123456789abcdef0). AWS's ids of today begin with 0.
func NewID(prefix string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return prefix + "-0" + hex.EncodeToString(b[:])
}

// ValidID reports whether id has AWS's form for prefix: 8 or 17 lower-case
// hex digits after the hyphen.
func ValidID(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix+"-")
	if !ok || (len(digits) != 8 && len(digits) != 17) {
		return false
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

const alnum = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewSuffix returns n random characters of [a-z0-9], as in an endpoint's DNS
// names.
func NewSuffix(n int) string { return random(alnum, n) }

// random returns n characters of an alphabet, each as likely as the others.
func random(alphabet string, n int) string {
	fair := 256 - 256%len(alphabet) // values from here on would favour some characters
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		for int(b[i]) >= fair {
			rand.Read(b[i : i+1])
		}
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// NewZoneID returns a Route 53 hosted zone id: Z and 20 upper-case characters.
func NewZoneID() string { return "Z0" + strings.ToUpper(NewSuffix(19)) }

// NewMAC returns a locally administered unicast MAC address as EC2 shows it.
func NewMAC() string {
	var b [5]byte
	rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return "02:" + h[0:2] + ":" + h[2:4] + ":" + h[4:6] + ":" + h[6:8] + ":" + h[8:10]
}
