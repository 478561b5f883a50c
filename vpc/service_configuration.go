package vpc

import "time"

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
	State string // pendingVerification, verified or failed
	Name  string // _ and 20 characters of [a-z0-9]
	Value string // vpce: and 20 characters of [A-Za-z0-9]
	Since time.Time
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
	return c.ID + "." + region + ".vpce.amazonaws.com"
}
