package dns

import (
	"encoding/binary"

	miekg "github.com/miekg/dns"
)

// plainAnswer writes an answer behind what out holds already. Its counts in
// the header are kept as records are written.
type plainAnswer struct {
	out   []byte
	start int // of the message
}

func (m *plainAnswer) size() int { return len(m.out) - m.start }

// question writes the header and the question, as they came, as those of an
// answer.
func (m *plainAnswer) question(query []byte) {
	m.out = append(m.out, query...)
	header := m.out[m.start:]
	header[2] = header[2]&1 | 0x80    // RD stays, QR
	header[3] = header[3]&0x10 | 0x80 // CD stays, RA
	clear(header[6:headerSize])       // records
}

// count adds to the number of records in one of the header's sections.
func (m *plainAnswer) count(at, n int) {
	field := m.out[m.start+at:]
	binary.BigEndian.PutUint16(field, binary.BigEndian.Uint16(field)+uint16(n))
}

// Where the header counts the records of each section.
const (
	atAnswers    = 6
	atAuthority  = 8
	atAdditional = 10
)

// owner writes the name that stands at an offset of the message.
func (m *plainAnswer) owner(at int) {
	m.out = binary.BigEndian.AppendUint16(m.out, pointer|uint16(at))
}

// alias writes a CNAME record, and returns where its target stands.
func (m *plainAnswer) alias(owner int, target []byte) int {
	m.owner(owner)
	m.out = appendRecordHead(m.out, miekg.TypeCNAME, len(target))
	at := m.size()
	m.out = append(m.out, target...)
	m.count(atAnswers, 1)
	return at
}

// addresses writes the records in their next order.
func (m *plainAnswer) addresses(owner int, r *addresses) {
	width := r.width()
	first := r.next() * width
	for _, part := range [][]byte{r.wire[first:], r.wire[:first]} {
		for ; len(part) > 0; part = part[width:] {
			m.owner(owner)
			m.out = append(m.out, part[:width]...)
		}
	}
	m.count(atAnswers, int(r.count))
}

// opt writes the EDNS record (see pack).
func (m *plainAnswer) opt(do bool) {
	var flags byte
	if do {
		flags = 0x80
	}
	m.out = append(m.out, 0, 0, byte(miekg.TypeOPT), udpSize>>8, udpSize&0xff, 0, 0, flags, 0, 0, 0)
	m.count(atAdditional, 1)
}

// soaSize is the size of an SOA record with its names compressed, all but
// soaMbox.
const (
	soaSize = 2 + 10 + 2 + len(soaMbox) + 5*4
	soaMbox = "\x06nobody\x07invalid\x00"
)

// soa writes the record of a denial (see soa).
func (m *plainAnswer) soa(zone int) {
	m.owner(zone)
	m.out = appendRecordHead(m.out, miekg.TypeSOA, soaSize-12)
	m.owner(zone)
	m.out = append(m.out, soaMbox...)
	for _, n := range []uint32{soaSerial, soaRefresh, soaRetry, soaExpire, ttl} {
		m.out = binary.BigEndian.AppendUint32(m.out, n)
	}
	m.count(atAuthority, 1)
}
