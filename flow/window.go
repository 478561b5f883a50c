package flow

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/postern/postern/vpc"
)

// key is what one record is about. It holds no pointers, so that the garbage
// collector passes over the maps of a busy window.
type key struct {
	src, dst         [16]byte
	srcPort, dstPort uint16
	protocol         uint8
	egress, reject   bool
}

// count is what a window counted of a key; times are Unix nanoseconds.
type count struct {
	packets, bytes uint64
	start, end     int64
}

func keyOf(f vpc.Flow) key {
	return key{
		src:      f.Tuple.Src.Addr().As16(),
		dst:      f.Tuple.Dst.Addr().As16(),
		srcPort:  f.Tuple.Src.Port(),
		dstPort:  f.Tuple.Dst.Port(),
		protocol: f.Tuple.Protocol,
		egress:   f.Egress,
		reject:   f.Action == vpc.Reject,
	}
}

// A window is what one interface saw since the last flush of a flow log.
type window struct {
	eni     vpc.ENI
	start   time.Time
	flows   map[key]count
	skipped bool // records were lost
	gone    bool // the interface is no longer there: this window is its last
}

// add counts f in. It leaves out, and marks, what exceeds limit records.
func (w *window) add(f vpc.Flow, limit int) {
	k := keyOf(f)
	c, known := w.flows[k]
	start, end := f.Start.UnixNano(), f.End.UnixNano()
	switch {
	case known:
		start, end = min(c.start, start), max(c.end, end)
	case len(w.flows) >= limit:
		w.skipped = true
		return
	}
	w.flows[k] = count{c.packets + f.Packets, c.bytes + f.Bytes, start, end}
}

// rows returns the window's records up to end, flows ordered by start and
// tuple.
func (w *window) rows(end time.Time) []row {
	rows := make([]row, 0, len(w.flows)+1)
	for k, c := range w.flows {
		rows = append(rows, row{OK, w.eni.Account, w.flow(k, c, end)})
	}
	slices.SortFunc(rows, func(a, b row) int { return compare(a.flow, b.flow) })
	whole := vpc.Flow{ENI: w.eni.ID, Start: w.start, End: end}
	switch {
	case w.skipped:
		rows = append(rows, row{SkipData, w.eni.Account, whole})
	case len(rows) == 0 && end.After(w.start):
		rows = append(rows, row{NoData, w.eni.Account, whole})
	}
	return rows
}

// flow unpacks a key. Its times lie within the window; they can be outside
// because collecting takes a moment.
func (w *window) flow(k key, c count, end time.Time) vpc.Flow {
	low := w.start
	if low.After(end) {
		low = end
	}
	f := vpc.Flow{
		ENI:    w.eni.ID,
		Egress: k.egress,
		Tuple: vpc.Tuple{
			Protocol: k.protocol,
			Src:      netip.AddrPortFrom(netip.AddrFrom16(k.src).Unmap(), k.srcPort),
			Dst:      netip.AddrPortFrom(netip.AddrFrom16(k.dst).Unmap(), k.dstPort),
		},
		Action:  vpc.Accept,
		Packets: c.packets,
		Bytes:   c.bytes,
		Start:   clamp(time.Unix(0, c.start), low, end),
		End:     clamp(time.Unix(0, c.end), low, end),
	}
	if k.reject {
		f.Action = vpc.Reject
	}
	return f
}

func clamp(t, low, high time.Time) time.Time {
	if t.Before(low) {
		return low
	}
	if t.After(high) {
		return high
	}
	return t
}

func compare(a, b vpc.Flow) int {
	return cmp.Or(
		a.Start.Compare(b.Start),
		a.Tuple.Src.Compare(b.Tuple.Src),
		a.Tuple.Dst.Compare(b.Tuple.Dst),
		cmp.Compare(a.Tuple.Protocol, b.Tuple.Protocol),
		compareBool(a.Egress, b.Egress),
		cmp.Compare(a.Action, b.Action),
	)
}

// compareBool puts true first: a packet leaves before it arrives.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
