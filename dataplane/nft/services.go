package nft

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// Maps and chains of a fixed name that endpoint services need. They exist
// only in VPCs with peer links, or with load balancers.
const (
	peers    = "peers"     // link: goto svc-…
	zones    = "zones"     // link: goto svc-…-zone
	steers   = "steers"    // arrival: goto steer
	steer    = "steer"     // what leaves by a peer link
	steered  = "steered"   // its endpoint's groups
	restored = "of-marked" // packets from ENIs that belong to a marked connection
	dialers  = "dialers"   // address of a load balancer: goto eni-…-out
)

// services makes the ways of what comes in by a peer link, and of what leaves by
// one. C is the VPC of the endpoint, P that of the provider.
//
// In C a connection to a steered port gets a mark, which its later packets
// from the client get back: a policy rule routes them to the peer link, where
// receiver-gate asks the groups of the endpoint. Its answers come in by the
// peer link and are routed as any packet.
//
// In P a connection from a peer link gets the mark of the link, which the
// answers of its target get back: a policy rule routes them to the link,
// although the client's address may be somebody's in P. The connections of
// each link have a zone of their own, because two consumers may have the same
// addresses.
func (b *builder) services() {
	from := Set{Name: peers, Key: linkKey, Map: true}
	zone := Set{Name: zones, Key: linkKey, Map: true}
	led := false
	for _, p := range b.links() {
		key := linkName(p.Link)
		from.Elements = append(from.Elements, Element{Key: key, Goto: p.Link})
		if p.Mark == 0 {
			b.chain(p.Link, rule(state(established), accept()), rule(drop()))
			b.in.Elements = append(b.in.Elements, Element{Key: key, Goto: steered})
			led = true
			continue
		}
		b.chain(p.Link,
			rule(state(established), accept()),
			rule(state(fresh), setConnectionMark(p.Mark), accept()),
			rule(state(invalid), l4proto(vpc.ProtocolTCP), setMark(p.Mark), reset()), // the answer's way is by the mark
			rule(drop()))
		zone.Elements = append(zone.Elements, Element{Key: key, Goto: p.Link + "-zone"})
		b.chain(p.Link+"-zone", rule(setZone(uint16(p.Mark))))
	}
	b.add(from)
	if led {
		b.chain(steered, each(func(f family) Rule { return rule(f.addressMap(destination, endpoints)) })...)
	}
	if len(zone.Elements) > 0 {
		b.add(zone)
	}
	b.chain(restored, rule(restoreMark()), rule(state(established|related), accept()))
	b.steers()
}

func (b *builder) hasPeers() bool { return len(b.links()) > 0 }

// hasZones reports whether connections come in by a peer link.
func (b *builder) hasZones() bool {
	return slices.ContainsFunc(b.config.Peers, func(p Peer) bool { return p.Mark != 0 })
}

// links are the peer links, with those that only steers and frontends name.
func (b *builder) links() []Peer {
	all := slices.Clone(b.config.Peers)
	add := func(name string) {
		if name != "" && !slices.ContainsFunc(all, func(p Peer) bool { return p.Link == name }) {
			all = append(all, Peer{Link: name})
		}
	}
	for _, s := range b.config.Steers {
		add(s.Link)
	}
	for _, f := range b.config.Frontends {
		add(f.Link)
	}
	return all
}

func (b *builder) steers() {
	at := map[family][]Element{}
	for _, s := range b.config.Steers {
		f := familyOf(s.Address.Addr())
		at[f] = append(at[f], Element{Key: arrivalKey(s.Protocol, s.Address), Goto: steer})
	}
	for _, f := range families {
		b.add(Set{Name: f.set(steers), Key: f.arrivalKeys(), Map: true, Elements: unique(at[f])})
	}
	rules := slices.Concat(
		[]Rule{rule(setConnectionMark(link.SteerMark), setMark(link.SteerMark))},
		b.endpointIdle(),
		b.clampSYN(),
		[]Rule{rule(linkMap(expr.MetaKeyIIFNAME, senders))})
	b.chain(steer, rules...)
}

// arrival loads where a packet arrives: address, protocol and port.
func (f family) arrival() []expr.Any {
	return append(f.is(),
		f.address(destination, reg1),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: f.after(0)},
		&expr.Payload{DestRegister: f.after(1), Base: expr.PayloadBaseTransportHeader, Offset: destinationPort, Len: 2})
}

// firstArrival loads where the first packet of a connection arrived.
func (f family) firstArrival() []expr.Any {
	key := ctKeyDestination
	if f.number == unix.NFPROTO_IPV6 {
		key = ctKeyDestination6
	}
	return []expr.Any{
		original(key, reg1),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: f.after(0)},
		original(expr.CtKeyPROTODST, f.after(1)),
	}
}

// ofMark adds the connection's mark to an arrival.
func (f family) ofMark() []expr.Any { return []expr.Any{get(expr.CtKeyMARK, f.after(2))} }

// after is the n-th register of 4 bytes behind an address in reg1.
func (f family) after(n uint32) uint32 { return unix.NFT_REG32_00 + uint32(f.bits/32) + n }

func (f family) arrivalKeys() []nftables.SetDatatype {
	return []nftables.SetDatatype{f.key, nftables.TypeInetProto, nftables.TypeInetService}
}

// arrivalKey is what arrival loads; each part of a key fills whole registers.
func arrivalKey(protocol uint8, a netip.AddrPort) string {
	port := a.Port()
	return address(a.Addr()) + string([]byte{protocol, 0, 0, 0, byte(port >> 8), byte(port), 0, 0})
}

func markKey(mark uint32) string { return string(binaryutil.NativeEndian.PutUint32(mark)) }
