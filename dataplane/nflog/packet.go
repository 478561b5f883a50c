package nflog

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// parsePacket reads the beginning of an IP packet: who with whom, and its
// length in bytes. Ports are 0 where there are none: other protocols, and
// fragments after the first.
func parsePacket(b []byte) (t vpc.Tuple, length uint64, ok bool) {
	if len(b) == 0 {
		return vpc.Tuple{}, 0, false
	}
	switch b[0] >> 4 {
	case 4:
		return parseIPv4(b)
	case 6:
		return parseIPv6(b)
	}
	return vpc.Tuple{}, 0, false
}

func parseIPv4(b []byte) (t vpc.Tuple, length uint64, ok bool) {
	const minHeader = 20
	if len(b) < minHeader {
		return vpc.Tuple{}, 0, false
	}
	header := int(b[0]&0x0f) * 4
	if header < minHeader {
		return vpc.Tuple{}, 0, false
	}
	var src, dst uint16
	if first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0; first {
		src, dst = ports(b[9], rest(b, header))
	}
	t = vpc.Tuple{
		Protocol: b[9],
		Src:      netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), src),
		Dst:      netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), dst),
	}
	return t, uint64(binary.BigEndian.Uint16(b[2:])), true
}

func parseIPv6(b []byte) (t vpc.Tuple, length uint64, ok bool) {
	const header = 40
	if len(b) < header {
		return vpc.Tuple{}, 0, false
	}
	protocol, payload, first := skipExtensions(b[6], b[header:])
	var src, dst uint16
	if first {
		src, dst = ports(protocol, payload)
	}
	t = vpc.Tuple{
		Protocol: protocol,
		Src:      netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), src),
		Dst:      netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:40])), dst),
	}
	return t, header + uint64(binary.BigEndian.Uint16(b[4:])), true
}

// skipExtensions goes over the extension headers of an IPv6 packet, which begin
// with that of type next, as far as they are in b. It is not the first part of
// its packet if a fragment header says so.
func skipExtensions(next byte, b []byte) (protocol byte, payload []byte, first bool) {
	for first = true; first; {
		size := 8 // of the header, in bytes
		switch next {
		case unix.IPPROTO_HOPOPTS, unix.IPPROTO_ROUTING, unix.IPPROTO_DSTOPTS, unix.IPPROTO_MH:
			if len(b) > 1 {
				size = 8 + 8*int(b[1])
			}
		case unix.IPPROTO_AH:
			if len(b) > 1 {
				size = 8 + 4*int(b[1])
			}
		case unix.IPPROTO_FRAGMENT:
			first = len(b) >= 4 && binary.BigEndian.Uint16(b[2:])&^7 == 0
		default:
			return next, b, true
		}
		if len(b) < size {
			return next, nil, first // cut within a header: its type is all that is known
		}
		next, b = b[0], b[size:]
	}
	return next, b, false
}

// ports are those at the beginning of the payload of a protocol.
func ports(protocol byte, payload []byte) (src, dst uint16) {
	if !hasPorts(protocol) || len(payload) < 4 {
		return 0, 0
	}
	return binary.BigEndian.Uint16(payload), binary.BigEndian.Uint16(payload[2:])
}

// rest is b from an offset on, as far as there is any.
func rest(b []byte, offset int) []byte { return b[min(offset, len(b)):] }

func hasPorts(protocol byte) bool {
	switch protocol {
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_SCTP, unix.IPPROTO_DCCP, unix.IPPROTO_UDPLITE:
		return true
	}
	return false
}

// parsePrefix reads what the filter wrote beside a packet: an ENI and which
// of its directions.
func parsePrefix(s string) (eni string, egress, ok bool) {
	eni, direction, _ := strings.Cut(s, " ")
	if !vpc.ValidID("eni", eni) || direction != "in" && direction != "out" {
		return "", false, false
	}
	return eni, direction == "out", true
}
