package nft

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"github.com/postern/postern/vpc"
	"golang.org/x/sys/unix"
)

// Timeout is a named policy of idle timeouts for connections. The kernel
// cannot change one, so its name says what it is. What is left open is the
// kernel's setting at the time when it was made.
type Timeout struct {
	Name     string
	Protocol uint8 // vpc.ProtocolTCP or vpc.ProtocolUDP; 0: an object of another kind
	Seconds  uint32
	kind     uint32 // NFT_OBJECT_…
}

// udpIdle is how long endpoints and load balancers remember a UDP flow.
const udpIdle = 120 * time.Second

// Attributes that golang.org/x/sys/unix does not name.
const (
	ctTimeoutL4Proto        = 2
	ctTimeoutData           = 3
	ctTimeoutTCPEstablished = 3
	ctTimeoutUDPUnreplied   = 1
	ctTimeoutUDPReplied     = 2
)

// fields are the timeouts that a policy sets.
func (t Timeout) fields() []uint16 {
	if t.Protocol == vpc.ProtocolUDP {
		return []uint16{ctTimeoutUDPUnreplied, ctTimeoutUDPReplied}
	}
	return []uint16{ctTimeoutTCPEstablished}
}

// idle returns the statement that gives a new connection the policy of an
// idle timeout, and adds the policy; nil if the kernel's is to stay. UDP has
// its own.
func (b *builder) idle(protocol uint8, tcp time.Duration) []expr.Any {
	if tcp <= 0 {
		return nil
	}
	t := timeoutOf(protocol, tcp)
	if protocol == vpc.ProtocolUDP {
		t = timeoutOf(protocol, udpIdle)
	}
	if !b.made[t.Name] {
		b.made[t.Name] = true
		b.Timeouts = append(b.Timeouts, t)
	}
	return t.statement()
}

func timeoutOf(protocol uint8, after time.Duration) Timeout {
	seconds := uint32((after + time.Second - 1) / time.Second)
	return Timeout{fmt.Sprintf("%s-%d", protocolNames[protocol], seconds), protocol, seconds, unix.NFT_OBJECT_CT_TIMEOUT}
}

// statement gives a new connection the policy.
func (t Timeout) statement() []expr.Any {
	return []expr.Any{&expr.Objref{Type: int(t.kind), Name: t.Name}}
}

// endpointIdle are the rules that give connections to endpoints their policy.
func (b *builder) endpointIdle() []Rule {
	var all []Rule
	for _, protocol := range []uint8{vpc.ProtocolTCP, vpc.ProtocolUDP} {
		if idle := b.idle(protocol, b.config.EndpointIdle); idle != nil {
			all = append(all, rule(l4proto(int(protocol)), idle))
		}
	}
	return all
}

func timeoutMessage(kind int, t Timeout) (netlink.Message, error) {
	return message(kind, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_OBJ_TABLE, Table)
		e.String(unix.NFTA_OBJ_NAME, t.Name)
		e.Uint32(unix.NFTA_OBJ_TYPE, t.kind)
		if kind == unix.NFT_MSG_DELOBJ {
			return
		}
		e.Nested(unix.NFTA_OBJ_DATA, func(e *netlink.AttributeEncoder) error {
			e.Uint8(ctTimeoutL4Proto, t.Protocol)
			e.Nested(ctTimeoutData, func(e *netlink.AttributeEncoder) error {
				for _, f := range t.fields() {
					e.Uint32(f, t.Seconds)
				}
				return nil
			})
			return nil
		})
	})
}

func (r *Ruleset) decodeTimeout(ad *netlink.AttributeDecoder) error {
	var t Timeout
	var data []byte
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_OBJ_TABLE:
			if ad.String() != Table {
				return nil
			}
		case unix.NFTA_OBJ_NAME:
			t.Name = ad.String()
		case unix.NFTA_OBJ_TYPE:
			t.kind = ad.Uint32()
		case unix.NFTA_OBJ_DATA:
			data = ad.Bytes()
		}
	}
	if t.kind == unix.NFT_OBJECT_CT_TIMEOUT {
		if err := t.decode(data); err != nil {
			return err
		}
	}
	r.Timeouts = append(r.Timeouts, t)
	return ad.Err()
}

func (t *Timeout) decode(data []byte) error {
	ad, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return err
	}
	ad.ByteOrder = binary.BigEndian
	var values []byte
	for ad.Next() {
		switch ad.Type() {
		case ctTimeoutL4Proto:
			t.Protocol = ad.Uint8()
		case ctTimeoutData:
			values = ad.Bytes()
		}
	}
	if err := ad.Err(); err != nil {
		return err
	}
	return t.decodeValues(values)
}

// decodeValues takes the first of the policy's fields for all.
func (t *Timeout) decodeValues(data []byte) error {
	ad, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return err
	}
	for ad.Next() {
		if ad.Type() == t.fields()[0] {
			t.Seconds = binaryutil.BigEndian.Uint32(ad.Bytes())
		}
	}
	return ad.Err()
}
