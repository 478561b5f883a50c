package nflog

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/postern/postern/dataplane/feed"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// maxDrops is how many dropped packets are kept between two collections.
const maxDrops = 1 << 17

// The protocol of the kernel's nfnetlink_log, from linux/netfilter/nfnetlink_log.h.
const (
	subsystem     = unix.NFNL_SUBSYS_ULOG << 8
	messagePacket = subsystem // NFULNL_MSG_PACKET is 0
	messageConfig = subsystem | 1

	configCommand   = 1
	configMode      = 2
	configThreshold = 5
	configFlags     = 6

	commandBind  = 1
	copyPacket   = 2
	flagSequence = 1
	attrPayload  = 9
	attrPrefix   = 10
	attrSequence = 12
	nfgenHeader  = 4
	atOnce       = 1 // packets that the kernel gathers before it sends them
)

// Source collects the drops of one namespace. Safe for concurrent use.
type Source struct {
	feed *feed.Feed

	mu    sync.Mutex
	drops []vpc.Drop
	lost  uint64
	next  uint32 // sequence number of the next packet
}

// Open begins to collect what the filter in the namespace at path logs to
// group, with the first snaplen bytes of each packet. One namespace has one
// reader of a group. The caller closes the Source; until then it keeps the
// namespace alive.
func Open(path string, group uint16, snaplen uint32) (*Source, error) {
	bind, err := bindMessage(group, snaplen)
	if err != nil {
		return nil, err
	}
	s := &Source{}
	f, err := feed.Open(feed.Config{
		Path:     path,
		Requests: []netlink.Message{bind},
		Each:     func(m netlink.Message) { s.message(m, time.Now()) },
		Lost:     func() {}, // the sequence numbers tell how many
	})
	if err != nil {
		return nil, fmt.Errorf("nflog group %d: %w", group, err)
	}
	s.feed = f
	return s, nil
}

// bindMessage asks for the packets of a group, each at once, and numbered.
func bindMessage(group uint16, snaplen uint32) (netlink.Message, error) {
	attrs, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: configCommand, Data: []byte{commandBind}},
		{Type: configMode, Data: append(binary.BigEndian.AppendUint32(nil, snaplen), copyPacket, 0)},
		{Type: configThreshold, Data: binary.BigEndian.AppendUint32(nil, atOnce)},
		{Type: configFlags, Data: binary.BigEndian.AppendUint16(nil, flagSequence)},
	})
	header := binary.BigEndian.AppendUint16([]byte{unix.AF_UNSPEC, unix.NFNETLINK_V0}, group)
	return netlink.Message{
		Header: netlink.Header{Type: messageConfig, Flags: netlink.Request | netlink.Acknowledge},
		Data:   append(header, attrs...),
	}, err
}

// message takes one packet that came at now.
func (s *Source) message(m netlink.Message, now time.Time) {
	if m.Header.Type != messagePacket {
		return
	}
	d, sequence, ok := decode(m.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	if missing := sequence - s.next; missing < 1<<31 {
		s.lost += uint64(missing)
	}
	s.next = sequence + 1
	if !ok {
		return
	}
	if len(s.drops) >= maxDrops {
		s.lost++
		return
	}
	d.Time = now
	s.drops = append(s.drops, d)
}

// decode reads a message; it is not ok if another one than our filter has
// logged the packet.
func decode(data []byte) (d vpc.Drop, sequence uint32, ok bool) {
	if len(data) < nfgenHeader {
		return vpc.Drop{}, 0, false
	}
	ad, err := netlink.NewAttributeDecoder(data[nfgenHeader:])
	if err != nil {
		return vpc.Drop{}, 0, false
	}
	ad.ByteOrder = binary.BigEndian
	var packet, prefix bool
	for ad.Next() {
		switch ad.Type() {
		case attrPayload:
			d.Tuple, d.Bytes, packet = parsePacket(ad.Bytes())
		case attrPrefix:
			d.ENI, d.Egress, prefix = parsePrefix(ad.String())
		case attrSequence:
			sequence = ad.Uint32()
		}
	}
	return d, sequence, packet && prefix && ad.Err() == nil
}

// Collect returns the drops since the last call, or since Open, and how many
// are missing in them. Every packet that was dropped before the call counts.
func (s *Source) Collect(ctx context.Context) ([]vpc.Drop, uint64, error) {
	if err := s.feed.Sync(ctx); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	drops, lost := s.drops, s.lost
	s.drops, s.lost = nil, 0
	return drops, lost, nil
}

// Close ends collecting.
func (s *Source) Close() error { return s.feed.Close() }
