package proxy

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// The bytes of the specification, and AWS's TLV 0xEA.
func TestHeader(t *testing.T) {
	const sign = "0d0a0d0a000d0a515549540a"
	for _, row := range []struct {
		source, destination, endpoint string
		want                          string
	}{
		{"10.0.1.7:49152", "10.0.2.9:443", "",
			sign + "21 11 000c" + "0a000107 0a000209 c000 01bb"},
		{"10.0.1.7:49152", "10.0.2.9:443", "vpce-08d2bf15fac5001c9",
			sign + "21 11 0026" + "0a000107 0a000209 c000 01bb" +
				"ea 0017 01 767063652d3038643262663135666163353030316339"},
		{"[2001:db8::7]:49152", "[2001:db8::9]:443", "",
			sign + "21 21 0024" + "20010db8000000000000000000000007 20010db8000000000000000000000009 c000 01bb"},
		{"10.0.1.7:1", "[2001:db8::9]:2", "",
			sign + "21 21 0024" + "00000000000000000000ffff0a000107 20010db8000000000000000000000009 0001 0002"},
	} {
		want := strings.ReplaceAll(row.want, " ", "")
		got := hex.EncodeToString(Header(netip.MustParseAddrPort(row.source), netip.MustParseAddrPort(row.destination), row.endpoint))
		if got != want {
			t.Errorf("%s to %s by %q:\n got %s\nwant %s", row.source, row.destination, row.endpoint, got, want)
		}
	}
	if got := hex.EncodeToString(LocalHeader()); got != sign+"20000000" {
		t.Errorf("local: %s", got)
	}
}

// What a target reads is what the client's side has said.
func FuzzHeader(f *testing.F) {
	f.Add([]byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}, uint16(1), uint16(2), "vpce-1")
	f.Add(bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16), uint16(3), uint16(4), "")
	f.Fuzz(func(t *testing.T, from, to []byte, fromPort, toPort uint16, endpoint string) {
		a, ok := netip.AddrFromSlice(from)
		b, also := netip.AddrFromSlice(to)
		if !ok || !also || a.Is4() != b.Is4() || len(endpoint) > 1000 {
			t.Skip()
		}
		source, destination := netip.AddrPortFrom(a, fromPort), netip.AddrPortFrom(b, toPort)
		s, d, id, err := parse(Header(source, destination, endpoint))
		if err != nil || s != source || d != destination || id != endpoint {
			t.Errorf("read %v, %v, %q, %v; want %v, %v, %q", s, d, id, err, source, destination, endpoint)
		}
	})
}

// parse reads a header as a target does, and refuses whatever follows it.
func parse(h []byte) (source, destination netip.AddrPort, endpoint string, err error) {
	rest, ok := bytes.CutPrefix(h, []byte("\r\n\r\n\x00\r\nQUIT\n\x21"))
	if !ok || len(rest) < 3 || len(rest) != 3+int(binary.BigEndian.Uint16(rest[1:])) {
		return source, destination, "", fmt.Errorf("no header: %x", h)
	}
	size := map[byte]int{0x11: 4, 0x21: 16}[rest[0]]
	body := rest[3:]
	if size == 0 || len(body) < 2*size+4 {
		return source, destination, "", fmt.Errorf("no addresses: %x", h)
	}
	a, _ := netip.AddrFromSlice(body[:size])
	b, _ := netip.AddrFromSlice(body[size : 2*size])
	ports, tlv := body[2*size:2*size+4], body[2*size+4:]
	source = netip.AddrPortFrom(a, binary.BigEndian.Uint16(ports))
	destination = netip.AddrPortFrom(b, binary.BigEndian.Uint16(ports[2:]))
	if len(tlv) == 0 {
		return source, destination, "", nil
	}
	if len(tlv) < 4 || tlv[0] != 0xEA || int(binary.BigEndian.Uint16(tlv[1:])) != len(tlv)-3 || tlv[3] != 1 {
		return source, destination, "", fmt.Errorf("no endpoint: %x", tlv)
	}
	return source, destination, string(tlv[4:]), nil
}
