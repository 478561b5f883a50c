package vpc

import (
	"strings"
	"time"
)

// ServiceConfiguration is an endpoint service: what a customer offers to others
// through network load balancers.
type ServiceConfiguration struct {
	Owner
	ID                 string // vpce-svc-…
	AcceptanceRequired bool
	LoadBalancers      []string      // ARNs
	AddressTypes       []string      // ipv4, ipv6
	Regions            []string      // from where endpoints may be made; the host Region always among them
	PrivateName        string        // empty: none
	Verification       *Verification // of PrivateName
	Payer              string        // ServiceOwner, or empty
	Permissions        []ServicePermission
	ClientToken        string
	ClientTokenSum     string // digest of the parameters that came with ClientToken
	Created            time.Time
	Tags               Tags
}

// Verification is the proof that the provider owns a private name: a TXT record
// with that value at Name below the name's domain.
type Verification struct {
	State string    // pendingVerification, verified or failed
	Name  string    // _ and 20 characters of [a-z0-9]
	Value string    // vpce: and 20 characters of [A-Za-z0-9]
	Since time.Time // when State began: of a pending verification, its last start
}

// The states of a verification, in the API's words.
const (
	VerificationPending  = "pendingVerification"
	VerificationVerified = "verified"
	VerificationFailed   = "failed"
)

// VerificationTime is how long a verification may be pending before it has
// failed.
const VerificationTime = 48 * time.Hour

// NewVerification returns a verification that begins at a time, with a name
// and a value of its own.
func NewVerification(now time.Time) *Verification {
	return &Verification{
		State: VerificationPending,
		Name:  "_" + NewSuffix(20),
		Value: "vpce:" + random(alnum+strings.ToUpper(alnum[:26]), 20),
		Since: now,
	}
}

// StateAt is the state at a time: a verification that is pending for too long
// has failed without anybody writing that down.
func (v Verification) StateAt(now time.Time) string {
	if v.State == VerificationPending && now.Sub(v.Since) >= VerificationTime {
		return VerificationFailed
	}
	return v.State
}

// RecordNames are where the TXT record of a verification may be, most exact
// first: below the domain of the private name, or below one that it belongs
// to. A wildcard's domain is its parent.
func (v Verification) RecordNames(privateName string) []string {
	var names []string
	domain := strings.TrimPrefix(privateName, "*.")
	for strings.Contains(domain, ".") {
		names = append(names, v.Name+"."+domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return names
}

// ServicePermission lets a principal make endpoints to a service.
type ServicePermission struct {
	ID        string // vpce-svc-perm-…
	Principal string // ARN or *
	Kind      string // All, Account, User, Role …, as the API's PrincipalType
	Tags      Tags
}

// ServiceName is the name that consumers ask for.
func (c ServiceConfiguration) ServiceName() string {
	return "com.amazonaws.vpce." + c.Region + "." + c.ID
}

// BaseName is the parent of the names of the service's endpoints in a Region.
func (c ServiceConfiguration) BaseName(region string) string {
	return c.ID + "." + EndpointDomain(region)
}
