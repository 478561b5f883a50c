package nft

import (
	"cmp"
	"crypto/sha256"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// Table is the name of our table, of family inet.
const Table = "postern"

// Ruleset is everything in the table, in order: timeouts and sets by name,
// base chains before the others, each by name.
type Ruleset struct {
	Timeouts []Timeout
	Sets     []Set
	Chains   []Chain
}

// Set is a named set, or a verdict map when Map is set.
type Set struct {
	Name     string
	Key      []nftables.SetDatatype // more than one: a concatenation
	Map      bool
	Dynamic  bool      // packets fill it: its elements are not a part of the ruleset
	Elements []Element // by Key
}

// Element is a member of a set; in a map it leads to a chain.
type Element struct {
	Key  string // the bytes as the kernel compares them
	Goto string // a chain; only in a map
}

// Chain is a chain; Hook makes it a base chain.
type Chain struct {
	Name  string
	Hook  *Hook
	Rules []Rule
	text  string            // of the rules, as String shows them
	sum   [sha256.Size]byte // of the text: equal rules have equal ones
}

// Hook is where a base chain sees packets.
type Hook struct {
	Type     nftables.ChainType
	Number   nftables.ChainHook
	Priority nftables.ChainPriority
	Policy   nftables.ChainPolicy
}

// Rule is one rule; Comment is shown by nft as it is.
type Rule struct {
	Exprs   []expr.Any
	Comment string
}

// finish puts r in order and computes the chains' text.
func (r *Ruleset) finish() {
	slices.SortFunc(r.Timeouts, func(a, b Timeout) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Sets, func(a, b Set) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Chains, func(a, b Chain) int {
		if (a.Hook == nil) != (b.Hook == nil) {
			return cmp.Compare(b2i(a.Hook == nil), b2i(b.Hook == nil))
		}
		return cmp.Compare(a.Name, b.Name)
	})
	for i := range r.Sets {
		slices.SortFunc(r.Sets[i].Elements, func(a, b Element) int { return cmp.Compare(a.Key, b.Key) })
	}
	for i := range r.Chains {
		c := &r.Chains[i]
		c.text = rulesText(c.Rules)
		c.sum = sha256.Sum256([]byte(c.text))
	}
}

// outline is what diff needs of a ruleset that the kernel holds: without the
// rules, which are most of it.
func (r Ruleset) outline() Ruleset {
	r.Chains, r.Sets = slices.Clone(r.Chains), slices.Clone(r.Sets)
	for i := range r.Chains {
		r.Chains[i].Rules, r.Chains[i].text = nil, ""
	}
	for i := range r.Sets {
		r.Sets[i].Elements = slices.Clone(r.Sets[i].Elements) // no room for more
	}
	return r
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Owners tells which ENI each address is filtered for.
func (r Ruleset) Owners() map[netip.Addr]string {
	owner := map[netip.Addr]string{}
	byLink := map[string]string{}
	sets := index(r).sets
	eni := func(e Element) string { return strings.TrimSuffix(e.Goto, "-in") }
	for _, e := range sets[receivers].Elements {
		byLink[e.Key] = eni(e)
	}
	for _, f := range families {
		for _, e := range sets[f.set(sources)].Elements {
			if a, ok := netip.AddrFromSlice([]byte(e.Key[min(linkNameSize, len(e.Key)):])); ok {
				owner[a] = byLink[e.Key[:linkNameSize]]
			}
		}
		for _, e := range sets[f.set(endpoints)].Elements {
			if a, ok := netip.AddrFromSlice([]byte(e.Key)); ok {
				owner[a] = eni(e)
			}
		}
	}
	return owner
}
