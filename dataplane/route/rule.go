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
//
// The kernel goes through the rules one by one at each look at a table, and a
// VPC may have a thousand peer links. So what has no mark skips them all, and
// a mark goes by its lowest bits to the few rules that share them.
const (
	unmarkedPriority = 5
	steerPriority    = 10
	replyPriority    = 20
	groupPriority    = 30 // of the first group of marks
	localPriority    = groupPriority + replyGroups
)

const replyGroups = 64 // a power of 2

// Tables of peer links: one of all that leaves the VPC for a provider, and one
// a mark of what goes back to a consumer.
const (
	steerTable  = 1 << 16
	replyTables = 1 << 17
)

func replyTable(mark uint32) int { return replyTables + int(mark) }

// rule is what tells policy rules apart. It leads to a table or to another
// priority.
type rule struct {
	family, priority, table int
	mark, mask              uint32 // mask 0: of whatever mark
	goTo                    int    // 0: nowhere
}

const wholeMark = ^uint32(0)

// rulesOf are the policy rules of a VPC in one family: the kernel's own, and,
// before its local table, those of marks.
func rulesOf(family int, vpc string, peers []link.Peer, marks map[string]uint32) map[rule]bool {
	want := map[rule]bool{{family: family, priority: 32766, table: unix.RT_TABLE_MAIN}: true}
	if family == unix.AF_INET {
		want[rule{family: family, priority: 32767, table: unix.RT_TABLE_DEFAULT}] = true
	}
	if len(peers) == 0 {
		want[rule{family: family, table: unix.RT_TABLE_LOCAL}] = true
		return want
	}
	want[rule{family: family, priority: unmarkedPriority, mask: wholeMark, goTo: localPriority}] = true
	want[rule{family: family, priority: localPriority, table: unix.RT_TABLE_LOCAL}] = true
	for _, p := range peers {
		if p.Consumer == vpc {
			want[rule{family: family, priority: steerPriority, table: steerTable, mark: link.SteerMark, mask: wholeMark}] = true
			continue
		}
		mark := marks[link.PeerName(p.Consumer, p.Provider)]
		group := mark % replyGroups
		priority := groupPriority + int(group)
		want[rule{family: family, priority: replyPriority, mark: group, mask: replyGroups - 1, goTo: priority}] = true
		want[rule{family: family, priority: priority, table: replyTable(mark), mark: mark, mask: wholeMark}] = true
	}
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
		if k := ruleOf(r); plainRule(r) && want[k] {
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
	r.Family, r.Priority, r.Table = k.family, k.priority, k.table
	if k.mask != 0 {
		r.Mark, r.Mask = k.mark, &k.mask
	}
	if k.goTo != 0 {
		r.Goto = k.goTo
	}
	if err := h.RuleAdd(r); err != nil {
		return fmt.Errorf("add policy rule %v: %w", r, err)
	}
	return nil
}

// kernelRules is how many rules a namespace has at most without ours.
const kernelRules = 3

func ruleOf(r netlink.Rule) rule {
	k := rule{family: r.Family, priority: r.Priority, table: r.Table, mark: r.Mark, goTo: max(r.Goto, 0)}
	if r.Mask != nil {
		k.mask = *r.Mask
	}
	return k
}

// plainRule reports whether r could be one of ours: it looks at the mark and at
// nothing else.
func plainRule(r netlink.Rule) bool {
	return r.Src == nil && r.Dst == nil && r.IifName == "" && r.OifName == "" && !r.Invert && r.Tos == 0 && r.IPProto == 0 &&
		r.Sport == nil && r.Dport == nil && r.UIDRange == nil
}
