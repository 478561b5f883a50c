package nft

import (
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// clamp is the chain that lowers the largest segment a SYN announces to what
// the links carry.
const clamp = "clamp"

const (
	tcpHeader   = 20 // bytes, without options
	tcpFlags    = 13 // offset of the flags
	tcpSYN      = 0x02
	tcpRST      = 0x04
	optionMSS   = 2
	offsetInMSS = 2
	ipv4Header  = 20
	ipv6Header  = 40
)

// clampSYN clamps what is a SYN, if the VPC is configured to.
func (b *builder) clampSYN() []Rule {
	if !b.config.ClampMSS {
		return nil
	}
	return []Rule{rule(flags(tcpSYN), jump(b.clamp()))}
}

// clampTranslated clamps both directions of the connections of frontends.
func (b *builder) clampTranslated() []Rule {
	if !b.config.ClampMSS {
		return nil
	}
	return []Rule{rule(translated(), flags(tcpSYN), jump(b.clamp()))}
}

func (b *builder) clamp() string {
	return b.once(clamp, func() []Rule {
		return []Rule{
			rule(ipv4.is(), setMSS(link.MTU-ipv4Header-tcpHeader)),
			rule(ipv6.is(), setMSS(link.MTU-ipv6Header-tcpHeader)),
		}
	})
}

// setMSS never raises it; a SYN without the option stays as it is.
func setMSS(size uint16) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: reg1, Data: port16(size)},
		&expr.Exthdr{SourceRegister: reg1, Type: optionMSS, Offset: offsetInMSS, Len: 2, Op: expr.ExthdrOpTcpopt},
	}
}

// flags matches TCP packets with one of the flags.
func flags(bits byte) []expr.Any {
	return append(l4proto(vpc.ProtocolTCP),
		&expr.Payload{DestRegister: reg1, Base: expr.PayloadBaseTransportHeader, Offset: tcpFlags, Len: 1},
		&expr.Bitwise{SourceRegister: reg1, DestRegister: reg1, Len: 1, Mask: []byte{bits}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: reg1, Data: []byte{0}})
}

// reset answers a TCP packet with RST.
func reset() []expr.Any { return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}} }
