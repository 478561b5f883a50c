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

// pack encodes reply, which answers query, for a transport that carries
// messages of up to size bytes. What does not fit is cut off and marked.
// Nothing is marked authoritative: this is a resolver.
func pack(query, reply *miekg.Msg, size int) []byte {
	reply.RecursionAvailable = true
	if opt := query.IsEdns0(); opt != nil {
		reply.SetEdns0(udpSize, opt.Do())
	}
	reply.Truncate(size)
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

// udpLimit is how large an answer over UDP to q may be (RFC 6891, 6.2.3).
func udpLimit(q *miekg.Msg) int {
	opt := q.IsEdns0()
	if opt == nil {
		return miekg.MinMsgSize
	}
	return max(miekg.MinMsgSize, min(udpSize, int(opt.UDPSize())))
}
