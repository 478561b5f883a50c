package nft

import (
	"encoding/binary"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// elementsPerMessage keeps a message's list of elements below the 64 KiB that
// a netlink attribute can hold.
const elementsPerMessage = 256

// Header sizes and attributes that golang.org/x/sys/unix does not name.
const (
	headerSize           = 4 // struct nfgenmsg
	nftaSetDescConcat    = 2
	nftaSetFieldLen      = 1
	nftSetFlagConcat     = 0x80
	bigEndianKeys        = 2 // value of NFTNL_UDATA_SET_KEYBYTEORDER
	nativeEndianKeys     = 1
	concatBits           = 6 // of one type in the type of a concatenation
	verdictType          = 0xffffff00
	nfgenVersion         = unix.NFNETLINK_V0
	subsystem            = unix.NFNL_SUBSYS_NFTABLES << 8
	batchBegin, batchEnd = unix.NFNL_MSG_BATCH_BEGIN, unix.NFNL_MSG_BATCH_END
)

// message is a request about the table's content. Nothing is acknowledged:
// see Conn.commit.
func message(kind int, flags netlink.HeaderFlags, fill func(*netlink.AttributeEncoder)) (netlink.Message, error) {
	e := encoder()
	fill(e)
	data, err := e.Encode()
	if err != nil {
		return netlink.Message{}, err
	}
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(subsystem | kind), Flags: netlink.Request | flags},
		Data:   append(header(unix.NFPROTO_INET, 0), data...),
	}, nil
}

func encoder() *netlink.AttributeEncoder {
	e := netlink.NewAttributeEncoder()
	e.ByteOrder = binary.BigEndian
	return e
}

func header(family byte, resource uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{family, nfgenVersion}, resource)
}

// edge is the first or the last message of a batch.
func edge(kind netlink.HeaderType) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request},
		Data:   header(unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES),
	}
}

func tableMessage(kind int, family byte, name string) (netlink.Message, error) {
	m, err := message(kind, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_TABLE_NAME, name)
	})
	if err == nil {
		m.Data[0] = family
	}
	return m, err
}

func chainMessage(kind int, c Chain) (netlink.Message, error) {
	return message(kind, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_CHAIN_TABLE, Table)
		e.String(unix.NFTA_CHAIN_NAME, c.Name)
		if c.Hook == nil || kind == unix.NFT_MSG_DELCHAIN {
			return
		}
		e.Nested(unix.NFTA_CHAIN_HOOK, func(e *netlink.AttributeEncoder) error {
			e.Uint32(unix.NFTA_HOOK_HOOKNUM, uint32(c.Hook.Number))
			e.Uint32(unix.NFTA_HOOK_PRIORITY, uint32(c.Hook.Priority))
			return nil
		})
		e.Uint32(unix.NFTA_CHAIN_POLICY, uint32(c.Hook.Policy))
		e.String(unix.NFTA_CHAIN_TYPE, string(c.Hook.Type))
	})
}

// flushMessage removes all rules of a chain.
func flushMessage(c Chain) (netlink.Message, error) {
	return message(unix.NFT_MSG_DELRULE, 0, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_RULE_TABLE, Table)
		e.String(unix.NFTA_RULE_CHAIN, c.Name)
	})
}

// ruleMessage appends a rule to a chain.
func ruleMessage(c Chain, r Rule) (netlink.Message, error) {
	return message(unix.NFT_MSG_NEWRULE, netlink.Create|netlink.Append, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_RULE_TABLE, Table)
		e.String(unix.NFTA_RULE_CHAIN, c.Name)
		e.Nested(unix.NFTA_RULE_EXPRESSIONS, func(e *netlink.AttributeEncoder) error {
			for _, x := range r.Exprs {
				b, err := marshal(x)
				if err != nil {
					return err
				}
				e.Bytes(unix.NLA_F_NESTED|unix.NFTA_LIST_ELEM, b)
			}
			return nil
		})
		if r.Comment != "" {
			e.Bytes(unix.NFTA_RULE_USERDATA, userdata.AppendString(nil, userdata.TypeComment, r.Comment))
		}
	})
}

func marshal(x expr.Any) ([]byte, error) {
	if c, ours := x.(*ct); ours {
		return c.marshal()
	}
	return expr.Marshal(unix.NFPROTO_INET, x)
}

// setMessage adds (or, with NFT_MSG_DELSET, deletes) a set. The kernel wants
// an id that no other set of the batch has.
func setMessage(kind int, s Set, id uint32) (netlink.Message, error) {
	return message(kind, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_SET_TABLE, Table)
		e.String(unix.NFTA_SET_NAME, s.Name)
		if kind == unix.NFT_MSG_DELSET {
			return
		}
		e.Uint32(unix.NFTA_SET_ID, id)
		flags, size, magic := uint32(0), uint32(0), uint32(0)
		for _, t := range s.Key {
			size += t.Bytes
			if len(s.Key) > 1 {
				size = (size + 3) &^ 3 // each part fills whole registers
			}
			magic = magic<<concatBits | t.GetNFTMagic()
		}
		if len(s.Key) > 1 {
			flags |= nftSetFlagConcat
			e.Nested(unix.NFTA_SET_DESC, s.fields)
		}
		if s.Map {
			flags |= unix.NFT_SET_MAP
			e.Uint32(unix.NFTA_SET_DATA_TYPE, verdictType)
			e.Uint32(unix.NFTA_SET_DATA_LEN, 0)
		}
		if s.Dynamic {
			flags |= unix.NFT_SET_EVAL | unix.NFT_SET_TIMEOUT
			e.Uint64(unix.NFTA_SET_TIMEOUT, uint64(queryMemory.Milliseconds()))
			e.Nested(unix.NFTA_SET_DESC, func(e *netlink.AttributeEncoder) error {
				e.Uint32(unix.NFTA_SET_DESC_SIZE, queryLinks)
				return nil
			})
		}
		e.Uint32(unix.NFTA_SET_FLAGS, flags)
		e.Uint32(unix.NFTA_SET_KEY_TYPE, magic)
		e.Uint32(unix.NFTA_SET_KEY_LEN, size)
		e.Bytes(unix.NFTA_SET_USERDATA, userdata.AppendUint32(nil, userdata.NFTNL_UDATA_SET_KEYBYTEORDER, s.byteOrder()))
	})
}

// byteOrder tells nft(8) how to show keys: names of links are strings, and
// numbers are ours.
func (s Set) byteOrder() uint32 {
	switch s.Key[0].Name {
	case nftables.TypeIFName.Name, nftables.TypeInteger.Name:
		return nativeEndianKeys
	}
	return bigEndianKeys
}

// fields describes the parts of a concatenation.
func (s Set) fields(e *netlink.AttributeEncoder) error {
	e.Nested(nftaSetDescConcat, func(e *netlink.AttributeEncoder) error {
		for _, t := range s.Key {
			e.Nested(unix.NFTA_LIST_ELEM, func(e *netlink.AttributeEncoder) error {
				e.Uint32(nftaSetFieldLen, t.Bytes)
				return nil
			})
		}
		return nil
	})
	return nil
}

// elementMessages adds elements to s, or removes them from it.
func elementMessages(kind int, s Set, elements []Element) ([]netlink.Message, error) {
	var all []netlink.Message
	for chunk := range slices.Chunk(elements, elementsPerMessage) {
		m, err := message(kind, netlink.Create, func(e *netlink.AttributeEncoder) {
			e.String(unix.NFTA_SET_ELEM_LIST_TABLE, Table)
			e.String(unix.NFTA_SET_ELEM_LIST_SET, s.Name)
			e.Nested(unix.NFTA_SET_ELEM_LIST_ELEMENTS, func(e *netlink.AttributeEncoder) error {
				for _, el := range chunk {
					e.Nested(unix.NFTA_LIST_ELEM, el.encode)
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (el Element) encode(e *netlink.AttributeEncoder) error {
	e.Nested(unix.NFTA_SET_ELEM_KEY, func(e *netlink.AttributeEncoder) error {
		e.Bytes(unix.NFTA_DATA_VALUE, []byte(el.Key))
		return nil
	})
	if el.Goto == "" {
		return nil
	}
	e.Nested(unix.NFTA_SET_ELEM_DATA, func(e *netlink.AttributeEncoder) error {
		e.Nested(unix.NFTA_DATA_VERDICT, func(e *netlink.AttributeEncoder) error {
			e.Int32(unix.NFTA_VERDICT_CODE, unix.NFT_GOTO)
			e.String(unix.NFTA_VERDICT_CHAIN, el.Goto)
			return nil
		})
		return nil
	})
	return nil
}
