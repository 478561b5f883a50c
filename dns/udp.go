package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	miekg "github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// batchSize is how many packets cross into the kernel at once at most.
	batchSize = 32
	// querySize is how much of a packet is read: no query is so long, and
	// what is cut off is malformed.
	querySize = 2048
)

// batchConn reads and writes many packets with one system call. An
// *ipv4.PacketConn is one, so is an *ipv6.PacketConn, and the messages of both
// are the same type.
type batchConn interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// batch is what packets are read into and answered from.
type batch struct {
	in  []ipv4.Message
	out []ipv4.Message // each with a buffer that grows as it must
}

func newBatch() *batch {
	b := &batch{in: make([]ipv4.Message, batchSize), out: make([]ipv4.Message, batchSize)}
	for i := range b.in {
		b.in[i].Buffers = [][]byte{make([]byte, querySize)}
		b.out[i].Buffers = [][]byte{make([]byte, 0, miekg.MinMsgSize)}
	}
	return b
}

// serveUDP answers what arrives at pc. Between two bursts it holds no buffer:
// most resolvers are idle most of the time.
func (r *resolver) serveUDP(ctx context.Context, pc net.PacketConn) error {
	var forwards sync.WaitGroup
	defer forwards.Wait()
	sc, ok := pc.(syscall.Conn)
	if !ok {
		return fmt.Errorf("read queries at %v: %T is not a socket", pc.LocalAddr(), pc)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return fmt.Errorf("read queries at %v: %w", pc.LocalAddr(), err)
	}
	conn := batchConnOf(pc)
	for {
		if raw.Read(readable) != nil { // the socket is closed
			return errStopped
		}
		b := r.batches.Get().(*batch)
		err := r.answerBurst(ctx, &forwards, pc, conn, b)
		r.batches.Put(b)
		if err != nil {
			return err
		}
	}
}

func batchConnOf(pc net.PacketConn) batchConn {
	if a, ok := pc.LocalAddr().(*net.UDPAddr); ok && a.IP.To4() == nil {
		return ipv6.NewPacketConn(pc)
	}
	return ipv4.NewPacketConn(pc)
}

// readable reports whether a packet waits at a socket, or an error.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return !errors.Is(err, syscall.EAGAIN)
}

// answerBurst answers packets until none waits.
func (r *resolver) answerBurst(ctx context.Context, forwards *sync.WaitGroup, pc net.PacketConn, conn batchConn, b *batch) error {
	for {
		n, err := conn.ReadBatch(b.in, syscall.MSG_DONTWAIT)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return nil
		case errors.Is(err, net.ErrClosed):
			return errStopped
		case err != nil:
			return fmt.Errorf("read queries at %v: %w", pc.LocalAddr(), err)
		}
		replies := b.out[:0]
		for _, m := range b.in[:n] {
			reply := &b.out[len(replies)]
			if out := r.answerUDP(ctx, forwards, pc, m, reply.Buffers[0][:0]); out != nil {
				reply.Buffers[0], reply.Addr = out, m.Addr
				replies = b.out[:len(replies)+1]
			}
		}
		writeAll(conn, replies)
	}
}

// answerUDP appends the answer to a packet to out: at once from what is known,
// while what the upstream must answer is left to a goroutine each, of which
// there are at most maxForwards. It returns nil when there is no answer, or
// none yet.
func (r *resolver) answerUDP(ctx context.Context, forwards *sync.WaitGroup, pc net.PacketConn, m ipv4.Message, out []byte) []byte {
	answered, query := r.lookup(out, m.Buffers[0][:m.N], overUDP)
	if query == nil {
		return answered
	}
	if !r.acquire() {
		return append(out, pack(query, servfail(query), overUDP)...)
	}
	forwards.Go(func() {
		defer r.release()
		if out := pack(query, r.forward(ctx, query), overUDP); ctx.Err() == nil {
			pc.WriteTo(out, m.Addr)
		}
	})
	return nil
}

// writeAll sends replies. One that cannot be sent is passed over: a lost
// answer is asked for again.
func writeAll(conn batchConn, replies []ipv4.Message) {
	for len(replies) > 0 {
		n, err := conn.WriteBatch(replies, 0)
		if err != nil {
			n = 1
		}
		replies = replies[n:]
	}
}
