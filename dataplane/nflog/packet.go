package nflog

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// parsePacket reads the beginning of an IPv4 packet: who with whom, and its
// length in bytes. Ports are 0 where there are none: other protocols, and
// fragments after the first.
func parsePacket(b []byte) (t vpc.Tuple, length uint64, ok bool) {
	const minHeader = 20
	if len(b) < minHeader || b[0]>>4 != 4 {
		return vpc.Tuple{}, 0, false
	}
	header := int(b[0]&0x0f) * 4
	if header < minHeader {
		return vpc.Tuple{}, 0, false
	}
	var src, dst uint16
	first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0
	if first && hasPorts(b[9]) && len(b) >= header+4 {
		src, dst = binary.BigEndian.Uint16(b[header:]), binary.BigEndian.Uint16(b[header+2:])
	}
	t = vpc.Tuple{
		Protocol: b[9],
		Src:      netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), src),
		Dst:      netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), dst),
	}
	return t, uint64(binary.BigEndian.Uint16(b[2:])), true
}

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
