package dns

import (
	"encoding/binary"

	miekg "github.com/miekg/dns"
)

// This file answers by hand, without an allocation, what nearly every query
// asks: the addresses of a name that exists here. It writes what answer and
// pack write (plain_test.go compares them), and leaves all else to those.

const (
	optSize = 11 // of an OPT record without options
	// pointer marks an offset in a message that stands for a name.
	pointer = 0xc000
)

// plainQuery is one question of class IN for A or AAAA with a name of ordinary
// characters, and EDNS of version 0 without options or none.
type plainQuery struct {
	buf      [256]byte
	size     int // of the name in buf
	qtype    uint16
	end      int // of the question in the packet
	limit    int // of the answer's size
	edns, do bool
}

// name is in canonical form.
func (q *plainQuery) name() []byte { return q.buf[:q.size] }

// parse reads a packet into q. It reports false for every other kind of
// packet.
func (q *plainQuery) parse(packet []byte, t transport) bool {
	if len(packet) < headerSize || packet[2]&^1 != 0 || packet[3]&^0x30 != 0 { // more than RD, AD and CD
		return false
	}
	counts := packet[4:headerSize]
	if counts[0] != 0 || counts[1] != 1 || counts[2]|counts[3]|counts[4]|counts[5]|counts[6] != 0 || counts[7] > 1 {
		return false
	}
	at, ok := q.parseName(packet)
	if !ok || len(packet) < at+4 {
		return false
	}
	q.qtype, q.end = binary.BigEndian.Uint16(packet[at:]), at+4
	if q.qtype != miekg.TypeA && q.qtype != miekg.TypeAAAA || binary.BigEndian.Uint16(packet[at+2:]) != miekg.ClassINET {
		return false
	}
	if counts[7] == 0 {
		q.limit = t.limit(0)
		return len(packet) == q.end
	}
	return q.parseOPT(packet[q.end:], t)
}

// parseName reads the name after the header and returns where it ends.
func (q *plainQuery) parseName(packet []byte) (end int, ok bool) {
	at, buf := headerSize, q.buf[:0]
	for at < len(packet) && packet[at] != 0 {
		size := int(packet[at])
		at++
		if size > 63 || at+size > len(packet) || at+size-headerSize > 254 {
			return 0, false
		}
		for _, c := range packet[at : at+size] {
			switch {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			case 'A' <= c && c <= 'Z':
				c += 'a' - 'A'
			default:
				return 0, false
			}
			buf = append(buf, c)
		}
		buf = append(buf, '.')
		at += size
	}
	q.size = len(buf)
	return at + 1, at < len(packet) && len(buf) > 0
}

func (q *plainQuery) parseOPT(opt []byte, t transport) bool {
	if len(opt) != optSize || opt[0] != 0 || binary.BigEndian.Uint16(opt[1:]) != miekg.TypeOPT {
		return false
	}
	if opt[5]|opt[6]|opt[9]|opt[10] != 0 { // extended code, version, size of the options
		return false
	}
	q.edns, q.do = true, opt[7]&0x80 != 0
	q.limit = t.limit(int(binary.BigEndian.Uint16(opt[3:])))
	return true
}

// answerPlain appends the answer to a packet to out. It returns false, and out
// as it was, when it must be given by answer.
func answerPlain(private *zones, public *directory, out, packet []byte, t transport) ([]byte, bool) {
	var q plainQuery
	if !q.parse(packet, t) {
		return out, false
	}
	n := private.nodes[string(q.name())]
	if n == nil {
		n = public.findBytes(q.name())
	}
	if n == nil {
		return out, false
	}
	m := plainAnswer{out: out, start: len(out)}
	m.question(packet[:q.end])
	owner, zone := headerSize, headerSize+q.size-len(n.apex)
	if alias := n.cname; alias != nil {
		n = exact(private, public, alias.target)
		if n == nil {
			return out, false
		}
		owner = m.alias(owner, alias.wire)
		zone = owner + len(alias.target) - len(n.apex)
	}
	addresses := &n.a
	if q.qtype == miekg.TypeAAAA {
		addresses = &n.aaaa
	}
	room := q.limit - m.size() - optSize
	switch size := addresses.size(); {
	case size > room, soaSize > room:
		return out, false
	case size > 0:
		m.addresses(owner, addresses)
	default:
		m.soa(zone)
	}
	if q.edns {
		m.opt(q.do)
	}
	return m.out, true
}
