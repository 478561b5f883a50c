package nft

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

func (r *Ruleset) decodeSet(ad *netlink.AttributeDecoder) error {
	var s Set
	var flags, magic uint32
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_SET_NAME:
			s.Name = ad.String()
		case unix.NFTA_SET_FLAGS:
			flags = ad.Uint32()
		case unix.NFTA_SET_KEY_TYPE:
			magic = ad.Uint32()
		}
	}
	s.Map = flags&unix.NFT_SET_MAP != 0
	s.Key = keyTypes(magic)
	const dynamic = unix.NFT_SET_EVAL | unix.NFT_SET_TIMEOUT
	s.Dynamic = flags&dynamic == dynamic && !s.Map
	if s.Dynamic {
		flags &^= dynamic
	}
	if rest := flags &^ (unix.NFT_SET_MAP | nftSetFlagConcat); rest != 0 {
		// Of a kind that Build does not make.
		s.Key = append(s.Key, nftables.SetDatatype{Name: fmt.Sprintf("flags 0x%x", rest)})
	}
	r.Sets = append(r.Sets, s)
	return ad.Err()
}

// keys are the types that parts of our keys have.
var keys = []nftables.SetDatatype{nftables.TypeIPAddr, nftables.TypeIP6Addr, nftables.TypeIFName,
	nftables.TypeInetProto, nftables.TypeInetService, nftables.TypeMark, nftables.TypeInteger}

// keyTypes takes a concatenation apart.
func keyTypes(magic uint32) []nftables.SetDatatype {
	var types []nftables.SetDatatype
	for ; magic != 0; magic >>= concatBits {
		one := nftables.SetDatatype{Name: fmt.Sprintf("type %d", magic&(1<<concatBits-1))}
		for _, t := range keys {
			if t.GetNFTMagic() == magic&(1<<concatBits-1) {
				one = t
			}
		}
		types = append([]nftables.SetDatatype{one}, types...)
	}
	return types
}

// decodeElements adds the elements of one message to s.
func (s *Set) decodeElements(ad *netlink.AttributeDecoder) error {
	for ad.Next() {
		if ad.Type() != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
			continue
		}
		ad.Nested(func(ad *netlink.AttributeDecoder) error {
			for ad.Next() {
				var el Element
				ad.Nested(el.decode)
				s.Elements = append(s.Elements, el)
			}
			return nil
		})
	}
	return ad.Err()
}

func (el *Element) decode(ad *netlink.AttributeDecoder) error {
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_SET_ELEM_KEY:
			ad.Nested(func(ad *netlink.AttributeDecoder) error {
				for ad.Next() {
					el.Key = string(ad.Bytes())
				}
				return nil
			})
		case unix.NFTA_SET_ELEM_DATA:
			ad.Nested(el.decodeData)
		}
	}
	return nil
}

// decodeData reads a verdict. One that is not ours is shown by its words.
func (el *Element) decodeData(ad *netlink.AttributeDecoder) error {
	for ad.Next() {
		if ad.Type() != unix.NFTA_DATA_VERDICT {
			el.Goto = fmt.Sprintf("0x%x", ad.Bytes())
			continue
		}
		ad.Nested(func(ad *netlink.AttributeDecoder) error {
			var kind expr.VerdictKind
			var chain string
			for ad.Next() {
				switch ad.Type() {
				case unix.NFTA_VERDICT_CODE:
					kind = expr.VerdictKind(int32(ad.Uint32()))
				case unix.NFTA_VERDICT_CHAIN:
					chain = ad.String()
				}
			}
			el.Goto = chain
			if kind != expr.VerdictGoto {
				el.Goto = verdictText(kind, chain)
			}
			return nil
		})
	}
	return nil
}
