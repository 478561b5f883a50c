package dns

import (
	"net"
	"net/netip"
	"sync/atomic"

	miekg "github.com/miekg/dns"
)

// ttl is the lifetime in seconds of everything that is answered here, of
// denials too.
const ttl = 60

// answer writes the answer to the question of reply from what this resolver
// owns into reply. It returns false, and leaves reply alone, when the name is
// somebody else's.
func answer(private *zones, public *directory, reply *miekg.Msg) bool {
	q := reply.Question[0]
	n, apex, owned := find(private, public, miekg.CanonicalName(q.Name))
	if !owned {
		return false
	}
	switch {
	case n == nil:
		reply.Rcode = miekg.RcodeNameError
	case q.Qtype == miekg.TypeANY:
		reply.Answer = []miekg.RR{minimalANY(q.Name)}
	case q.Qtype == miekg.TypeSOA && miekg.CanonicalName(q.Name) == apex:
		reply.Answer = []miekg.RR{soa(q.Name)}
	default:
		reply.Answer = n.records(q)
	}
	if len(reply.Answer) == 0 {
		reply.Ns = []miekg.RR{soa(apex)}
	}
	return true
}

// records are those of the question's type, under the name as it was asked:
// clients that mix upper and lower case against forgery want it back.
func (n *node) records(q miekg.Question) []miekg.RR {
	switch q.Qtype {
	case miekg.TypeA:
		return addresses(q.Name, rotate(n.a, &n.turn))
	case miekg.TypeAAAA:
		return addresses(q.Name, n.aaaa)
	case miekg.TypePTR:
		if n.ptr != "" {
			return []miekg.RR{&miekg.PTR{Hdr: header(q.Name, miekg.TypePTR), Ptr: n.ptr}}
		}
	}
	return nil
}

func addresses(name string, all []netip.Addr) []miekg.RR {
	rrs := make([]miekg.RR, len(all))
	for i, a := range all {
		if a.Is4() {
			rrs[i] = &miekg.A{Hdr: header(name, miekg.TypeA), A: net.IP(a.AsSlice())}
		} else {
			rrs[i] = &miekg.AAAA{Hdr: header(name, miekg.TypeAAAA), AAAA: net.IP(a.AsSlice())}
		}
	}
	return rrs
}

// rotate returns all, each time beginning with the next one.
func rotate(all []netip.Addr, turn *atomic.Uint32) []netip.Addr {
	if len(all) < 2 {
		return all
	}
	first := int((turn.Add(1) - 1) % uint32(len(all)))
	rotated := make([]netip.Addr, 0, len(all))
	return append(append(rotated, all[first:]...), all[:first]...)
}

// soa is the record that a denial carries so that it can be cached
// (RFC 2308); its contents are those of RFC 6303, section 3.
func soa(apex string) miekg.RR {
	return &miekg.SOA{
		Hdr:     header(apex, miekg.TypeSOA),
		Ns:      apex,
		Mbox:    "nobody.invalid.",
		Serial:  1,
		Refresh: 3600,
		Retry:   1200,
		Expire:  604800,
		Minttl:  ttl,
	}
}

// minimalANY is all that a query of type ANY gets (RFC 8482).
func minimalANY(name string) miekg.RR {
	return &miekg.HINFO{Hdr: header(name, miekg.TypeHINFO), Cpu: "RFC8482"}
}

func header(name string, rrtype uint16) miekg.RR_Header {
	return miekg.RR_Header{Name: name, Rrtype: rrtype, Class: miekg.ClassINET, Ttl: ttl}
}
