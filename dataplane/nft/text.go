package nft

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/postern/postern/vpc"
)

// String is r as nft(8) lists it, with protocols and ICMP types as numbers.
// nft -f loads it.
func (r Ruleset) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "table inet %s {\n", Table)
	for i, t := range r.Timeouts {
		w.WriteString("\n"[:min(i, 1)])
		t.write(&w)
	}
	for i, s := range r.Sets {
		w.WriteString("\n"[:min(i+len(r.Timeouts), 1)])
		s.write(&w)
	}
	for i, c := range r.Chains {
		w.WriteString("\n"[:min(i+len(r.Timeouts)+len(r.Sets), 1)])
		c.write(&w)
	}
	w.WriteString("}\n")
	return w.String()
}

func (t Timeout) write(w *strings.Builder) {
	values := map[uint8]string{
		vpc.ProtocolTCP: "established : %[1]d",
		vpc.ProtocolUDP: "unreplied : %[1]d, replied : %[1]d",
	}
	if _, known := values[t.Protocol]; !known {
		fmt.Fprintf(w, "\tobject %s of kind %d\n", t.Name, t.kind)
		return
	}
	fmt.Fprintf(w, "\tct timeout %s {\n\t\tprotocol %s\n\t\tl3proto inet\n", t.Name, protocolNames[t.Protocol])
	fmt.Fprintf(w, "\t\tpolicy = { "+values[t.Protocol]+" }\n\t}\n", t.Seconds)
}

func (s Set) write(w *strings.Builder) {
	kind, value := "set", ""
	if s.Map {
		kind, value = "map", " : verdict"
	}
	names := make([]string, len(s.Key))
	for i, t := range s.Key {
		names[i] = t.Name
	}
	fmt.Fprintf(w, "\t%s %s {\n\t\ttype %s%s\n", kind, s.Name, strings.Join(names, " . "), value)
	if s.Dynamic {
		fmt.Fprintf(w, "\t\tsize %d\n\t\tflags dynamic,timeout\n\t\ttimeout %.0fs\n", queryLinks, queryMemory.Seconds())
	}
	for i, e := range s.Elements {
		switch {
		case i == 0:
			w.WriteString("\t\telements = { ")
		default:
			w.WriteString(",\n\t\t\t     ")
		}
		w.WriteString(s.keyText(e.Key))
		if s.Map {
			w.WriteString(" : goto " + e.Goto)
		}
	}
	if len(s.Elements) > 0 {
		w.WriteString(" }\n")
	}
	w.WriteString("\t}\n")
}

func (s Set) keyText(key string) string {
	var parts []string
	for _, t := range s.Key {
		n := min(int(t.Bytes), len(key))
		parts = append(parts, valueText(t.Name, key[:n]))
		key = key[min((n+3)&^3, len(key)):] // each part fills whole registers
	}
	return strings.Join(parts, " . ")
}

func valueText(kind, b string) string {
	switch kind {
	case "ipv4_addr", "ipv6_addr":
		if a, ok := netip.AddrFromSlice([]byte(b)); ok {
			return a.String()
		}
	case "ifname":
		return `"` + strings.TrimRight(b, "\x00") + `"`
	case "inet_proto", "inet_service":
		return fmt.Sprint(number([]byte(b)))
	case "mark":
		return hexMark([]byte(b))
	case "integer":
		if len(b) == 4 {
			return fmt.Sprint(binaryutil.NativeEndian.Uint32([]byte(b)))
		}
	}
	return fmt.Sprintf("0x%x", b)
}

var hookNames = map[nftables.ChainHook]string{
	*nftables.ChainHookPrerouting:  "prerouting",
	*nftables.ChainHookInput:       "input",
	*nftables.ChainHookForward:     "forward",
	*nftables.ChainHookOutput:      "output",
	*nftables.ChainHookPostrouting: "postrouting",
}

func (c Chain) write(w *strings.Builder) {
	fmt.Fprintf(w, "\tchain %s {\n", c.Name)
	if c.Hook != nil {
		w.WriteString("\t\t" + c.Hook.String() + "\n")
	}
	w.WriteString(c.text)
	w.WriteString("\t}\n")
}

// String is h as nft declares it.
func (h Hook) String() string {
	policy := "accept"
	if h.Policy == nftables.ChainPolicyDrop {
		policy = "drop"
	}
	return fmt.Sprintf("type %s hook %s priority %d; policy %s;", h.Type, hookNames[h.Number], h.Priority, policy)
}

func rulesText(rules []Rule) string {
	var w strings.Builder
	for _, r := range rules {
		w.WriteString("\t\t")
		w.WriteString(exprsText(r.Exprs))
		if r.Comment != "" {
			fmt.Fprintf(&w, " comment %q", r.Comment)
		}
		w.WriteByte('\n')
	}
	return w.String()
}
