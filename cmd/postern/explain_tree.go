package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// tree prints the decision for a person.
func (r *explainReply) tree() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s by %s: %s\n", r.Request.Action, r.Request.Resource, r.Request.Principal, r.Decision)
	for _, p := range r.Policies {
		fmt.Fprintf(&b, "├─ %s", p.Type)
		if p.Level > 0 {
			fmt.Fprintf(&b, " of level %d", p.Level)
		}
		fmt.Fprintf(&b, ": %s\n", cmp.Or(p.Name, "policy"))
		for _, s := range p.Statements {
			s.write(&b)
		}
	}
	fmt.Fprintf(&b, "└─ %s\n", cmp.Or(r.Message, "allowed by policies of type "+r.Type))
	return b.String()
}

func (s explainedStatement) write(b *strings.Builder) {
	applies := "applies"
	if !s.Applies {
		applies = "does not apply"
	}
	fmt.Fprintf(b, "│  └─ statement %d", s.Number)
	if s.Sid != "" {
		fmt.Fprintf(b, " (%s)", s.Sid)
	}
	fmt.Fprintf(b, ", %s: %s\n", s.Effect, applies)
	for _, m := range s.Misses {
		fmt.Fprintf(b, "│     └─ %s: wants %s, is %s\n", m.Element, m.Want, m.Got)
	}
}

// addressPort is an address without a port as a peer's; not valid where it is
// none.
func addressPort(address string) netip.AddrPort {
	a, _ := netip.ParseAddr(address)
	return netip.AddrPortFrom(a, 0)
}
