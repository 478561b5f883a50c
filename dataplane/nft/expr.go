package nft

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// The functions of this file write the expressions that nft(8) would write
// for the same rule, including the matches that it adds unseen: ip saddr
// needs meta nfproto ipv4, tcp dport needs meta l4proto tcp.

// Registers of 16 bytes. A concatenation fills them one after the other.
const (
	reg1 = unix.NFT_REG_1
	reg2 = unix.NFT_REG_2
)

// Offsets in the IPv4 header and in that of TCP and UDP, in bytes.
const (
	source          = 12
	destination     = 16
	sourcePort      = 0
	destinationPort = 2
)

// States of a connection, as bits.
const (
	invalid     = expr.CtStateBitINVALID
	established = expr.CtStateBitESTABLISHED
	related     = expr.CtStateBitRELATED
)

func rule(parts ...[]expr.Any) Rule { return Rule{Exprs: slices.Concat(parts...)} }

// allow is the rule for a security group's rule; peer is the offset of the
// peer's address.
func allow(r vpc.SecurityGroupRule, peer uint32) Rule {
	var match []expr.Any
	switch {
	case r.Group != "":
		match = inSet(peer, r.Group)
	case r.CIDR.Bits() > 0:
		match = inPrefix(peer, r.CIDR)
	}
	out := rule(match, protocol(r), accept())
	out.Comment = r.ID
	return out
}

func protocol(r vpc.SecurityGroupRule) []expr.Any {
	switch r.Protocol {
	case vpc.ProtocolAll:
		return nil
	case vpc.ProtocolTCP, vpc.ProtocolUDP:
		from, to := uint16(max(r.FromPort, 0)), uint16(r.ToPort)
		if r.ToPort < 0 {
			to = 65535
		}
		switch {
		case from == 0 && to == 65535:
			return l4proto(r.Protocol)
		case from == to:
			return port(r.Protocol, destinationPort, from)
		}
		return ports(r.Protocol, from, to)
	case vpc.ProtocolICMP:
		match := l4proto(r.Protocol)
		if r.FromPort >= 0 {
			match = append(match, icmpField(0, r.FromPort)...)
		}
		if r.FromPort >= 0 && r.ToPort >= 0 {
			match = append(match, icmpField(1, r.ToPort)...)
		}
		return match
	}
	return l4proto(r.Protocol)
}

func l4proto(protocol int) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg1},
		equal([]byte{byte(protocol)}),
	}
}

func port(protocol int, offset uint32, n uint16) []expr.Any {
	return append(l4proto(protocol),
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2},
		equal(binary.BigEndian.AppendUint16(nil, n)))
}

func ports(protocol int, from, to uint16) []expr.Any {
	return append(l4proto(protocol),
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: destinationPort, Len: 2},
		&expr.Cmp{Op: expr.CmpOpGte, Register: reg1, Data: binary.BigEndian.AppendUint16(nil, from)},
		&expr.Cmp{Op: expr.CmpOpLte, Register: reg1, Data: binary.BigEndian.AppendUint16(nil, to)})
}

// icmpField matches the type (offset 0) or the code (offset 1).
func icmpField(offset uint32, value int) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 1},
		equal([]byte{byte(value)}),
	}
}

func ipv4(op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: reg1},
		&expr.Cmp{Op: op, Register: reg1, Data: []byte{unix.NFPROTO_IPV4}},
	}
}

func notIPv4() []expr.Any { return ipv4(expr.CmpOpNeq) }

// field loads the source or the destination address.
func field(offset, register uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}
}

func inSet(offset uint32, set string) []expr.Any {
	return append(ipv4(expr.CmpOpEq), field(offset, reg1), &expr.Lookup{SourceRegister: reg1, SetName: set})
}

// inPrefix loads no more than the bytes that p fixes, if it ends on a byte.
func inPrefix(offset uint32, p netip.Prefix) []expr.Any {
	p = p.Masked()
	a := p.Addr().AsSlice()
	if p.Bits()%8 == 0 {
		n := p.Bits() / 8
		return append(ipv4(expr.CmpOpEq),
			&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(n)},
			equal(a[:n]))
	}
	return append(ipv4(expr.CmpOpEq), field(offset, reg1),
		&expr.Bitwise{SourceRegister: reg1, DestRegister: reg1, Len: 4, Mask: net.CIDRMask(p.Bits(), 32), Xor: make([]byte, 4)},
		equal(a))
}

func linkAndSourceNotIn(set string) []expr.Any {
	return append(ipv4(expr.CmpOpEq),
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: reg1},
		field(source, reg2),
		&expr.Lookup{SourceRegister: reg1, SetName: set, Invert: true})
}

func linkMap(key expr.MetaKey, m string) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: key, Register: reg1},
		&expr.Lookup{SourceRegister: reg1, SetName: m, IsDestRegSet: true, DestRegister: unix.NFT_REG_VERDICT},
	}
}

func addressMap(offset uint32, m string) []expr.Any {
	return append(ipv4(expr.CmpOpEq), field(offset, reg1),
		&expr.Lookup{SourceRegister: reg1, SetName: m, IsDestRegSet: true, DestRegister: unix.NFT_REG_VERDICT})
}

func state(bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: reg1},
		&expr.Bitwise{SourceRegister: reg1, DestRegister: reg1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: reg1, Data: make([]byte, 4)},
	}
}

func log(prefix string) []expr.Any {
	return []expr.Any{&expr.Log{
		Key:     1<<unix.NFTA_LOG_GROUP | 1<<unix.NFTA_LOG_PREFIX | 1<<unix.NFTA_LOG_SNAPLEN,
		Group:   LogGroup,
		Snaplen: Snaplen,
		Data:    []byte(prefix),
	}}
}

func equal(data []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: reg1, Data: data} }
func notrack() []expr.Any        { return []expr.Any{&expr.Notrack{}} }
func accept() []expr.Any         { return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}} }
func drop() []expr.Any           { return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}} }

func jump(chain string) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chain}}
}
