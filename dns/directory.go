package dns

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"

	miekg "github.com/miekg/dns"
)

// shards is into how many maps the public names are divided: 2¹².
const shards = 1 << 12

// directory holds the names that every VPC sees. It is read without a lock by
// every query, and changed by parts: a shard's map is never changed after it
// was stored but replaced, so that a change costs about as much as it is large,
// however many names there are.
type directory struct {
	seed   maphash.Seed
	shards [shards]atomic.Pointer[map[string]*node]

	mu     sync.Mutex                  // of the writers
	owners map[string]map[string]*node // by VPC and canonical name
}

func newDirectory() *directory {
	return &directory{seed: maphash.MakeSeed(), owners: map[string]map[string]*node{}}
}

// find returns what exists at a canonical name, or nil.
func (d *directory) find(name string) *node {
	if m := d.shard(name).Load(); m != nil {
		return (*m)[name]
	}
	return nil
}

// findBytes is find without the need for a string.
func (d *directory) findBytes(name []byte) *node {
	if m := d.shards[maphash.Bytes(d.seed, name)%shards].Load(); m != nil {
		return (*m)[string(name)]
	}
	return nil
}

// set replaces the names of owner; of two owners of a name the last one wins.
// Names that stay the same keep their node, with its rotation.
func (d *directory) set(owner string, names []RRSet) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.owners[owner]
	next := make(map[string]*node, len(names))
	for _, set := range names {
		name := miekg.CanonicalName(set.Name)
		n := old[name]
		if n == nil || !n.holds(set) {
			n = newNode(set, apexOf(name))
			d.put(name, n)
		}
		next[name] = n
	}
	for name, n := range old {
		if _, ok := next[name]; !ok && d.find(name) == n {
			d.put(name, nil)
		}
	}
	d.owners[owner] = next
	if len(next) == 0 {
		delete(d.owners, owner)
	}
}

// put replaces the node of a name; nil removes the name. The caller holds mu.
func (d *directory) put(name string, n *node) {
	shard := d.shard(name)
	next := map[string]*node{}
	if m := shard.Load(); m != nil {
		maps.Copy(next, *m)
	}
	if n == nil {
		delete(next, name)
	} else {
		next[name] = n
	}
	shard.Store(&next)
}

func (d *directory) shard(name string) *atomic.Pointer[map[string]*node] {
	return &d.shards[maphash.String(d.seed, name)%shards]
}
