package store

import (
	"strings"
	"time"

	"github.com/postern/postern/vpc"
)

// GlobalOwner says whose a resource of IAM is. IAM has no Regions: each
// partition has one IAM, and in the keys of its records the partition has the
// Region's place.
type GlobalOwner struct {
	Account   string // 12 digits
	Partition string // aws, aws-cn, …
}

// ARN names a resource of o in IAM: user/NAME.
func (o GlobalOwner) ARN(resource string) string {
	return "arn:" + o.Partition + ":iam::" + o.Account + ":" + resource
}

// Key is where o's record of that id is. IAM's names are unique without
// regard to case.
func (o GlobalOwner) Key(id string) Key {
	return Key{Account: o.Account, Region: o.Partition, ID: strings.ToLower(id)}
}

// Of is the value of an index that finds o's records only.
func (o GlobalOwner) Of(value string) string {
	if value == "" {
		return ""
	}
	return o.Account + " " + o.Partition + " " + value
}

// Entity is what all named resources of IAM have.
type Entity struct {
	GlobalOwner
	Name    string
	Path    string // / or /a/b/
	ID      string // unique for ever: AIDA…, AGPA…, AROA…, AIPA…, ANPA…
	Created time.Time
	Tags    vpc.Tags
}

// Identity is what policies are attached to.
type Identity struct {
	Entity
	Inline   map[string]string // documents of the inline policies by their names
	Attached []string          // ARNs of managed policies in the order of attachment
	Boundary string            // ARN of the permissions boundary; empty: none
}

// User is an IAM user.
type User struct {
	Identity
	Groups []string // ids, in the order in which the user was added
}

// Group is a group of users; the users know that they are in it.
type Group struct{ Identity }

// Role is an IAM role.
type Role struct {
	Identity
	Trust       string // its trust policy
	Description string
	MaxSession  int32  // seconds
	Service     string // that a service-linked role is for, eks.amazonaws.com; else empty
}

// InstanceProfile hands a role to an instance.
type InstanceProfile struct {
	Entity
	Role string // id; empty: none
}

// ManagedPolicy is a policy of the customer's that may be attached.
type ManagedPolicy struct {
	Entity
	Description string
	Updated     time.Time
	Versions    []PolicyVersion // oldest first
	Default     int             // number of the version in force
	Last        int             // number of the newest version there ever was
}

// PolicyVersion is one version of a managed policy. It never changes.
type PolicyVersion struct {
	Number   int
	Document string
	Created  time.Time
}

// AccessKey is the long-term key of a user.
type AccessKey struct {
	GlobalOwner
	ID       string // AKIA…
	Secret   string
	User     string // id
	Inactive bool
	Created  time.Time
}

// LastUse says when an access key or a role was used last.
type LastUse struct {
	GlobalOwner
	ID      string // of the access key or role
	Time    time.Time
	Region  string
	Service string // ec2
}

// OIDCProvider is an identity provider whose tokens roles may trust.
type OIDCProvider struct {
	GlobalOwner
	URL         string // without https://
	ClientIDs   []string
	Thumbprints []string
	Created     time.Time
	Tags        vpc.Tags
}

// AccountAlias is another name of an account.
type AccountAlias struct {
	GlobalOwner
	Alias string
}

// RoleDeletion is a request to delete a service-linked role, and what became
// of it.
type RoleDeletion struct {
	GlobalOwner
	ID     string // task/aws-service-role/SERVICE/ROLE/UUID
	Status string // SUCCEEDED or FAILED
	Reason string // of a failure
	Usage  []RoleUsage
}

// RoleUsage are resources in a Region that need a service-linked role.
type RoleUsage struct {
	Region    string
	Resources []string // ARNs
}

// makeIAMTables lists the tables of IAM.
func (s *Store) makeIAMTables(m *maker) {
	s.Users = add(m, "users", func(u User) Key { return u.Key(u.Name) }, indexes[User]{
		"id":       func(u User) []string { return []string{u.ID} },
		"group":    func(u User) []string { return u.Groups },
		"policy":   func(u User) []string { return u.attached() },
		"boundary": func(u User) []string { return []string{u.Of(u.Boundary)} },
	})
	s.Groups = add(m, "groups", func(g Group) Key { return g.Key(g.Name) }, indexes[Group]{
		"id":     func(g Group) []string { return []string{g.ID} },
		"policy": func(g Group) []string { return g.attached() },
	})
	s.Roles = add(m, "roles", func(r Role) Key { return r.Key(r.Name) }, indexes[Role]{
		"id":       func(r Role) []string { return []string{r.ID} },
		"policy":   func(r Role) []string { return r.attached() },
		"boundary": func(r Role) []string { return []string{r.Of(r.Boundary)} },
	})
	s.InstanceProfiles = add(m, "instanceprofiles", func(p InstanceProfile) Key { return p.Key(p.Name) },
		indexes[InstanceProfile]{"role": func(p InstanceProfile) []string { return []string{p.Role} }})
	s.ManagedPolicies = add(m, "managedpolicies", func(p ManagedPolicy) Key { return p.Key(p.Name) }, nil)
	s.AccessKeys = add(m, "accesskeys", func(k AccessKey) Key { return k.Key(k.ID) }, indexes[AccessKey]{
		"id":   func(k AccessKey) []string { return []string{k.ID} },
		"user": func(k AccessKey) []string { return []string{k.User} },
	})
	s.LastUses = add(m, "lastuses", func(u LastUse) Key { return u.Key(u.ID) }, nil)
	s.OIDCProviders = add(m, "oidcproviders", func(p OIDCProvider) Key { return p.Key(p.URL) }, nil)
	s.AccountAliases = add(m, "accountaliases", func(a AccountAlias) Key { return a.Key("alias") },
		indexes[AccountAlias]{"alias": func(a AccountAlias) []string { return []string{a.Alias} }})
	s.RoleDeletions = add(m, "roledeletions", func(d RoleDeletion) Key { return d.Key(d.ID) }, nil)
}

// attached are the values under which the index by policy finds an identity.
func (i Identity) attached() []string {
	values := make([]string, len(i.Attached))
	for n, arn := range i.Attached {
		values[n] = i.Of(arn)
	}
	return values
}
