// Package feed reads what the kernel sends on a netfilter netlink socket of
// its own accord: connections that ended, packets that were dropped.
package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

// readBuffer is what the kernel may queue for a reader that is behind, in
// bytes. A user namespace gets what net.core.rmem_max allows.
const readBuffer = 16 << 20

// Config says what to read.
type Config struct {
	Path     string                    // namespace of the socket
	Setup    func(*netlink.Conn) error // may be nil: subscribes, runs before anything is read
	Requests []netlink.Message         // subscribe, too; each must ask for an acknowledgement
	Each     func(netlink.Message)     // takes one message, on one goroutine at a time
	Lost     func()                    // the kernel had to throw messages away; the same
}

// Feed reads until it is closed.
type Feed struct {
	c       Config
	conn    *netlink.Conn
	done    chan struct{} // closed when reading has ended
	err     error         // why; valid after done
	mu      sync.Mutex
	waiting map[uint32]chan struct{} // by the sequence number of a marker
}

// Open begins to read.
func Open(c Config) (*Feed, error) {
	f := &Feed{c: c, done: make(chan struct{}), waiting: map[uint32]chan struct{}{}}
	err := netns.Do(c.Path, func() (err error) {
		f.conn, err = netlink.Dial(unix.NETLINK_NETFILTER, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open netlink feed: %w", err)
	}
	f.conn.SetReadBuffer(readBuffer)
	if err := f.subscribe(); err != nil {
		f.conn.Close()
		return nil, fmt.Errorf("subscribe to netlink feed: %w", err)
	}
	go f.read()
	return f, nil
}

func (f *Feed) subscribe() error {
	if f.c.Setup != nil {
		if err := f.c.Setup(f.conn); err != nil {
			return err
		}
	}
	for _, m := range f.c.Requests {
		if err := f.request(m); err != nil {
			return err
		}
	}
	return nil
}

// request waits for the answer to m. What the kernel sends of its own accord
// can come before it.
func (f *Feed) request(m netlink.Message) error {
	sent, err := f.conn.Send(m)
	if err != nil {
		return err
	}
	for {
		messages, err := f.conn.Receive()
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.Header.Type == netlink.Error && m.Header.Sequence == sent.Header.Sequence {
				return nil
			}
			f.c.Each(m)
		}
	}
}

// Close ends reading and waits for its end.
func (f *Feed) Close() error {
	err := f.conn.Close()
	<-f.done
	return err
}

func (f *Feed) read() {
	defer close(f.done)
	for {
		messages, err := f.conn.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			f.c.Lost()
		case errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) || errors.Is(err, unix.EBADF):
			f.err = os.ErrClosed
			return
		case err != nil:
			f.err = err
			return
		}
		for _, m := range messages {
			if m.Header.Type == netlink.Error || m.Header.Type == netlink.Noop {
				f.arrived(m.Header.Sequence)
				continue
			}
			f.c.Each(m)
		}
	}
}

// markAgain is how long Sync waits for a marker before it sends another: one
// can be thrown away like any message.
const markAgain = 100 * time.Millisecond

// Sync returns when everything that the kernel had sent before the call has
// been given to Each. It sends the kernel a message that does nothing and
// waits for its acknowledgement, which queues up behind the rest.
func (f *Feed) Sync(ctx context.Context) error {
	arrived := make(chan struct{}, 1)
	defer f.unmark(arrived)
	for {
		if err := f.mark(arrived); err != nil {
			return fmt.Errorf("mark netlink feed: %w", err)
		}
		again := time.NewTimer(markAgain)
		select {
		case <-arrived:
			again.Stop()
			return nil
		case <-again.C:
		case <-f.done:
			again.Stop()
			return fmt.Errorf("read netlink feed: %w", f.err)
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		}
	}
}

// mark sends one marker. The lock is held until its number is noted, so that
// the answer cannot come first.
func (f *Feed) mark(arrived chan struct{}) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, err := f.conn.Send(netlink.Message{Header: netlink.Header{Type: netlink.Noop, Flags: netlink.Request | netlink.Acknowledge}})
	if err == nil {
		f.waiting[m.Header.Sequence] = arrived
	}
	return err
}

func (f *Feed) arrived(sequence uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.waiting[sequence]; c != nil {
		delete(f.waiting, sequence)
		select {
		case c <- struct{}{}:
		default: // an earlier marker of the same Sync has arrived
		}
	}
}

func (f *Feed) unmark(arrived chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, c := range f.waiting {
		if c == arrived {
			delete(f.waiting, n)
		}
	}
}
