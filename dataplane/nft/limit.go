package nft

import (
	"time"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// queries are the links that ask a resolver, each with its own count: a set
// that packets fill. What a link has asked is forgotten after queryMemory of
// silence; its count is full again long before.
const (
	queries     = "queries"
	queryMemory = 10 * time.Second
	queryLinks  = 1 << 16
)

// queries adds what limits the packets to the resolvers and returns what to
// do with a query.
func (b *builder) queries() []expr.Any {
	limit := b.config.QueryLimit
	if limit <= 0 {
		return accept()
	}
	b.add(Set{Name: queries, Key: linkKey, Dynamic: true})
	b.chain(queries,
		rule(limitPerLink(limit), drop()),
		rule(accept()))
	return goTo(queries)
}

// limitPerLink matches the packets of a link that are more than n a second.
func limitPerLink(n int) []expr.Any {
	over := &expr.Limit{Type: expr.LimitTypePkts, Rate: uint64(n), Unit: expr.LimitTimeSecond, Over: true, Burst: uint32(n)}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: reg1},
		&expr.Dynset{SrcRegKey: reg1, SetName: queries, Operation: unix.NFT_DYNSET_OP_UPDATE, Timeout: queryMemory, Exprs: []expr.Any{over}},
	}
}
