package auth

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
)

// The prefixes of access key ids.
const (
	LongTerm  = "AKIA" // of a user or an account's root
	Temporary = "ASIA" // of a session
)

// accessKeyBytes are behind an access key id's prefix, in 16 digits of base32.
// As in AWS's ids since 2019, the first bit is 1, the 40 that follow are the account, and
// the rest is free.
const accessKeyBytes = 10

// NewAccessKeyID makes an access key id of that prefix that tells its account.
func NewAccessKeyID(prefix, account string) (string, error) {
	var free [accessKeyBytes]byte
	rand.Read(free[:]) // never fails (crypto/rand)
	return AccessKeyID(prefix, account, free)
}

// AccessKeyID is the access key id of an account with these free bits; the
// first 41 of them are not looked at.
func AccessKeyID(prefix, account string, free [accessKeyBytes]byte) (string, error) {
	number, err := strconv.ParseUint(account, 10, 64)
	if err != nil || len(account) != 12 {
		return "", fmt.Errorf("make access key id: account %q is not 12 digits", account)
	}
	free[5] = free[5]&0x7f | byte(number<<7)
	binary.BigEndian.PutUint32(free[1:5], uint32(number>>1))
	free[0] = 0x80 | byte(number>>33)
	return prefix + base32.StdEncoding.EncodeToString(free[:]), nil
}

// AccessKeyAccount returns the account that an access key id tells. Ids that
// AWS made before 2019 tell none.
func AccessKeyAccount(id string) (account string, ok bool) {
	if len(id) != 20 || id[:4] != LongTerm && id[:4] != Temporary {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || b[0]&0x80 == 0 {
		return "", false
	}
	number := uint64(b[0]&0x7f)<<33 | uint64(binary.BigEndian.Uint32(b[1:5]))<<1 | uint64(b[5]>>7)
	if number > 999_999_999_999 {
		return "", false
	}
	return fmt.Sprintf("%012d", number), true
}
