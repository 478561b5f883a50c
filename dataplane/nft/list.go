package nft

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// list reads the ruleset of our table; nothing there is an empty one. It asks
// for the rules of one chain at a time: a dump of all rules makes the kernel
// count them again from the first for every few kilobytes, 20 s for 60,000.
func list(c *netlink.Conn) (Ruleset, error) {
	var r Ruleset
	err := errors.Join(
		dump(c, unix.NFT_MSG_GETOBJ, "", r.decodeTimeout),
		dump(c, unix.NFT_MSG_GETCHAIN, "", r.decodeChain),
		dump(c, unix.NFT_MSG_GETSET, "", r.decodeSet))
	for i := 0; err == nil && i < len(r.Chains); i++ {
		err = dump(c, unix.NFT_MSG_GETRULE, r.Chains[i].Name, r.Chains[i].decodeRule)
	}
	for i := 0; err == nil && i < len(r.Sets); i++ {
		if r.Sets[i].Dynamic {
			continue
		}
		err = dump(c, unix.NFT_MSG_GETSETELEM, r.Sets[i].Name, r.Sets[i].decodeElements)
	}
	if errors.Is(err, unix.ENOENT) {
		return Ruleset{}, nil
	}
	if err != nil {
		return Ruleset{}, fmt.Errorf("list nftables objects: %w", err)
	}
	r.finish()
	return r, nil
}

// tables names the tables of all families in the namespace.
func tables(c *netlink.Conn) ([]table, error) {
	replies, err := request(c, unix.NFT_MSG_GETTABLE, unix.NFPROTO_UNSPEC, nil)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var all []table
	for _, m := range replies {
		ad, err := attributes(m.Data)
		if err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		for ad.Next() {
			if ad.Type() == unix.NFTA_TABLE_NAME {
				all = append(all, table{family: m.Data[0], name: ad.String()})
			}
		}
	}
	return all, nil
}

type table struct {
	family byte
	name   string
}

// generation is the number of transactions that the namespace has seen.
func generation(c *netlink.Conn) (id uint32, err error) {
	m, err := message(unix.NFT_MSG_GETGEN, 0, func(*netlink.AttributeEncoder) {})
	if err != nil {
		return 0, err
	}
	replies, err := c.Execute(m)
	if err != nil {
		return 0, fmt.Errorf("read nftables generation: %w", err)
	}
	for _, m := range replies {
		ad, err := attributes(m.Data)
		if err != nil {
			return 0, fmt.Errorf("read nftables generation: %w", err)
		}
		for ad.Next() {
			if ad.Type() == unix.NFTA_GEN_ID {
				id = ad.Uint32()
			}
		}
	}
	return id, nil
}

// dump lists things of our table, or of one of its chains or sets: the
// attributes have the same numbers in all these requests.
func dump(c *netlink.Conn, kind uint16, within string, each func(*netlink.AttributeDecoder) error) error {
	e := encoder()
	e.String(unix.NFTA_SET_TABLE, Table)
	if within != "" {
		e.String(unix.NFTA_SET_NAME, within)
	}
	attrs, err := e.Encode()
	if err != nil {
		return err
	}
	replies, err := request(c, kind, unix.NFPROTO_INET, attrs)
	if err != nil {
		return err
	}
	for _, m := range replies {
		ad, err := attributes(m.Data)
		if err != nil {
			return err
		}
		if err := each(ad); err != nil {
			return err
		}
	}
	return nil
}

func request(c *netlink.Conn, kind uint16, family byte, attrs []byte) ([]netlink.Message, error) {
	return c.Execute(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(subsystem | kind), Flags: netlink.Request | netlink.Dump},
		Data:   append(header(family, 0), attrs...),
	})
}

// attributes decodes what follows a message's header.
func attributes(data []byte) (*netlink.AttributeDecoder, error) {
	if len(data) < headerSize {
		return nil, fmt.Errorf("message of %d bytes", len(data))
	}
	ad, err := netlink.NewAttributeDecoder(data[headerSize:])
	if err != nil {
		return nil, err
	}
	ad.ByteOrder = binary.BigEndian
	return ad, nil
}

func (r *Ruleset) decodeChain(ad *netlink.AttributeDecoder) error {
	var c Chain
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_CHAIN_TABLE:
			if ad.String() != Table { // kernels before 5.11 dump chains of all tables
				return nil
			}
		case unix.NFTA_CHAIN_NAME:
			c.Name = ad.String()
		case unix.NFTA_CHAIN_HOOK:
			c.hook()
			ad.Nested(func(ad *netlink.AttributeDecoder) error {
				for ad.Next() {
					switch ad.Type() {
					case unix.NFTA_HOOK_HOOKNUM:
						c.Hook.Number = nftables.ChainHook(ad.Uint32())
					case unix.NFTA_HOOK_PRIORITY:
						c.Hook.Priority = nftables.ChainPriority(ad.Uint32())
					}
				}
				return nil
			})
		case unix.NFTA_CHAIN_TYPE:
			c.hook()
			c.Hook.Type = nftables.ChainType(ad.String())
		case unix.NFTA_CHAIN_POLICY:
			c.hook()
			c.Hook.Policy = nftables.ChainPolicy(ad.Uint32())
		}
	}
	r.Chains = append(r.Chains, c)
	return ad.Err()
}

func (c *Chain) hook() {
	if c.Hook == nil {
		c.Hook = &Hook{}
	}
}

// decodeRule appends a rule to c. The kernel lists them in order.
func (c *Chain) decodeRule(ad *netlink.AttributeDecoder) error {
	var rule Rule
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_RULE_EXPRESSIONS:
			ad.Nested(func(ad *netlink.AttributeDecoder) error {
				for ad.Next() {
					ad.Nested(rule.decodeExpr)
				}
				return nil
			})
		case unix.NFTA_RULE_USERDATA:
			rule.Comment = comment(ad.Bytes())
		}
	}
	c.Rules = append(c.Rules, rule)
	return ad.Err()
}

// comment is what nft(8) or we noted beside a rule.
func comment(udata []byte) string {
	for len(udata) >= 2 && len(udata) >= 2+int(udata[1]) {
		if userdata.Type(udata[0]) == userdata.TypeComment {
			s, _ := userdata.GetString(udata, userdata.TypeComment)
			return s
		}
		udata = udata[2+int(udata[1]):]
	}
	return ""
}

// Foreign is an expression that we never write.
type Foreign struct {
	expr.Any
	Name string
}

func (r *Rule) decodeExpr(ad *netlink.AttributeDecoder) error {
	var name string
	var data []byte
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_EXPR_NAME:
			name = ad.String()
		case unix.NFTA_EXPR_DATA:
			data = ad.Bytes()
		}
	}
	x := newExpr(name, data)
	if err := unmarshal(data, x); err != nil {
		return err
	}
	r.Exprs = append(r.Exprs, x)
	return nil
}

func unmarshal(data []byte, x expr.Any) error {
	switch x := x.(type) {
	case *Foreign:
		return nil
	case *ct:
		return x.unmarshal(data)
	}
	if data == nil {
		return nil
	}
	return expr.Unmarshal(unix.NFPROTO_INET, data, x)
}

// newExpr is an empty expression of a kind that we write.
func newExpr(name string, data []byte) expr.Any {
	switch name {
	case "meta":
		return &expr.Meta{}
	case "ct":
		return &ct{}
	case "payload":
		return &expr.Payload{}
	case "bitwise":
		return &expr.Bitwise{}
	case "cmp":
		return &expr.Cmp{}
	case "lookup":
		return &expr.Lookup{}
	case "log":
		return &expr.Log{}
	case "notrack":
		return &expr.Notrack{}
	case "nat":
		return &expr.NAT{}
	case "numgen":
		return &expr.Numgen{}
	case "objref":
		return &expr.Objref{}
	case "exthdr":
		return &expr.Exthdr{}
	case "reject":
		return &expr.Reject{}
	case "dynset":
		return &expr.Dynset{}
	case "immediate":
		var i expr.Immediate
		if expr.Unmarshal(unix.NFPROTO_INET, data, &i) == nil && i.Register != unix.NFT_REG_VERDICT {
			return &expr.Immediate{}
		}
		return &expr.Verdict{}
	}
	return &Foreign{Name: name}
}
