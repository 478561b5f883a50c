package organizations

import (
	"sync"

	"github.com/postern/postern/auth/policy"
)

// standing is what every request of an account needs to know: where the
// account is, and which policies apply to it.
type standing struct {
	path       string
	scps, rcps [][]policy.Named
}

// standings keeps those of accounts until something changes in the
// organization, at most maxStandings. The zero value is ready.
type standings struct {
	mu              sync.RWMutex
	nodes, policies uint64 // versions of the tables
	byAccount       map[string]standing
}

const maxStandings = 10_000

func (s *Service) standing(account string) standing {
	r := s.store.Snapshot()
	nodes, policies := s.store.OrganizationNodes.Version(r), s.store.OrganizationPolicies.Version(r)
	c := &s.standings
	c.mu.RLock()
	is, ok := c.byAccount[account]
	ok = ok && c.nodes == nodes && c.policies == policies
	c.mu.RUnlock()
	if ok {
		return is
	}
	is = s.derive(r, account)
	if is.path == "" { // of no account: strangers do not fill the cache
		return is
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byAccount == nil || c.nodes != nodes || c.policies != policies || len(c.byAccount) >= maxStandings {
		c.byAccount, c.nodes, c.policies = map[string]standing{}, nodes, policies
	}
	c.byAccount[account] = is
	return is
}
