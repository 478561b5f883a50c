package nflog

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/postern/postern/vpc"
)

// packet is an IPv4 header and the first bytes of what it carries.
func packet(protocol byte, headerWords byte, fragment uint16, payload ...byte) []byte {
	b := make([]byte, int(headerWords)*4)
	b[0] = 0x40 | headerWords
	binary.BigEndian.PutUint16(b[2:], 1234)
	binary.BigEndian.PutUint16(b[6:], fragment)
	b[9] = protocol
	copy(b[12:], []byte{10, 0, 1, 5})
	copy(b[16:], []byte{10, 0, 2, 7})
	return append(b, payload...)
}

func TestParsePacket(t *testing.T) {
	ports := []byte{0x9c, 0x40, 0x01, 0xbb}
	for name, row := range map[string]struct {
		b        []byte
		src, dst uint16
		ok       bool
	}{
		"TCP":                  {packet(6, 5, 0, ports...), 40000, 443, true},
		"UDP with options":     {packet(17, 15, 0, ports...), 40000, 443, true},
		"first fragment":       {packet(17, 5, 0x2000, ports...), 40000, 443, true},
		"later fragment":       {packet(17, 5, 0x2010, ports...), 0, 0, true},
		"last fragment":        {packet(17, 5, 0x0010, ports...), 0, 0, true},
		"do not fragment":      {packet(6, 5, 0x4000, ports...), 40000, 443, true},
		"ICMP has no ports":    {packet(1, 5, 0, 8, 0, 1, 2), 0, 0, true},
		"cut before the ports": {packet(6, 5, 0, 0x9c, 0x40, 0x01), 0, 0, true},
		"cut in the header":    {packet(6, 5, 0)[:19], 0, 0, false},
		"too short a header":   {append([]byte{0x44}, packet(6, 5, 0)[1:]...), 0, 0, false},
		"IPv5":                 {append([]byte{0x50}, packet(6, 5, 0)[1:]...), 0, 0, false},
		"nothing":              {nil, 0, 0, false},
	} {
		got, length, ok := parsePacket(row.b)
		if ok != row.ok {
			t.Errorf("%s: ok is %v", name, ok)
		}
		if !ok {
			continue
		}
		want := vpc.Tuple{Protocol: row.b[9],
			Src: netip.AddrPortFrom(netip.MustParseAddr("10.0.1.5"), row.src),
			Dst: netip.AddrPortFrom(netip.MustParseAddr("10.0.2.7"), row.dst)}
		if got != want || length != 1234 {
			t.Errorf("%s: %+v, %d bytes", name, got, length)
		}
	}
}

// packet6 is an IPv6 header and the first bytes of what it carries.
func packet6(next byte, payload ...byte) []byte {
	b := make([]byte, 40)
	b[0] = 0x60
	binary.BigEndian.PutUint16(b[4:], 1194)
	b[6] = next
	copy(b[8:], netip.MustParseAddr("2001:db8::5").AsSlice())
	copy(b[24:], netip.MustParseAddr("2001:db8::7").AsSlice())
	return append(b, payload...)
}

func TestParsePacketIPv6(t *testing.T) {
	ports := []byte{0x9c, 0x40, 0x01, 0xbb}
	extension := func(next byte, words byte) []byte {
		b := make([]byte, 8+8*int(words))
		b[0], b[1] = next, words
		return b
	}
	fragment := func(next byte, offset uint16) []byte {
		b := extension(next, 0)
		binary.BigEndian.PutUint16(b[2:], offset<<3|1)
		return b
	}
	for name, row := range map[string]struct {
		b        []byte
		protocol uint8
		src, dst uint16
	}{
		"TCP":                           {packet6(6, ports...), 6, 40000, 443},
		"UDP behind options":            {packet6(0, slices.Concat(extension(60, 0), extension(17, 1), ports)...), 17, 40000, 443},
		"behind a routing header":       {packet6(43, slices.Concat(extension(6, 2), ports)...), 6, 40000, 443},
		"behind an AH":                  {packet6(51, slices.Concat([]byte{6, 4}, make([]byte, 22), ports)...), 6, 40000, 443},
		"first fragment":                {packet6(44, slices.Concat(fragment(17, 0), ports)...), 17, 40000, 443},
		"later fragment":                {packet6(44, slices.Concat(fragment(17, 181), ports)...), 17, 0, 0},
		"ICMPv6 has no ports":           {packet6(58, 128, 0, 1, 2), 58, 0, 0},
		"no next header":                {packet6(59, ports...), 59, 0, 0},
		"cut before the ports":          {packet6(6, ports[:3]...), 6, 0, 0},
		"cut within options":            {packet6(0, extension(6, 3)[:9]...), 0, 0, 0},
		"cut before a fragment's place": {packet6(44, 6, 0, 0), 44, 0, 0},
		"nothing behind the header":     {packet6(6), 6, 0, 0},
	} {
		got, length, ok := parsePacket(row.b)
		want := vpc.Tuple{Protocol: row.protocol,
			Src: netip.AddrPortFrom(netip.MustParseAddr("2001:db8::5"), row.src),
			Dst: netip.AddrPortFrom(netip.MustParseAddr("2001:db8::7"), row.dst)}
		if !ok || got != want || length != 1234 {
			t.Errorf("%s: %+v, %d bytes, %v", name, got, length, ok)
		}
	}
	if got, _, ok := parsePacket(packet6(6)[:39]); ok {
		t.Errorf("cut in the header: %+v", got)
	}
}

func TestParsePrefix(t *testing.T) {
	for s, want := range map[string]struct {
		eni    string
		egress bool
	}{
		"eni-0123456789abcdef0 in":   {"eni-0123456789abcdef0", false},
		"eni-0123456789abcdef0 out":  {"eni-0123456789abcdef0", true},
		"eni-0123456789abcdef0":      {},
		"eni-0123456789abcdef0 up":   {},
		"eni-0123456789abcdef0  out": {},
		"vpc-0123456789abcdef0 out":  {},
		"":                           {},
	} {
		eni, egress, ok := parsePrefix(s)
		if eni != want.eni || egress != want.egress || ok != (want.eni != "") {
			t.Errorf("parsePrefix(%q) = %q, %v, %v", s, eni, egress, ok)
		}
	}
}

func logged(t testing.TB, sequence uint32, prefix string, b []byte) netlink.Message {
	attrs, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: attrPrefix, Data: append([]byte(prefix), 0)},
		{Type: attrPayload, Data: b},
		{Type: attrSequence, Data: binary.BigEndian.AppendUint32(nil, sequence)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return netlink.Message{Header: netlink.Header{Type: messagePacket}, Data: append(make([]byte, nfgenHeader), attrs...)}
}

// Gaps in the sequence are packets that the kernel could not deliver.
func TestLostPacketsAreCounted(t *testing.T) {
	s := &Source{}
	for _, n := range []uint32{0, 1, 5, 6} {
		s.message(logged(t, n, "eni-0123456789abcdef0 in", packet(6, 5, 0, 1, 2, 3, 4)), time.Unix(int64(n), 0))
	}
	s.message(logged(t, 7, "somebody else", packet(6, 5, 0)), time.Unix(7, 0))
	s.message(netlink.Message{Header: netlink.Header{Type: messageConfig}}, time.Unix(8, 0))
	if len(s.drops) != 4 || s.lost != 3 || s.drops[3].Time != time.Unix(6, 0) {
		t.Errorf("%d drops, %d lost: %+v", len(s.drops), s.lost, s.drops)
	}
}

func TestDropsAreBounded(t *testing.T) {
	s := &Source{}
	m := logged(t, 0, "eni-0123456789abcdef0 in", packet(6, 5, 0, 1, 2, 3, 4))
	for range maxDrops + 9 {
		s.next = 0
		s.message(m, time.Time{})
	}
	if len(s.drops) != maxDrops || s.lost != 9 {
		t.Errorf("%d drops, %d lost", len(s.drops), s.lost)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(logged(f, 1, "eni-0123456789abcdef0 in", packet(6, 5, 0, 1, 2, 3, 4)).Data)
	f.Add(logged(f, 2, "", packet(17, 15, 0x2000)).Data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, _, ok := decode(b)
		if ok && (!vpc.ValidID("eni", d.ENI) || !d.Tuple.Src.IsValid() || !d.Tuple.Dst.IsValid()) {
			t.Errorf("%x is a drop: %+v", b, d)
		}
	})
}

func FuzzParsePacket(f *testing.F) {
	f.Add(packet(6, 5, 0, 1, 2, 3, 4))
	f.Add(packet(17, 15, 0x2000, 1, 2))
	f.Add(packet6(44, 17, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4))
	f.Add(packet6(0, 60, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		tuple, _, ok := parsePacket(b)
		if !ok {
			return
		}
		if !tuple.Src.IsValid() || tuple.Src.Addr().BitLen() != tuple.Dst.Addr().BitLen() {
			t.Errorf("%x: %+v", b, tuple)
		}
		if again, _, ok := parsePacket(append(b[:len(b):len(b)], 0xff)); !ok || again.Src.Addr() != tuple.Src.Addr() {
			t.Errorf("%x and one byte more: %+v, then %+v", b, tuple, again)
		}
	})
}
