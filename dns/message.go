package dns

import (
	miekg "github.com/miekg/dns"
)

const (
	headerSize = 12
	// udpSize is the largest message sent over UDP, and the size offered:
	// it passes every path without fragments (DNS flag day 2020).
	udpSize = 1232
)

// parse reads one packet. When ok it deserves an answer: rcode refuses it
// unless it is RcodeSuccess. What is not ok must be dropped: an answer to an
// answer would loop. Of a malformed packet query holds what its header said.
func parse(packet []byte) (query *miekg.Msg, rcode int, ok bool) {
	if len(packet) < headerSize || packet[2]&0x80 != 0 {
		return nil, 0, false
	}
	q := new(miekg.Msg)
	if err := q.Unpack(packet); err != nil {
		q = &miekg.Msg{MsgHdr: miekg.MsgHdr{
			Id:               uint16(packet[0])<<8 | uint16(packet[1]),
			Opcode:           int(packet[2]>>3) & 0xf,
			RecursionDesired: packet[2]&1 != 0,
		}}
	}
	return q, check(q), true
}

// check returns the code that refuses q, or RcodeSuccess. The resolver answers
// queries of class IN and nothing else; one that does not desire recursion is
// answered like any other.
func check(q *miekg.Msg) int {
	switch q.Opcode {
	case miekg.OpcodeQuery:
	case miekg.OpcodeNotify:
		return miekg.RcodeRefused
	default:
		return miekg.RcodeNotImplemented
	}
	if len(q.Question) != 1 || opts(q) > 1 {
		return miekg.RcodeFormatError
	}
	if opt := q.IsEdns0(); opt != nil && opt.Version() != 0 {
		return miekg.RcodeBadVers
	}
	question := q.Question[0]
	if question.Qclass != miekg.ClassINET {
		return miekg.RcodeRefused
	}
	return checkType(question.Qtype)
}

// checkType refuses the types that ask for no data: transfers and others of
// the range of meta types (RFC 6895), apart from ANY.
func checkType(t uint16) int {
	switch {
	case t == miekg.TypeOPT:
		return miekg.RcodeFormatError
	case t == miekg.TypeNone, 128 <= t && t < miekg.TypeANY:
		return miekg.RcodeRefused
	}
	return miekg.RcodeSuccess
}

func opts(m *miekg.Msg) int {
	n := 0
	for _, rr := range m.Extra {
		if rr.Header().Rrtype == miekg.TypeOPT {
			n++
		}
	}
	return n
}

// pack encodes reply, which answers query. What t does not carry is cut off
// and marked. Nothing is marked authoritative: this is a resolver.
func pack(query, reply *miekg.Msg, t transport) []byte {
	reply.RecursionAvailable = true
	if opt := query.IsEdns0(); opt != nil {
		reply.SetEdns0(udpSize, opt.Do())
	}
	reply.Truncate(t.limit(offered(query)))
	reply.Compress = true
	b, err := reply.Pack()
	if err == nil {
		return b
	}
	// Only an upstream's answer can hold what does not encode.
	failed := new(miekg.Msg).SetRcode(query, miekg.RcodeServerFailure)
	failed.RecursionAvailable = true
	b, err = failed.Pack()
	if err != nil {
		return nil
	}
	return b
}

// transport is what carries a query and its answer.
type transport int

const (
	overUDP transport = iota
	overTCP
)

// limit is how large an answer may be to a client that offers a size, 0
// without EDNS (RFC 6891, section 6.2.3).
func (t transport) limit(offered int) int {
	if t == overTCP {
		return miekg.MaxMsgSize
	}
	return max(miekg.MinMsgSize, min(udpSize, offered))
}

// offered is the size that q offers for its answer, 0 without EDNS.
func offered(q *miekg.Msg) int {
	if opt := q.IsEdns0(); opt != nil {
		return int(opt.UDPSize())
	}
	return 0
}
