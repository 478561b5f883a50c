package nft

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// exprsText is a rule as nft lists it. What Build does not write shows as
// something that nothing of ours equals.
func exprsText(exprs []expr.Any) string {
	d := decompiler{}
	for i, e := range exprs {
		var next expr.Any
		if i+1 < len(exprs) {
			next = exprs[i+1]
		}
		d.step(e, next)
	}
	return strings.Join(d.words, " ")
}

// unseen reports whether a match of the network protocol, or else of the
// transport protocol, goes without saying before next.
func unseen(network bool, next expr.Any) bool {
	switch e := next.(type) {
	case *expr.Payload:
		return network == (e.Base == expr.PayloadBaseNetworkHeader)
	case *expr.Meta:
		return network && e.Key == expr.MetaKeyIIFNAME
	}
	return false
}

// decompiler follows what the registers hold.
type decompiler struct {
	words []string
	loads []load  // in the order of their registers
	mask  []byte  // of a bitwise operation on the last load
	of    *family // of the packet, where it is known
	proto string  // the layer 4 protocol that was matched last
	from  string  // lower end of a range

	constants map[uint32][]byte // by register
	computed  map[uint32]string // by register
}

// load is what a register was loaded with.
type load struct {
	name string
	size int // bytes
}

func (d *decompiler) say(format string, args ...any) {
	d.words = append(d.words, fmt.Sprintf(format, args...))
}

func (d *decompiler) step(e, next expr.Any) {
	switch e := e.(type) {
	case *expr.Meta:
		if e.SourceRegister {
			d.assign(metaName(e), e.Register)
			return
		}
		d.load(metaName(e), 1)
	case *ct:
		if e.set {
			d.assign(d.ctName(e), e.register)
			return
		}
		d.load(d.ctName(e), 4)
	case *expr.Immediate:
		d.constant(e)
	case *expr.Payload:
		d.load(d.payloadName(e), int(e.Len))
	case *expr.Bitwise:
		if e.DestRegister != e.SourceRegister {
			d.compute(e)
			return
		}
		d.mask = e.Mask
		if !bytes.Equal(e.Xor, make([]byte, len(e.Xor))) {
			d.say("xor 0x%x", e.Xor)
		}
	case *expr.Cmp:
		d.compare(e, next)
		if e.Op != expr.CmpOpGte {
			d.reset()
		}
	case *expr.Lookup:
		d.lookup(e)
		d.reset()
	case *expr.Log:
		d.say("log prefix %q group %d snaplen %d", e.Data, e.Group, e.Snaplen)
		if e.Flags != 0 || e.QThreshold != 0 {
			d.say("flags %d queue-threshold %d", e.Flags, e.QThreshold)
		}
	case *expr.Notrack:
		d.say("notrack")
	case *expr.Numgen:
		d.load(numgenName(e), 4)
	case *expr.Verdict:
		d.say("%s", verdictText(e.Kind, e.Chain))
	default:
		d.say("%s", d.statement(e))
		d.reset()
	}
}

func (d *decompiler) load(name string, size int) { d.loads = append(d.loads, load{name, size}) }
func (d *decompiler) reset() {
	d.loads, d.mask, d.from, d.constants, d.computed = nil, nil, "", nil, nil
}

func (d *decompiler) subject() string {
	names := make([]string, len(d.loads))
	for i, l := range d.loads {
		names[i] = l.name
	}
	return strings.Join(names, " . ")
}

func metaName(e *expr.Meta) string {
	switch e.Key {
	case expr.MetaKeyNFPROTO:
		return "meta nfproto"
	case expr.MetaKeyL4PROTO:
		return "meta l4proto"
	case expr.MetaKeyIIFNAME:
		return "iifname"
	case expr.MetaKeyOIFNAME:
		return "oifname"
	case expr.MetaKeyMARK:
		return "meta mark"
	}
	return fmt.Sprintf("meta %d", e.Key)
}

func numgenName(e *expr.Numgen) string {
	kind := "random"
	if e.Type == unix.NFT_NG_INCREMENTAL {
		kind = "inc"
	}
	text := fmt.Sprintf("numgen %s mod %d", kind, e.Modulus)
	if e.Offset != 0 {
		text += fmt.Sprintf(" offset %d", e.Offset)
	}
	return text
}

func (d *decompiler) payloadName(e *expr.Payload) string {
	switch {
	case e.Base == expr.PayloadBaseNetworkHeader && d.of == nil:
	case e.Base == expr.PayloadBaseNetworkHeader && e.Offset == d.of.offsets[source] && int(e.Len) <= d.of.bits/8:
		return d.of.name + " saddr"
	case e.Base == expr.PayloadBaseNetworkHeader && e.Offset == d.of.offsets[destination] && int(e.Len) <= d.of.bits/8:
		return d.of.name + " daddr"
	case e.Base == expr.PayloadBaseTransportHeader && e.Len == 2 && e.Offset == sourcePort:
		return cmp.Or(d.proto, "th") + " sport"
	case e.Base == expr.PayloadBaseTransportHeader && e.Len == 2 && e.Offset == destinationPort:
		return cmp.Or(d.proto, "th") + " dport"
	case e.Base == expr.PayloadBaseTransportHeader && e.Len == 1 && e.Offset == tcpFlags && d.proto == "tcp":
		return "tcp flags"
	case e.Base == expr.PayloadBaseTransportHeader && e.Len == 1 && e.Offset == 0:
		return d.proto + " type"
	case e.Base == expr.PayloadBaseTransportHeader && e.Len == 1 && e.Offset == 1:
		return d.proto + " code"
	}
	return fmt.Sprintf("@%d,%d,%d", e.Base, e.Offset*8, e.Len*8)
}

// protocolNames are those whose ports or types can be matched.
var protocolNames = map[byte]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp",
	unix.IPPROTO_ICMP: "icmp", unix.IPPROTO_ICMPV6: "icmpv6"}

func (d *decompiler) compare(e *expr.Cmp, next expr.Any) {
	subject := d.subject()
	switch subject {
	case "meta nfproto":
		d.of = nil
		if i := slices.IndexFunc(families, func(f family) bool { return bytes.Equal(e.Data, []byte{f.number}) }); i >= 0 && e.Op == expr.CmpOpEq {
			d.of = &families[i]
		}
		if d.of != nil && unseen(true, next) {
			return
		}
		d.say("meta nfproto %s%s", operator(e.Op), nfproto(e.Data))
	case "meta l4proto":
		if len(e.Data) == 1 {
			d.proto = protocolNames[e.Data[0]]
		}
		if e.Op == expr.CmpOpEq && d.proto != "" && unseen(false, next) {
			return
		}
		d.say("meta l4proto %s%d", operator(e.Op), number(e.Data))
	case "ct state":
		d.say("ct state %s", d.set(e, stateNames))
	case "ct status":
		d.say("ct status %s", d.set(e, statusNames))
	case "tcp flags":
		d.say("tcp flags %s", d.set(e, flagNames))
	case "ct mark", "meta mark":
		d.say("%s%s", subject, d.marks(e))
	case "ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr":
		d.say("%s %s%s", subject, operator(e.Op), d.prefix(e.Data))
	default:
		d.number(subject, e)
	}
}

// number writes a comparison with a number, or a range of two.
func (d *decompiler) number(subject string, e *expr.Cmp) {
	value := fmt.Sprint(number(e.Data))
	switch {
	case e.Op == expr.CmpOpGte && d.from == "":
		d.from = value
	case e.Op == expr.CmpOpLte && d.from != "":
		d.say("%s %s-%s", subject, d.from, value)
	default:
		d.say("%s %s%s", subject, operator(e.Op), value)
	}
}

func operator(op expr.CmpOp) string {
	switch op {
	case expr.CmpOpEq:
		return ""
	case expr.CmpOpNeq:
		return "!= "
	case expr.CmpOpLt:
		return "< "
	case expr.CmpOpLte:
		return "<= "
	case expr.CmpOpGt:
		return "> "
	}
	return ">= "
}

func nfproto(data []byte) string {
	switch {
	case bytes.Equal(data, []byte{unix.NFPROTO_IPV4}):
		return "ipv4"
	case bytes.Equal(data, []byte{unix.NFPROTO_IPV6}):
		return "ipv6"
	}
	return fmt.Sprint(number(data))
}

// prefix reads an address or the first bytes of one, under the mask.
func (d *decompiler) prefix(data []byte) string {
	whole := make([]byte, d.of.bits/8)
	bits := copy(whole, data) * 8
	a, _ := netip.AddrFromSlice(whole)
	if d.mask != nil {
		ones, size := net.IPMask(d.mask).Size()
		if size != d.of.bits {
			return fmt.Sprintf("%v&0x%x", a, d.mask)
		}
		bits = ones
	}
	if bits == d.of.bits {
		return a.String()
	}
	return netip.PrefixFrom(a, bits).String()
}

func number(data []byte) uint64 {
	var n uint64
	for _, b := range data {
		n = n<<8 | uint64(b)
	}
	return n
}

func (d *decompiler) lookup(e *expr.Lookup) {
	word := ""
	switch {
	case e.IsDestRegSet:
		word = "vmap "
	case e.Invert:
		word = "!= "
	}
	d.say("%s %s@%s", d.subject(), word, e.SetName)
}

func verdictText(kind expr.VerdictKind, chain string) string {
	switch kind {
	case expr.VerdictAccept:
		return "accept"
	case expr.VerdictDrop:
		return "drop"
	case expr.VerdictJump:
		return "jump " + chain
	case expr.VerdictGoto:
		return "goto " + chain
	case expr.VerdictReturn:
		return "return"
	}
	return fmt.Sprintf("verdict %d %s", kind, chain)
}
