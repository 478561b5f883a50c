package journal

import (
	"slices"
	"sort"
)

// index is what is known of a stream's files.
type index struct {
	segments []segment
	frames   []frame // in the order of arrival
	next     uint64  // sequence of the next event
	shuffled bool    // a frame begins before an earlier one ends
	ingested int64   // of the newest frame
}

// segment is the newest file, nil if there is none.
func (x *index) segment() *segment {
	if len(x.segments) == 0 {
		return nil
	}
	return &x.segments[len(x.segments)-1]
}

func (x *index) begin(first uint64) *segment {
	x.segments = append(x.segments, segment{first: first})
	return x.segment()
}

// add notes a frame at the end of the newest file.
func (x *index) add(f frame, ingested int64) {
	if n := len(x.frames); n > 0 && f.min < x.frames[n-1].max {
		x.shuffled = true
	}
	x.frames = append(x.frames, f)
	x.segment().size += f.size
	x.next = f.first + f.count
	x.ingested = max(x.ingested, ingested)
}

// clone returns an index that shares no memory that is written again: frames
// are only ever appended.
func (x *index) clone() index {
	c := *x
	c.segments = slices.Clone(x.segments)
	c.frames = slices.Clip(x.frames)
	return c
}

// older are the files that hold events, all of them before a time.
func (x *index) older(before int64) []uint64 {
	newest := make(map[uint64]int64)
	for _, f := range x.frames {
		if t, ok := newest[f.segment]; !ok || f.max > t {
			newest[f.segment] = f.max
		}
	}
	var firsts []uint64
	for _, s := range x.segments {
		if t, ok := newest[s.first]; ok && t < before {
			firsts = append(firsts, s.first)
		}
	}
	return firsts
}

func (x *index) drop(segments []uint64) {
	x.segments = slices.DeleteFunc(slices.Clone(x.segments), func(s segment) bool { return slices.Contains(segments, s.first) })
	x.frames = slices.DeleteFunc(slices.Clone(x.frames), func(f frame) bool { return slices.Contains(segments, f.segment) })
}

func (x *index) status() Status {
	s := Status{Next: x.next, Ingested: x.ingested}
	for i, f := range x.frames {
		if i == 0 || f.min < s.First {
			s.First = f.min
		}
		if i == 0 || f.max > s.Last {
			s.Last = f.max
		}
		s.Events = true
	}
	for _, g := range x.segments {
		s.Bytes += g.size
	}
	return s
}

// start is the place of the first event of a frame, end that of the last.
func (f frame) start() Position { return Position{f.min, f.first} }
func (f frame) end() Position   { return Position{f.max, f.first + f.count - 1} }

// from are the frames that hold events at or after a position, in the order
// of their first events.
func (x *index) from(at Position) []frame {
	if !x.shuffled {
		i := sort.Search(len(x.frames), func(i int) bool { return x.frames[i].end().Compare(at) >= 0 })
		return x.frames[i:]
	}
	frames := slices.DeleteFunc(slices.Clone(x.frames), func(f frame) bool { return f.end().Compare(at) < 0 })
	slices.SortFunc(frames, func(a, b frame) int { return a.start().Compare(b.start()) })
	return frames
}

// before are the frames that hold events before a position, in the order of
// their last events.
func (x *index) before(at Position) []frame {
	if !x.shuffled {
		i := sort.Search(len(x.frames), func(i int) bool { return x.frames[i].start().Compare(at) >= 0 })
		return x.frames[:i]
	}
	frames := slices.DeleteFunc(slices.Clone(x.frames), func(f frame) bool { return f.start().Compare(at) >= 0 })
	slices.SortFunc(frames, func(a, b frame) int { return a.end().Compare(b.end()) })
	return frames
}
