package nft

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// bitNames are the names of bits, in the order in which nft lists them.
type bitNames []struct {
	bit  uint32
	name string
}

var (
	stateNames  = bitNames{{invalid, "invalid"}, {established, "established"}, {related, "related"}, {fresh, "new"}}
	statusNames = bitNames{{destinationTranslated, "dnat"}}
	flagNames   = bitNames{{tcpSYN, "syn"}, {tcpRST, "rst"}}
)

// set reads "the value and mask is not 0".
func (d *decompiler) set(e *expr.Cmp, names bitNames) string {
	var bits uint32
	switch len(d.mask) {
	case 4:
		bits = binaryutil.NativeEndian.Uint32(d.mask)
	case 1:
		bits = uint32(d.mask[0])
	}
	if bits == 0 || e.Op != expr.CmpOpNeq || number(e.Data) != 0 {
		return fmt.Sprintf("%s0x%x/0x%x", operator(e.Op), e.Data, d.mask)
	}
	var list []string
	for _, s := range names {
		if bits&s.bit != 0 {
			list = append(list, s.name)
			bits &^= s.bit
		}
	}
	if bits != 0 {
		list = append(list, fmt.Sprintf("0x%x", bits))
	}
	return strings.Join(list, ",")
}

// marks reads a comparison with a mark, under the mask.
func (d *decompiler) marks(e *expr.Cmp) string {
	text := ""
	if d.mask != nil {
		text = " & " + hexMark(d.mask)
	}
	return text + " " + operator(e.Op) + hexMark(e.Data)
}

func hexMark(b []byte) string {
	if len(b) != 4 {
		return fmt.Sprintf("0x%x (%d bytes)", b, len(b))
	}
	return fmt.Sprintf("0x%08x", binaryutil.NativeEndian.Uint32(b))
}

func (d *decompiler) ctName(e *ct) string {
	direction := ""
	switch e.direction {
	case noDirection:
	case originalDirection:
		direction = "original "
	default:
		direction = fmt.Sprintf("direction %d ", e.direction)
	}
	names := map[expr.CtKey]string{
		expr.CtKeySTATE: "state", expr.CtKeySTATUS: "status", expr.CtKeyMARK: "mark", expr.CtKeyZONE: "zone",
		expr.CtKeyPROTODST: "proto-dst", ctKeyDestination: "ip daddr", ctKeyDestination6: "ip6 daddr",
	}
	if name, ok := names[e.key]; ok {
		return "ct " + direction + name
	}
	return fmt.Sprintf("ct %skey %d", direction, e.key)
}

func (d *decompiler) constant(e *expr.Immediate) {
	if d.constants == nil {
		d.constants = map[uint32][]byte{}
	}
	d.constants[e.Register] = e.Data
}

// compute notes what another register holds besides the last load.
func (d *decompiler) compute(e *expr.Bitwise) {
	if d.computed == nil {
		d.computed = map[uint32]string{}
	}
	text := fmt.Sprintf("%s & 0x%x ^ 0x%x", d.subject(), e.Mask, e.Xor)
	if len(e.Mask) == 2 && len(e.Xor) == 2 { // nft reads the machine's order
		text = fmt.Sprintf("%s & %d ^ %d", d.subject(), binaryutil.NativeEndian.Uint16(e.Mask), binaryutil.NativeEndian.Uint16(e.Xor))
	}
	d.computed[e.DestRegister] = text
}

// assign writes a setting of a field from a register.
func (d *decompiler) assign(field string, register uint32) {
	value := d.subject()
	if b, ok := d.constants[register]; ok {
		switch len(b) {
		case 2:
			value = fmt.Sprint(binaryutil.NativeEndian.Uint16(b))
		default:
			value = hexMark(b)
		}
	}
	d.say("%s set %s", field, value)
	d.reset()
}

// statement writes what does something else than to match or to decide.
func (d *decompiler) statement(e expr.Any) string {
	switch e := e.(type) {
	case *expr.NAT:
		return d.nat(e)
	case *expr.Objref:
		if e.Type == unix.NFT_OBJECT_CT_TIMEOUT {
			return fmt.Sprintf("ct timeout set %q", e.Name)
		}
		return fmt.Sprintf("object %q of kind %d", e.Name, e.Type)
	case *expr.Reject:
		if e.Type == unix.NFT_REJECT_TCP_RST {
			return "reject with tcp reset"
		}
		return fmt.Sprintf("reject with %d code %d", e.Type, e.Code)
	case *expr.Exthdr:
		if e.Op == expr.ExthdrOpTcpopt && e.Type == optionMSS && e.Offset == offsetInMSS && e.Len == 2 && e.SourceRegister != 0 {
			return fmt.Sprintf("tcp option maxseg size set %d", number(d.constants[e.SourceRegister]))
		}
		return fmt.Sprintf("%+v", *e)
	case *expr.Dynset:
		return d.dynset(e)
	}
	return fmt.Sprintf("%T", e)
}

func (d *decompiler) dynset(e *expr.Dynset) string {
	if e.Operation != unix.NFT_DYNSET_OP_UPDATE || len(e.Exprs) != 1 || e.SrcRegData != 0 || e.Invert {
		return fmt.Sprintf("%+v", *e)
	}
	l, ok := e.Exprs[0].(*expr.Limit)
	if !ok || l.Type != expr.LimitTypePkts || l.Unit != expr.LimitTimeSecond || !l.Over {
		return fmt.Sprintf("update @%s of %+v", e.SetName, e.Exprs[0])
	}
	return fmt.Sprintf("update @%s { %s timeout %.0fs limit rate over %d/second burst %d packets }",
		e.SetName, d.subject(), e.Timeout.Seconds(), l.Rate, l.Burst)
}

func (d *decompiler) nat(e *expr.NAT) string {
	kind, to := "dnat", natText(d.constants[e.RegAddrMin])
	if e.Type == expr.NATTypeSourceNAT {
		kind = "snat"
	}
	name := fmt.Sprintf("family %d", e.Family)
	for _, f := range families {
		if uint32(f.number) == e.Family {
			name = f.name
		}
	}
	if e.RegAddrMax != 0 && e.RegAddrMax != e.RegAddrMin {
		to += "-" + natText(d.constants[e.RegAddrMax])
	}
	if e.RegProtoMin != 0 {
		to += ":" + d.portText(e.RegProtoMin)
	}
	if e.RegProtoMax != 0 && e.RegProtoMax != e.RegProtoMin {
		to += "-" + d.portText(e.RegProtoMax)
	}
	for _, f := range []struct {
		set  bool
		name string
	}{{e.Random, " random"}, {e.FullyRandom, " fully-random"}, {e.Persistent, " persistent"}, {e.Prefix, " prefix"}} {
		if f.set {
			to += f.name
		}
	}
	return fmt.Sprintf("%s %s to %s", kind, name, to)
}

func natText(b []byte) string {
	a, ok := netip.AddrFromSlice(b)
	switch {
	case !ok:
		return fmt.Sprintf("0x%x", b)
	case a.Is6():
		return "[" + a.String() + "]"
	}
	return a.String()
}

// portText is the port in a register: a constant, or what was computed last.
func (d *decompiler) portText(register uint32) string {
	b, constant := d.constants[register]
	switch {
	case constant && len(b) == 2:
		return fmt.Sprint(binary.BigEndian.Uint16(b))
	case constant:
		return fmt.Sprintf("0x%x", b)
	}
	if text, ok := d.computed[register]; ok {
		return text
	}
	return d.subject()
}
