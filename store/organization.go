package store

import "time"

// The organization of an installation: one, with all its accounts in it.

// Organization is the record of the organization.
type Organization struct {
	ID         string // o-…
	Management string // account id
	Root       string // node id, r-…
}

// OrganizationNode is a place in the organization's tree: its root, a unit, or
// an account, whose id is the account's.
type OrganizationNode struct {
	ID      string // r-…, ou-…, or 12 digits
	Name    string
	Parent  string // node id; empty: the root
	Created time.Time
	SCPs    []string // ids of the attached service control policies
	RCPs    []string // ids of the attached resource control policies
}

// OrganizationPolicy is a control policy of the organization's own.
type OrganizationPolicy struct {
	ID       string // p-…
	Name     string
	Type     string // scp or rcp
	Document string
	Updated  time.Time
}

// Account is an account's root user: whoever has its key is the account. That
// of the management account is not here, but in a file of the data directory.
type Account struct {
	ID              string // 12 digits
	AccessKeyID     string
	SecretAccessKey string
}

// installationKey is the key of a record that belongs to no account and Region.
func installationKey(id string) Key { return Key{Account: Installation, Region: Global, ID: id} }

// makeOrganizationTables lists the tables of the organization.
func (s *Store) makeOrganizationTables(m *maker) {
	s.Organizations = add(m, "organizations", func(o Organization) Key { return installationKey(o.ID) }, nil)
	s.OrganizationNodes = add(m, "organizationnodes", func(n OrganizationNode) Key { return installationKey(n.ID) },
		indexes[OrganizationNode]{
			"parent": func(n OrganizationNode) []string { return []string{n.Parent} },
			"policy": func(n OrganizationNode) []string { return append(append([]string(nil), n.SCPs...), n.RCPs...) },
		})
	s.OrganizationPolicies = add(m, "organizationpolicies", func(p OrganizationPolicy) Key { return installationKey(p.ID) },
		indexes[OrganizationPolicy]{"name": func(p OrganizationPolicy) []string { return []string{p.Name} }})
	s.Accounts = add(m, "accounts", func(a Account) Key { return installationKey(a.ID) },
		indexes[Account]{"accesskey": func(a Account) []string { return []string{a.AccessKeyID} }})
}
