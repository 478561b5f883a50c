package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A frame, little-endian:
//
//	uint32  length of the body
//	uint32  CRC-32C of the body
//	body:   byte     version, 1
//	        varint   time of ingestion
//	        uvarint  number of events, at least 1
//	        events:  varint   time, less that of the event before
//	                 uvarint  length of the message
//	                 bytes    message
const (
	frameHeader  = 8
	frameVersion = 1
	maxBody      = 4 << 20 // no longer frame is written or believed
	minEvent     = 2       // bytes of an empty event at time 0

	maxFrameHead = 1 + 2*binary.MaxVarintLen64 // bytes of a body before its events
	maxEventHead = 2 * binary.MaxVarintLen64   // of an event before its message
)

var (
	// errCut says that the bytes end inside the frame.
	errCut = errors.New("frame is cut off")
	// errDamaged says that the bytes are not what was written.
	errDamaged = errors.New("frame is damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends a frame with events, which are in the order of their times, to b.
func appendFrame(b []byte, ingested int64, events []Event) []byte {
	start := len(b)
	b = append(b, make([]byte, frameHeader)...)
	b = append(b, frameVersion)
	b = binary.AppendVarint(b, ingested)
	b = binary.AppendUvarint(b, uint64(len(events)))
	last := int64(0)
	for _, e := range events {
		b = binary.AppendVarint(b, e.Time-last)
		b = binary.AppendUvarint(b, uint64(len(e.Message)))
		b = append(b, e.Message...)
		last = e.Time
	}
	body := b[start+frameHeader:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(body, castagnoli))
	return b
}

// decodeFrame reads the frame at the beginning of b and returns its size. The
// first event has the given sequence.
func decodeFrame(b []byte, first uint64) (events []Event, size int, err error) {
	if len(b) < frameHeader {
		return nil, 0, errCut
	}
	length := binary.LittleEndian.Uint32(b)
	if length > maxBody {
		return nil, 0, errDamaged
	}
	size = frameHeader + int(length)
	if len(b) < size {
		return nil, 0, errCut
	}
	body := b[frameHeader:size]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0, errDamaged
	}
	events, err = decodeBody(body, first)
	return events, size, err
}

func decodeBody(body []byte, first uint64) ([]Event, error) {
	r := reader{rest: body}
	if r.byte() != frameVersion {
		return nil, errDamaged
	}
	ingested, count := r.varint(), r.uvarint()
	if r.bad || count == 0 || count > uint64(len(r.rest)/minEvent) {
		return nil, errDamaged
	}
	events := make([]Event, count)
	last := int64(0)
	for i := range events {
		last += r.varint()
		events[i] = Event{Time: last, Ingested: ingested, Sequence: first + uint64(i), Message: r.text()}
	}
	if r.bad || len(r.rest) != 0 {
		return nil, errDamaged
	}
	return events, nil
}

// reader takes values off the front of bytes; bad is set once one is missing.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
