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
	cname alias
	ptr   string
}

// addresses are those of a name in one family. They rotate: each answer begins
// with the next one.
type addresses struct {
	all  []netip.Addr
	wire []byte // the records without their owner, one after the other
	turn atomic.Uint32
}

// alias is the name that a name stands for; not valid when target is empty.
type alias struct {
	target string // canonical
	wire   []byte
}

// newNode makes the node of a set, whose zone is apex.
func newNode(set RRSet, apex string) *node {
	n := &node{apex: apex}
	for _, a := range set.A {
		if a.Is4() {
			n.a.add(a, miekg.TypeA)
		} else {
			n.aaaa.add(a, miekg.TypeAAAA)
		}
	}
	if set.CNAME != "" {
		n.cname.target = miekg.CanonicalName(set.CNAME)
		n.cname.wire = wireName(n.cname.target)
	}
	return n
}

func (r *addresses) add(a netip.Addr, rrtype uint16) {
	b := a.AsSlice()
	r.all = append(r.all, a)
	r.wire = appendRecordHead(r.wire, rrtype, len(b))
	r.wire = append(r.wire, b...)
}

// size is that of the records with owners of one pointer each.
func (r *addresses) size() int { return len(r.wire) + 2*len(r.all) }

// next returns the number of the address that the next answer begins with.
func (r *addresses) next() int {
	if len(r.all) < 2 {
		return 0
	}
	return int((r.turn.Add(1) - 1) % uint32(len(r.all)))
}

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
