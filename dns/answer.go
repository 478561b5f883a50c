package dns

import (
	miekg "github.com/miekg/dns"
)

// ttl is the lifetime in seconds of everything that is answered here, of
// denials too.
const ttl = 60

// The contents of the SOA records, which are those of RFC 6303, section 3.
const (
	soaSerial  = 1
	soaRefresh = 3600
	soaRetry   = 1200
	soaExpire  = 604800
)

// answer writes the answer to the question of reply from what this resolver
// owns into reply. It returns false, and leaves reply alone, when the name is
// somebody else's.
func answer(private *zones, public *directory, reply *miekg.Msg) bool {
	q := reply.Question[0]
	n, apex, owned := find(private, public, miekg.CanonicalName(q.Name))
	if !owned {
		return false
	}
	owner, zone := q.Name, q.Name[len(q.Name)-len(apex):]
	if n != nil && q.Qtype == miekg.TypeANY {
		reply.Answer = []miekg.RR{minimalANY(owner)}
		return true
	}
	if n != nil && n.cname != nil {
		reply.Answer = []miekg.RR{&miekg.CNAME{Hdr: header(owner, miekg.TypeCNAME), Target: n.cname.target}}
		if q.Qtype == miekg.TypeCNAME {
			return true
		}
		owner = n.cname.target
		n, zone, _ = find(private, public, owner)
	}
	var records []miekg.RR
	if n == nil {
		reply.Rcode = miekg.RcodeNameError
	} else {
		records = n.records(owner, zone, q.Qtype)
	}
	if len(records) == 0 {
		reply.Ns = []miekg.RR{soa(zone)}
	}
	reply.Answer = append(reply.Answer, records...)
	return true
}

// records are those of a type, under the name as it was asked: clients that
// mix upper and lower case against forgery want it back.
func (n *node) records(owner, zone string, qtype uint16) []miekg.RR {
	switch {
	case qtype == miekg.TypeA:
		return n.a.records(owner)
	case qtype == miekg.TypeAAAA:
		return n.aaaa.records(owner)
	case qtype == miekg.TypePTR && n.ptr != "":
		return []miekg.RR{&miekg.PTR{Hdr: header(owner, miekg.TypePTR), Ptr: n.ptr}}
	case qtype == miekg.TypeSOA && owner == zone:
		return []miekg.RR{soa(zone)}
	}
	return nil
}

func (r *addresses) records(owner string) []miekg.RR {
	rrs := make([]miekg.RR, r.count)
	for i, first := 0, r.next(); i < len(rrs); i++ {
		a := r.at((first + i) % len(rrs))
		if a.Is4() {
			rrs[i] = &miekg.A{Hdr: header(owner, miekg.TypeA), A: a.AsSlice()}
		} else {
			rrs[i] = &miekg.AAAA{Hdr: header(owner, miekg.TypeAAAA), AAAA: a.AsSlice()}
		}
	}
	return rrs
}

// soa is the record that a denial carries so that it can be cached (RFC 2308).
func soa(apex string) miekg.RR {
	return &miekg.SOA{
		Hdr:     header(apex, miekg.TypeSOA),
		Ns:      apex,
		Mbox:    "nobody.invalid.",
		Serial:  soaSerial,
		Refresh: soaRefresh,
		Retry:   soaRetry,
		Expire:  soaExpire,
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
