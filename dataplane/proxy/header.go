package proxy

import (
	"encoding/binary"
	"net/netip"
)

// The PROXY protocol, version 2 ("The PROXY protocol, versions 1 & 2", section
// 2.2).
const (
	signature    = "\r\n\r\n\x00\r\nQUIT\n"
	versionLocal = 0x20 // version 2, command LOCAL
	versionProxy = 0x21 // version 2, command PROXY
	familyNone   = 0x00
	familyTCP4   = 0x11
	familyTCP6   = 0x21
)

// The type of AWS's own TLV, and its subtype that holds an endpoint's id.
const (
	typeAWS         = 0xEA
	subtypeEndpoint = 0x01
)

// Header is what a connection to a target begins with: from where the client
// has connected, to which address, and the id of the endpoint that it came
// through, if any. The header is of IPv4 where both addresses are.
func Header(source, destination netip.AddrPort, endpoint string) []byte {
	var body []byte
	family := byte(familyTCP6)
	if source.Addr().Is4() && destination.Addr().Is4() {
		family = familyTCP4
		body = append(body, source.Addr().AsSlice()...)
		body = append(body, destination.Addr().AsSlice()...)
	} else {
		from, to := source.Addr().As16(), destination.Addr().As16() // IPv4 as ::ffff:a.b.c.d
		body = append(append(body, from[:]...), to[:]...)
	}
	body = binary.BigEndian.AppendUint16(body, source.Port())
	body = binary.BigEndian.AppendUint16(body, destination.Port())
	if endpoint != "" {
		body = append(body, typeAWS)
		body = binary.BigEndian.AppendUint16(body, uint16(1+len(endpoint)))
		body = append(append(body, subtypeEndpoint), endpoint...)
	}
	return header(versionProxy, family, body)
}

// LocalHeader is what a connection begins with that the load balancer makes
// for itself: a health check has no client to tell about.
func LocalHeader() []byte { return header(versionLocal, familyNone, nil) }

func header(version, family byte, body []byte) []byte {
	h := append([]byte(signature), version, family)
	h = binary.BigEndian.AppendUint16(h, uint16(len(body)))
	return append(h, body...)
}
