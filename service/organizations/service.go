package organizations

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// Config is what a Service needs.
type Config struct {
	Store      *store.Store // required
	Management string       // the management account, 12 digits; required
	Name       string       // of the management account
	Now        func() time.Time
}

// Service is the organization of an installation.
type Service struct {
	store      *store.Store
	management string
	now        func() time.Time
	standings  standings

	// What never changes.
	id, root string
}

// Open returns the organization over c.Store. It makes one where there is
// none.
func Open(ctx context.Context, c Config) (*Service, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{store: c.Store, management: c.Management, now: c.Now}
	_, err := c.Store.Update(ctx, func(tx *store.Tx) error {
		for o := range s.store.Organizations.List(tx, store.Installation, store.Global) {
			s.id, s.root = o.ID, o.Root
			return s.adopt(tx, o, c.Name)
		}
		s.id, s.root = newID("o-", 10), newID("r-", 4)
		s.store.Organizations.Put(tx, store.Organization{ID: s.id, Management: s.management, Root: s.root})
		s.put(tx, s.root, "Root", "")
		s.put(tx, s.management, c.Name, s.root)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open organization: %w", err)
	}
	return s, nil
}

// adopt makes the account that the installation is started with now the
// management account, if it was another.
func (s *Service) adopt(tx *store.Tx, o store.Organization, name string) error {
	if o.Management == s.management {
		return nil
	}
	o.Management = s.management
	s.store.Organizations.Put(tx, o)
	if _, ok := s.node(tx, s.management); !ok {
		s.put(tx, s.management, name, s.root)
	}
	return nil
}

// put makes a node with the policies that every node has at first.
func (s *Service) put(tx *store.Tx, id, name, parent string) {
	s.store.OrganizationNodes.Put(tx, store.OrganizationNode{
		ID: id, Name: name, Parent: parent, Created: s.now().UTC().Truncate(time.Second),
		SCPs: []string{fullAccess}, RCPs: []string{fullAccessRCP},
	})
}

func (s *Service) node(r store.Reader, id string) (store.OrganizationNode, bool) {
	return s.store.OrganizationNodes.Get(r, key(id))
}

func key(id string) store.Key {
	return store.Key{Account: store.Installation, Region: store.Global, ID: id}
}

// ID is the organization's: o-….
func (s *Service) ID() string { return s.id }

// Member reports whether account is a member of the organization that
// management manages.
func (s *Service) Member(management, account string) bool {
	_, ok := s.node(s.store.Snapshot(), account)
	return ok && management == s.management && account != management && vpc.IsAccount(account)
}

// Path is where an account is in the tree, as aws:PrincipalOrgPaths has it:
// o-…/r-…/ou-…/. It is empty for an account that does not exist.
func (s *Service) Path(account string) string { return s.standing(account).path }

// Levels returns the control policies that apply to an account, level by level
// from the root to the account: service control policies to its identities,
// resource control policies to its resources. Nil means that none apply.
func (s *Service) Levels(account string) (scps, rcps [][]policy.Named) {
	is := s.standing(account)
	return is.scps, is.rcps
}

// SCPs are the service control policies of Levels.
func (s *Service) SCPs(account string) [][]policy.Named { return s.standing(account).scps }

// RCPs are the resource control policies of Levels.
func (s *Service) RCPs(account string) [][]policy.Named { return s.standing(account).rcps }

// Place is the organization's id and the account's path in it, both empty for
// an account that does not exist.
func (s *Service) Place(account string) (id, path string) {
	if path = s.Path(account); path == "" {
		return "", ""
	}
	return s.id, path
}

// derive finds the standing of an account.
func (s *Service) derive(r store.Reader, account string) standing {
	nodes, ok := s.lineage(r, account)
	if !ok {
		return standing{}
	}
	is := standing{path: s.id + "/"}
	for _, n := range nodes[:len(nodes)-1] {
		is.path += n.ID + "/"
	}
	if account == s.management {
		return is
	}
	restricts := func(attached []string) bool { return len(attached) != 1 || builtIn[attached[0]].ID == "" }
	if slices.ContainsFunc(nodes, func(n store.OrganizationNode) bool { return restricts(n.SCPs) }) {
		is.scps = s.levels(r, nodes, func(n store.OrganizationNode) []string { return n.SCPs })
	}
	if slices.ContainsFunc(nodes, func(n store.OrganizationNode) bool { return restricts(n.RCPs) }) {
		is.rcps = s.levels(r, nodes, func(n store.OrganizationNode) []string { return n.RCPs })
	}
	return is
}

// lineage are the nodes from the root to an account.
func (s *Service) lineage(r store.Reader, account string) ([]store.OrganizationNode, bool) {
	var nodes []store.OrganizationNode
	for id := account; id != ""; {
		n, ok := s.node(r, id)
		if !ok {
			return nil, false
		}
		nodes = append(nodes, n)
		id = n.Parent
	}
	slices.Reverse(nodes)
	return nodes, len(nodes) > 0
}

func (s *Service) levels(r store.Reader, nodes []store.OrganizationNode, attached func(store.OrganizationNode) []string) [][]policy.Named {
	levels := make([][]policy.Named, len(nodes))
	for i, n := range nodes {
		for _, id := range attached(n) {
			if p, ok := s.policy(r, id); ok {
				levels[i] = append(levels[i], policy.Named{Name: s.policyARN(p), Document: compile(p.Document)})
			}
		}
	}
	return levels
}
