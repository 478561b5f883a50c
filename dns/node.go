package dns

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	miekg "github.com/miekg/dns"
)

// A node is what exists at one name. A node without any record answers
// NODATA: the name exists, or something below it does.
type node struct {
	apex  string // canonical name of the zone that the node is in
	a     addresses
	aaaa  addresses
	cname *alias // nil: the name stands for itself
	ptr   string
}

// addresses are those of a name in one family. They rotate: each answer begins
// with the next one. They are kept as answers have them only, because there are
// many more names than questions.
type addresses struct {
	wire  []byte // the records without their owner, one after the other
	count uint32 // of the addresses
	turn  atomic.Uint32
}

// alias is the name that a name stands for.
type alias struct {
	target string // canonical
	wire   []byte
}

// newNode makes the node of a set, whose zone is apex.
func newNode(set RRSet, apex string) *node {
	n := &node{apex: apex}
	for _, a := range set.A {
		n.of(a).add(a)
	}
	if set.CNAME != "" {
		target := miekg.CanonicalName(set.CNAME)
		n.cname = &alias{target, wireName(target)}
	}
	return n
}

// holds reports whether the node is what newNode makes of the set.
func (n *node) holds(set RRSet) bool {
	target := ""
	if set.CNAME != "" {
		target = miekg.CanonicalName(set.CNAME)
	}
	if n.cname == nil && target != "" || n.cname != nil && n.cname.target != target {
		return false
	}
	seen := [2]int{}
	for _, a := range set.A {
		r, i := n.of(a), &seen[a.BitLen()/128]
		if *i >= int(r.count) || r.at(*i) != a {
			return false
		}
		*i++
	}
	return len(set.A) == int(n.a.count+n.aaaa.count)
}

// of are the node's addresses of a's family.
func (n *node) of(a netip.Addr) *addresses {
	if a.Is4() {
		return &n.a
	}
	return &n.aaaa
}

func (r *addresses) add(a netip.Addr) {
	b, rrtype := a.AsSlice(), uint16(miekg.TypeAAAA)
	if a.Is4() {
		rrtype = miekg.TypeA
	}
	r.wire = appendRecordHead(r.wire, rrtype, len(b))
	r.wire = append(r.wire, b...)
	r.count++
}

// width is the size of a record without its owner; there must be one.
func (r *addresses) width() int { return len(r.wire) / int(r.count) }

// at is the i-th address.
func (r *addresses) at(i int) netip.Addr {
	end := (i + 1) * r.width()
	a, _ := netip.AddrFromSlice(r.wire[end-r.width()+recordHead : end])
	return a
}

// size is that of the records with owners of one pointer each.
func (r *addresses) size() int { return len(r.wire) + 2*int(r.count) }

// next returns the number of the address that the next answer begins with.
func (r *addresses) next() int {
	if r.count < 2 {
		return 0
	}
	return int((r.turn.Add(1) - 1) % r.count)
}

// recordHead is the size of what appendRecordHead appends.
const recordHead = 10

// appendRecordHead appends what stands between a record's owner and its data.
func appendRecordHead(b []byte, rrtype uint16, size int) []byte {
	b = binary.BigEndian.AppendUint16(b, rrtype)
	b = binary.BigEndian.AppendUint16(b, miekg.ClassINET)
	b = binary.BigEndian.AppendUint32(b, ttl)
	return binary.BigEndian.AppendUint16(b, uint16(size))
}

// wireName encodes a name without compression. It is nil for one that cannot
// be encoded.
func wireName(name string) []byte {
	b := make([]byte, 255)
	n, err := miekg.PackDomainName(name, b, 0, nil, false)
	if err != nil {
		return nil
	}
	return b[:n]
}
