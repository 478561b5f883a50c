package nft

import (
	"fmt"

	"github.com/mdlayher/netlink"
)

// batchRoom is kept free of a transaction's buffer, in bytes: for the edges
// of the batch and the kernel's own accounting.
const batchRoom = 4096

// commit does the steps in as few transactions as the socket's buffer allows
// and returns their number.
//
// Only the last message of a transaction asks for an acknowledgement. The
// kernel reports errors unasked, and the acknowledgements of ten thousand
// rules would not fit the socket's receive buffer.
func (c *Conn) commit(conn *netlink.Conn, steps []step) (transactions int, err error) {
	limit := buffer(conn)
	var batch []netlink.Message
	size := 0
	for _, s := range steps {
		messages, err := s.messages()
		if err != nil {
			return transactions, fmt.Errorf("%s: %w", s.text, err)
		}
		n := 0
		for _, m := range messages {
			n += messageSize(m)
		}
		if size+n > limit && len(batch) > 0 {
			if err := send(conn, batch); err != nil {
				return transactions, err
			}
			transactions++
			batch, size = nil, 0
		}
		batch, size = append(batch, messages...), size+n
	}
	if len(batch) == 0 {
		return transactions, nil
	}
	return transactions + 1, send(conn, batch)
}

// buffer raises the socket's send buffer as far as it goes and returns what
// fits in one message.
func buffer(conn *netlink.Conn) int {
	conn.SetWriteBuffer(sendBuffer) // forced where that is permitted
	n, err := conn.WriteBuffer()
	if err != nil || n < 2*batchRoom {
		return batchRoom
	}
	return n - batchRoom
}

func messageSize(m netlink.Message) int { return (16 + len(m.Data) + 3) &^ 3 }

func send(conn *netlink.Conn, batch []netlink.Message) error {
	batch[len(batch)-1].Header.Flags |= netlink.Acknowledge
	all := append([]netlink.Message{edge(batchBegin)}, batch...)
	sent, err := conn.SendMessages(append(all, edge(batchEnd)))
	if err != nil {
		return fmt.Errorf("send %d nftables messages: %w", len(batch), err)
	}
	last := sent[len(sent)-2].Header.Sequence
	for {
		replies, err := conn.Receive()
		if err != nil {
			return fmt.Errorf("change nftables: %w", err)
		}
		for _, m := range replies {
			if m.Header.Type == netlink.Error && m.Header.Sequence == last {
				return nil
			}
		}
	}
}
