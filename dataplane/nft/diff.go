package nft

import (
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A step is what must happen in one transaction.
type step struct {
	text     string // for tests and errors
	messages func() ([]netlink.Message, error)
}

// diff lists the steps from one ruleset to another. Done in one transaction
// they are atomic. Done in several, in this order, no packet is judged by
// less than its rules: base chains begin empty and closed, a chain is filled
// before something leads to it, its old rules go together with the new ones
// coming, and what is removed is removed last.
func diff(old, new Ruleset) []step {
	d := differ{old: index(old), new: index(new)}
	d.addChains(new, true)
	d.addTimeouts(new)
	d.addSets(new)
	d.addChains(new, false)
	d.setElements(new, false)
	d.fillChains(new, false)
	d.setElements(new, true)
	d.fillChains(new, true)
	d.removeChains(old)
	d.removeSets(old)
	d.removeTimeouts(old)
	return d.steps
}

// indexed is a ruleset by name.
type indexed struct {
	timeouts map[string]Timeout
	sets     map[string]Set
	chains   map[string]Chain
}

func index(r Ruleset) indexed {
	i := indexed{map[string]Timeout{}, map[string]Set{}, map[string]Chain{}}
	for _, t := range r.Timeouts {
		i.timeouts[t.Name] = t
	}
	for _, s := range r.Sets {
		i.sets[s.Name] = s
	}
	for _, c := range r.Chains {
		i.chains[c.Name] = c
	}
	return i
}

// compatible reports whether old can be changed into new: nothing of the
// same name is of another kind.
func compatible(old, new Ruleset) bool {
	o := index(old)
	for _, t := range new.Timeouts {
		if was, ok := o.timeouts[t.Name]; ok && was != t {
			return false
		}
	}
	for _, c := range new.Chains {
		if was, ok := o.chains[c.Name]; ok && was.kind() != c.kind() {
			return false
		}
	}
	for _, s := range new.Sets {
		if was, ok := o.sets[s.Name]; ok && was.kind() != s.kind() {
			return false
		}
	}
	return true
}

func (c Chain) kind() string {
	if c.Hook == nil {
		return ""
	}
	return c.Hook.String()
}

func (s Set) kind() string {
	kind := "set"
	switch {
	case s.Map:
		kind = "map"
	case s.Dynamic:
		kind = "dynamic set"
	}
	for _, t := range s.Key {
		kind += " " + t.Name
	}
	return kind
}

type differ struct {
	old, new indexed
	steps    []step
}

func (d *differ) step(text string, messages func() ([]netlink.Message, error)) {
	d.steps = append(d.steps, step{text, messages})
}

func (d *differ) addChains(r Ruleset, base bool) {
	for _, c := range r.Chains {
		if _, ok := d.old.chains[c.Name]; !ok && (c.Hook != nil) == base {
			d.step("add chain "+c.Name, one(func() (netlink.Message, error) { return chainMessage(unix.NFT_MSG_NEWCHAIN, c) }))
		}
	}
}

// fillChains replaces the rules of the chains that differ.
func (d *differ) fillChains(r Ruleset, base bool) {
	for _, c := range r.Chains {
		if was, ok := d.old.chains[c.Name]; ok && c.sum == was.sum || (c.Hook != nil) != base {
			continue
		}
		d.step("fill chain "+c.Name, func() ([]netlink.Message, error) {
			all, err := one(func() (netlink.Message, error) { return flushMessage(c) })()
			for _, r := range c.Rules {
				if err != nil {
					break
				}
				var m netlink.Message
				m, err = ruleMessage(c, r)
				all = append(all, m)
			}
			return all, err
		})
	}
}

func (d *differ) removeChains(r Ruleset) {
	var gone []Chain
	for _, c := range r.Chains {
		if _, ok := d.new.chains[c.Name]; !ok {
			gone = append(gone, c)
		}
	}
	// They may lead to each other, so all are emptied before one is deleted.
	for _, c := range gone {
		d.step("flush chain "+c.Name, one(func() (netlink.Message, error) { return flushMessage(c) }))
	}
	for _, c := range gone {
		d.step("delete chain "+c.Name, one(func() (netlink.Message, error) { return chainMessage(unix.NFT_MSG_DELCHAIN, c) }))
	}
}

func (d *differ) addTimeouts(r Ruleset) {
	for _, t := range r.Timeouts {
		if _, ok := d.old.timeouts[t.Name]; !ok {
			d.step("add timeout "+t.Name, one(func() (netlink.Message, error) { return timeoutMessage(unix.NFT_MSG_NEWOBJ, t) }))
		}
	}
}

func (d *differ) removeTimeouts(r Ruleset) {
	for _, t := range r.Timeouts {
		if _, ok := d.new.timeouts[t.Name]; !ok {
			d.step("delete timeout "+t.Name, one(func() (netlink.Message, error) { return timeoutMessage(unix.NFT_MSG_DELOBJ, t) }))
		}
	}
}

func (d *differ) addSets(r Ruleset) {
	for i, s := range r.Sets {
		if _, ok := d.old.sets[s.Name]; !ok {
			d.step("add set "+s.Name, one(func() (netlink.Message, error) { return setMessage(unix.NFT_MSG_NEWSET, s, uint32(i+1)) }))
		}
	}
}

func (d *differ) removeSets(r Ruleset) {
	for _, s := range r.Sets {
		if _, ok := d.new.sets[s.Name]; !ok {
			d.step("delete set "+s.Name, one(func() (netlink.Message, error) { return setMessage(unix.NFT_MSG_DELSET, s, 0) }))
		}
	}
}

// setElements adds and removes elements of sets, or of maps.
func (d *differ) setElements(r Ruleset, maps bool) {
	for _, s := range r.Sets {
		if s.Map != maps {
			continue
		}
		add := without(s.Elements, d.old.sets[s.Name].Elements)
		remove := without(d.old.sets[s.Name].Elements, s.Elements)
		if len(add)+len(remove) == 0 {
			continue
		}
		text := "elements of " + s.Name + ":"
		for _, e := range remove {
			text += " -" + s.keyText(e.Key)
		}
		for _, e := range add {
			text += " +" + s.keyText(e.Key)
		}
		d.step(text, func() ([]netlink.Message, error) {
			all, err := elementMessages(unix.NFT_MSG_DELSETELEM, s, remove)
			if err != nil {
				return nil, err
			}
			more, err := elementMessages(unix.NFT_MSG_NEWSETELEM, s, add)
			return append(all, more...), err
		})
	}
}

// without returns the elements of a that are not in b.
func without(a, b []Element) []Element {
	in := make(map[Element]bool, len(b))
	for _, e := range b {
		in[e] = true
	}
	var rest []Element
	for _, e := range a {
		if !in[e] {
			rest = append(rest, e)
		}
	}
	return rest
}

func one(make func() (netlink.Message, error)) func() ([]netlink.Message, error) {
	return func() ([]netlink.Message, error) {
		m, err := make()
		return []netlink.Message{m}, err
	}
}
