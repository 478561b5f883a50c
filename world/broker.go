package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// Broker asks the host side for connections that this world cannot make.
type Broker struct {
	link *conn
	lost <-chan struct{}

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan<- answer // by id; each has room for its answer
}

type answer struct {
	file *os.File
	err  error
}

// DialResolver connects to the host's DNS resolver; network is udp or tcp.
// Where the host has several, each call begins with the next one.
func (b *Broker) DialResolver(ctx context.Context, network string) (net.Conn, error) {
	got := make(chan answer, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = got
	b.mu.Unlock()
	defer b.forget(id, got)
	if err := b.link.send(message{Kind: kindDial, ID: id, Network: network}); err != nil {
		return nil, fmt.Errorf("dial the host's resolver: %w", err)
	}
	select {
	case a := <-got:
		if a.err != nil {
			return nil, fmt.Errorf("dial the host's resolver: %w", a.err)
		}
		defer a.file.Close()
		return net.FileConn(a.file)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.lost:
		return nil, errors.New("dial the host's resolver: the host side is gone")
	}
}

// forget gives up waiting. An answer that came in the meantime is closed.
func (b *Broker) forget(id uint64, got <-chan answer) {
	b.mu.Lock()
	delete(b.waiting, id)
	b.mu.Unlock()
	select {
	case a := <-got:
		if a.file != nil {
			a.file.Close()
		}
	default:
	}
}

// answer hands an answer of at most one file to who waits for it.
func (b *Broker) answer(m message, files []*os.File) {
	a := answer{}
	switch {
	case m.Text != "":
		a.err = errors.New(m.Text)
		closeAll(files)
	case len(files) == 1:
		a.file = files[0]
	default:
		a.err = errors.New("the host side sent no connection")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if got, ok := b.waiting[m.ID]; ok {
		delete(b.waiting, m.ID)
		got <- a
	} else if a.file != nil {
		a.file.Close()
	}
}
