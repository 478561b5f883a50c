package nft

import (
	"encoding/binary"
	"slices"

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
	reg3 = unix.NFT_REG_3
	reg4 = unix.NFT_REG_4
)

// Offsets in the header of TCP and UDP, in bytes.
const (
	sourcePort      = 0
	destinationPort = 2
)

// States of a connection, as bits.
const (
	invalid     = expr.CtStateBitINVALID
	established = expr.CtStateBitESTABLISHED
	related     = expr.CtStateBitRELATED
	fresh       = expr.CtStateBitNEW
)

func rule(parts ...[]expr.Any) Rule { return Rule{Exprs: slices.Concat(parts...)} }

// allow makes the rules for a security group's rule; peer is the side of its
// peer. A peer that is a group has addresses of all families given.
func allow(r vpc.SecurityGroupRule, peer side, of []family) []Rule {
	var all []Rule
	add := func(match []expr.Any) {
		out := rule(match, protocol(r), accept())
		out.Comment = r.ID
		all = append(all, out)
	}
	if r.Group == "" {
		add(inPrefix(peer, r.CIDR))
		return all
	}
	for _, f := range of {
		add(f.inSet(peer, r.Group))
	}
	return all
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
	case vpc.ProtocolICMP, vpc.ProtocolICMPv6:
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
		equal(port16(n)))
}

func port16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// anyPort matches a port of whatever protocol, and perhaps something else of
// one that has none: it is quick and leaves the rest to others.
func anyPort(s side, n uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: portOffset(s), Len: 2},
		equal(port16(n)),
	}
}

func portOffset(s side) uint32 {
	if s == source {
		return sourcePort
	}
	return destinationPort
}

func ports(protocol int, from, to uint16) []expr.Any {
	return append(l4proto(protocol),
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: destinationPort, Len: 2},
		&expr.Cmp{Op: expr.CmpOpGte, Register: reg1, Data: port16(from)},
		&expr.Cmp{Op: expr.CmpOpLte, Register: reg1, Data: port16(to)})
}

// icmpField matches the type (offset 0) or the code (offset 1).
func icmpField(offset uint32, value int) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 1},
		equal([]byte{byte(value)}),
	}
}

// icmpTypes matches a range of types.
func icmpTypes(protocol int, from, to byte) []expr.Any {
	return append(l4proto(protocol),
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
		&expr.Cmp{Op: expr.CmpOpGte, Register: reg1, Data: []byte{from}},
		&expr.Cmp{Op: expr.CmpOpLte, Register: reg1, Data: []byte{to}})
}

func linkMap(key expr.MetaKey, m string) []expr.Any {
	return append([]expr.Any{&expr.Meta{Key: key, Register: reg1}}, verdicts(m)...)
}

// verdicts goes where a map leads for the key in the registers.
func verdicts(m string) []expr.Any {
	return []expr.Any{&expr.Lookup{SourceRegister: reg1, SetName: m, IsDestRegSet: true, DestRegister: unix.NFT_REG_VERDICT}}
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

func goTo(chain string) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictGoto, Chain: chain}}
}
