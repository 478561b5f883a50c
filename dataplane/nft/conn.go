package nft

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/postern/postern/dataplane/netns"
)

// sendBuffer is the largest transaction that is tried, in bytes. A user
// namespace gets what net.core.wmem_max allows.
const sendBuffer = 128 << 20

// answerTimeout ends the wait for a kernel that does not answer.
const answerTimeout = 30 * time.Second

// Conn changes the filter of one namespace. It remembers what it has applied
// and reads the kernel's ruleset again only if somebody else has changed
// something. Safe for concurrent use.
type Conn struct {
	path string

	mu    sync.Mutex
	known bool
	last  Ruleset // its outline
	gen   uint32  // of the namespace when last was true
}

// Open makes a Conn for the namespace at path.
func Open(path string) *Conn { return &Conn{path: path} }

// List returns the ruleset of our table.
func (c *Conn) List() (Ruleset, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn, err := c.dial()
	if err != nil {
		return Ruleset{}, err
	}
	defer conn.Close()
	r, gen, err := consistent(conn)
	c.known, c.last, c.gen = err == nil, r.outline(), gen
	return r, err
}

// Apply makes want the only ruleset of the namespace. It changes what
// differs: chains and sets that stay the same are not touched, connections go
// on. The change is one transaction, unless it is larger than the socket's
// buffer, which only happens in a user namespace; then see diff.
func (c *Conn) Apply(want Ruleset) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	have, gen, err := c.current(conn)
	if err != nil {
		return err
	}
	c.known = false
	steps, foreign, err := plan(conn, have, want)
	if err != nil {
		return err
	}
	n, err := c.commit(conn, append(steps, foreign...))
	if err != nil && len(steps) > 0 {
		// Something of the foreigners' is in the way: begin anew.
		retry, dialErr := c.dial()
		if dialErr != nil {
			return errors.Join(err, dialErr)
		}
		defer retry.Close()
		_, err = c.commit(retry, append(rebuild(want), foreign...))
		return err
	}
	if err != nil {
		return err
	}
	// Each transaction counts one: another number means that somebody else
	// was at work too, and that the next Apply must look.
	if now, err := generation(conn); err == nil && now == gen+uint32(n) {
		c.known, c.last, c.gen = true, want.outline(), now
	}
	return nil
}

// current is the kernel's ruleset, from memory if that is still true.
func (c *Conn) current(conn *netlink.Conn) (Ruleset, uint32, error) {
	gen, err := generation(conn)
	if err != nil {
		return Ruleset{}, 0, err
	}
	if c.known && gen == c.gen {
		return c.last, gen, nil
	}
	c.known = false
	return consistent(conn)
}

// consistent lists the ruleset between two transactions.
func consistent(conn *netlink.Conn) (Ruleset, uint32, error) {
	for range 10 {
		before, err := generation(conn)
		if err != nil {
			return Ruleset{}, 0, err
		}
		r, err := list(conn)
		if err != nil {
			return Ruleset{}, 0, err
		}
		after, err := generation(conn)
		if err != nil {
			return Ruleset{}, 0, err
		}
		if before == after {
			return r, after, nil
		}
	}
	return Ruleset{}, 0, errors.New("list nftables objects: they change all the time")
}

// plan lists the steps for our table and those that delete foreign tables.
func plan(conn *netlink.Conn, have, want Ruleset) (steps, foreign []step, err error) {
	all, err := tables(conn)
	if err != nil {
		return nil, nil, err
	}
	ours := false
	for _, t := range all {
		if t == (table{unix.NFPROTO_INET, Table}) {
			ours = true
			continue
		}
		foreign = append(foreign, step{"delete table " + t.name, one(func() (netlink.Message, error) {
			return tableMessage(unix.NFT_MSG_DELTABLE, t.family, t.name)
		})})
	}
	switch {
	case !ours:
		steps = append(steps, addTable())
		steps = append(steps, diff(Ruleset{}, want)...)
	case !compatible(have, want):
		steps = rebuild(want)
	default:
		steps = diff(have, want)
	}
	return steps, foreign, nil
}

func addTable() step {
	return step{"add table", one(func() (netlink.Message, error) {
		return tableMessage(unix.NFT_MSG_NEWTABLE, unix.NFPROTO_INET, Table)
	})}
}

// rebuild replaces the table, whatever is in it. Adding it first lets the
// deletion succeed when it is not there.
func rebuild(want Ruleset) []step {
	remove := step{"delete table", one(func() (netlink.Message, error) {
		return tableMessage(unix.NFT_MSG_DELTABLE, unix.NFPROTO_INET, Table)
	})}
	return append([]step{addTable(), remove, addTable()}, diff(Ruleset{}, want)...)
}

func (c *Conn) dial() (conn *netlink.Conn, err error) {
	err = netns.Do(c.path, func() error {
		conn, err = netlink.Dial(unix.NETLINK_NETFILTER, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open nftables netlink: %w", err)
	}
	conn.SetOption(netlink.ExtendedAcknowledge, true) // better errors where the kernel can
	conn.SetDeadline(time.Now().Add(answerTimeout))
	return conn, nil
}

// Generation counts the transactions that the namespace has seen.
func (c *Conn) Generation() (uint32, error) {
	conn, err := c.dial()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return generation(conn)
}
