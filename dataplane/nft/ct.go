package nft

import (
	"encoding/binary"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ct loads a field of the packet's connection, or sets it. Unlike expr.Ct it
// knows the direction of every field and reads a setting back.
type ct struct {
	expr.Any
	key       expr.CtKey
	register  uint32
	set       bool   // from the register
	direction uint32 // noDirection, or IP_CT_DIR_…
}

const (
	noDirection       = ^uint32(0)
	originalDirection = 0
)

// Fields that expr does not name.
const (
	ctKeyDestination  = expr.CtKey(unix.NFT_CT_DST_IP)
	ctKeyDestination6 = expr.CtKey(unix.NFT_CT_DST_IP6)
)

// Bits of a connection's status (IPS_…).
const destinationTranslated = 1 << 5

func (c *ct) marshal() ([]byte, error) {
	attrs := []netlink.Attribute{{Type: unix.NFTA_CT_KEY, Data: binaryutil.BigEndian.PutUint32(uint32(c.key))}}
	register := uint16(unix.NFTA_CT_DREG)
	if c.set {
		register = unix.NFTA_CT_SREG
	}
	attrs = append(attrs, netlink.Attribute{Type: register, Data: binaryutil.BigEndian.PutUint32(c.register)})
	if c.direction != noDirection {
		attrs = append(attrs, netlink.Attribute{Type: unix.NFTA_CT_DIRECTION, Data: []byte{byte(c.direction)}})
	}
	data, err := netlink.MarshalAttributes(attrs)
	if err != nil {
		return nil, err
	}
	return netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NFTA_EXPR_NAME, Data: []byte("ct\x00")},
		{Type: unix.NLA_F_NESTED | unix.NFTA_EXPR_DATA, Data: data},
	})
}

func (c *ct) unmarshal(data []byte) error {
	ad, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return err
	}
	ad.ByteOrder = binary.BigEndian
	c.direction = noDirection
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_CT_KEY:
			c.key = expr.CtKey(ad.Uint32())
		case unix.NFTA_CT_DREG:
			c.register = ad.Uint32()
		case unix.NFTA_CT_SREG:
			c.register, c.set = ad.Uint32(), true
		case unix.NFTA_CT_DIRECTION:
			c.direction = uint32(ad.Uint8())
		}
	}
	return ad.Err()
}

// get loads a field that has no direction.
func get(key expr.CtKey, register uint32) expr.Any {
	return &ct{key: key, register: register, direction: noDirection}
}

// original loads a field of the connection's first packet.
func original(key expr.CtKey, register uint32) expr.Any {
	return &ct{key: key, register: register, direction: originalDirection}
}

func state(bits uint32) []expr.Any { return bitsOf(expr.CtKeySTATE, bits) }

// translated matches the connections of frontends.
func translated() []expr.Any { return bitsOf(expr.CtKeySTATUS, destinationTranslated) }

func bitsOf(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		get(key, reg1),
		&expr.Bitwise{SourceRegister: reg1, DestRegister: reg1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: reg1, Data: make([]byte, 4)},
	}
}

// marked matches the connections that have a mark, within the bits.
func marked(bits uint32) []expr.Any {
	if bits != ^uint32(0) {
		return bitsOf(expr.CtKeyMARK, bits)
	}
	return []expr.Any{get(expr.CtKeyMARK, reg1), &expr.Cmp{Op: expr.CmpOpNeq, Register: reg1, Data: make([]byte, 4)}}
}

func setConnectionMark(mark uint32) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: reg1, Data: binaryutil.NativeEndian.PutUint32(mark)},
		&ct{key: expr.CtKeyMARK, register: reg1, set: true, direction: noDirection},
	}
}

// setZone keeps a connection apart from those of other zones by its first
// packet only: answers find it wherever they come from.
func setZone(zone uint16) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: reg1, Data: binaryutil.NativeEndian.PutUint16(zone)},
		&ct{key: expr.CtKeyZONE, register: reg1, set: true, direction: originalDirection},
	}
}

func setMark(mark uint32) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: reg1, Data: binaryutil.NativeEndian.PutUint32(mark)},
		&expr.Meta{Key: expr.MetaKeyMARK, Register: reg1, SourceRegister: true},
	}
}

// restoreMark gives the packet the mark of its connection.
func restoreMark() []expr.Any {
	return []expr.Any{
		get(expr.CtKeyMARK, reg1),
		&expr.Meta{Key: expr.MetaKeyMARK, Register: reg1, SourceRegister: true},
	}
}

func hasMark(mark uint32) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyMARK, Register: reg1},
		equal(binaryutil.NativeEndian.PutUint32(mark)),
	}
}
