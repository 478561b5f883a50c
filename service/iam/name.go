package iam

import (
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Prefixes of unique ids ("IAM identifiers").
const (
	idUser            = "AIDA"
	idGroup           = "AGPA"
	idRole            = "AROA"
	idInstanceProfile = "AIPA"
	idPolicy          = "ANPA"
)

// newID returns a unique id: the prefix and 17 of A-Z and 2-7.
func newID(prefix string) string {
	var b [11]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:17]
}

// arn names a resource of that type: user, group, role, instance-profile or
// policy.
func arn(e store.Entity, kind string) string { return e.ARN(kind + e.Path + e.Name) }

// name is what an ARN of IAM says.
type name struct {
	store.GlobalOwner // Account is aws for AWS's own policies
	kind              string
	path, name        string
}

// parseARN reads the ARN of a resource of IAM.
func parseARN(s string) (name, bool) {
	arn, ok := vpc.ParseARN(s)
	if !ok || arn.Service != "iam" || arn.Region != "" || arn.Account == "" {
		return name{}, false
	}
	kind, rest := arn.Kind()
	if rest == "" {
		return name{}, false
	}
	n := name{store.GlobalOwner{Account: arn.Account, Partition: arn.Partition}, kind, "/", rest}
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		n.path, n.name = "/"+rest[:i+1], rest[i+1:]
	}
	return n, n.name != ""
}
