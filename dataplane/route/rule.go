package route

import (
	"errors"
	"fmt"

	"github.com/postern/postern/dataplane/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Priorities of policy rules. The kernel's own rule for the local table has
// priority 0; where something is routed by its mark, that comes first.
const (
	steerPriority = 10
	replyPriority = 20
	localPriority = 100
)

// Tables of peer links: one of all that leaves the VPC for a provider, and one
// a mark of what goes back to a consumer.
const (
	steerTable  = 1 << 16
	replyTables = 1 << 17
)

func replyTable(mark uint32) int { return replyTables + int(mark) }

// rule is what tells policy rules apart.
type rule struct {
	family, priority, table int
	mark                    uint32
}

// rulesOf are the policy rules of a VPC in one family: the kernel's own, and,
// before its local table, those of marks.
func rulesOf(family int, vpc string, peers []link.Peer, marks map[string]uint32) map[rule]bool {
	want := map[rule]bool{{family, 32766, unix.RT_TABLE_MAIN, 0}: true}
	if family == unix.AF_INET {
		want[rule{family, 32767, unix.RT_TABLE_DEFAULT, 0}] = true
	}
	local := 0
	for _, p := range peers {
		local = localPriority
		if p.Consumer == vpc {
			want[rule{family, steerPriority, steerTable, link.SteerMark}] = true
		} else {
			mark := marks[link.PeerName(p.Consumer, p.Provider)]
			want[rule{family, replyPriority, replyTable(mark), mark}] = true
		}
	}
	want[rule{family, local, unix.RT_TABLE_LOCAL, 0}] = true
	return want
}

// setRules makes want the policy rules of its family. New ones come before old
// ones go: there is always one for the local table.
func setRules(h *netlink.Handle, family int, want map[rule]bool) error {
	have, err := link.Dump(func() ([]netlink.Rule, error) { return h.RuleList(family) })
	if errors.Is(err, unix.EOPNOTSUPP) && len(want) <= kernelRules { // a kernel without policy routing
		return nil
	}
	if err != nil {
		return fmt.Errorf("list policy rules: %w", err)
	}
	var junk []netlink.Rule
	for _, r := range have {
		k := rule{r.Family, r.Priority, r.Table, r.Mark}
		if plainRule(r) && want[k] {
			delete(want, k)
			continue
		}
		junk = append(junk, r)
	}
	for k := range want {
		if err := addRule(h, k); err != nil {
			return err
		}
	}
	for _, r := range junk {
		if err := h.RuleDel(&r); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove policy rule %v: %w", r, err)
		}
	}
	return nil
}

func addRule(h *netlink.Handle, k rule) error {
	r := netlink.NewRule()
	r.Family, r.Priority, r.Table, r.Mark = k.family, k.priority, k.table, k.mark
	if err := h.RuleAdd(r); err != nil {
		return fmt.Errorf("add policy rule %v: %w", r, err)
	}
	return nil
}

// kernelRules is how many rules a namespace has at most without ours.
const kernelRules = 3

// plainRule reports whether r could be one of ours: it looks at the whole mark
// and at nothing else.
func plainRule(r netlink.Rule) bool {
	return r.Src == nil && r.Dst == nil && r.IifName == "" && r.OifName == "" && !r.Invert && r.Tos == 0 && r.IPProto == 0 &&
		r.Sport == nil && r.Dport == nil && r.UIDRange == nil && r.Goto < 0 && (r.Mark == 0 || r.Mask == nil || *r.Mask == ^uint32(0))
}
