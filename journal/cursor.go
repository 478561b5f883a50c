package journal

import (
	"container/heap"
	"fmt"
)

// readAhead is how much of a file one read takes.
const readAhead = 64 << 10

// Cursor walks over a stream as it was when the cursor was made. It holds no
// file open and needs no closing. It belongs to one goroutine.
type Cursor struct {
	dir    string
	at     Position
	back   bool
	frames []frame // yet to be read; the next one is the first, or with back the last
	runs   runs    // frames that are being read: several where their times overlap
	chunk  chunk
}

// chunk is a part of a file that has been read.
type chunk struct {
	segment uint64
	offset  int64
	bytes   []byte
}

func newCursor(dir string, x index, at Position, back bool) *Cursor {
	c := &Cursor{dir: dir, at: at, back: back, runs: runs{back: back}}
	if back {
		c.frames = x.before(at)
	} else {
		c.frames = x.from(at)
	}
	return c
}

// Next returns the next event; false after the last one. Events in files that
// are removed meanwhile are left out.
func (c *Cursor) Next() (Event, bool, error) {
	for len(c.frames) > 0 && (len(c.runs.of) == 0 || c.reached(c.nextFrame())) {
		if err := c.open(); err != nil {
			return Event{}, false, fmt.Errorf("read log events in %s: %w", c.dir, err)
		}
	}
	if len(c.runs.of) == 0 {
		return Event{}, false, nil
	}
	run := c.runs.of[0]
	e := run[0]
	if len(run) == 1 {
		heap.Pop(&c.runs)
	} else {
		c.runs.of[0] = run[1:]
		heap.Fix(&c.runs, 0)
	}
	return e, true, nil
}

func (c *Cursor) nextFrame() frame {
	if c.back {
		return c.frames[len(c.frames)-1]
	}
	return c.frames[0]
}

// reached says that f may hold an event that comes before the next one of
// the runs.
func (c *Cursor) reached(f frame) bool {
	next := c.runs.of[0][0].Position()
	if c.back {
		return f.end().Compare(next) > 0
	}
	return f.start().Compare(next) < 0
}

// open makes a run of the next frame.
func (c *Cursor) open() error {
	f := c.nextFrame()
	if c.back {
		c.frames = c.frames[:len(c.frames)-1]
	} else {
		c.frames = c.frames[1:]
	}
	b, err := c.read(f)
	if b == nil || err != nil {
		return err
	}
	events, _, err := decodeFrame(b, f.first)
	if err != nil {
		return err
	}
	run := make([]Event, 0, len(events))
	for i := range events {
		e := events[i]
		if c.back {
			e = events[len(events)-1-i]
		}
		if (e.Position().Compare(c.at) < 0) == c.back {
			run = append(run, e)
		}
	}
	if len(run) > 0 {
		heap.Push(&c.runs, run)
	}
	return nil
}

// read returns the bytes of a frame, nil where its file is gone. It reads
// ahead in the direction of the cursor.
func (c *Cursor) read(f frame) ([]byte, error) {
	if b := c.chunk.frame(f); b != nil {
		return b, nil
	}
	from, to := f.offset, f.offset+f.size
	for _, other := range c.ahead() {
		if other.segment != f.segment || max(to, other.offset+other.size)-min(from, other.offset) > readAhead {
			break
		}
		from, to = min(from, other.offset), max(to, other.offset+other.size)
	}
	b, err := readAt(c.dir, f.segment, from, to-from)
	if b == nil || err != nil {
		return nil, err
	}
	c.chunk = chunk{f.segment, from, b}
	return c.chunk.frame(f), nil
}

// ahead yields the frames after the next one, in the order of reading.
func (c *Cursor) ahead() func(yield func(int, frame) bool) {
	return func(yield func(int, frame) bool) {
		for i := range c.frames {
			f := c.frames[i]
			if c.back {
				f = c.frames[len(c.frames)-1-i]
			}
			if !yield(i, f) {
				return
			}
		}
	}
}

func (c chunk) frame(f frame) []byte {
	start, end := f.offset-c.offset, f.offset+f.size-c.offset
	if c.segment != f.segment || start < 0 || end > int64(len(c.bytes)) {
		return nil
	}
	return c.bytes[start:end]
}

// runs is a heap of what is left of frames, by their next events.
type runs struct {
	of   [][]Event
	back bool
}

func (r *runs) Len() int { return len(r.of) }
func (r *runs) Less(i, j int) bool {
	order := r.of[i][0].Position().Compare(r.of[j][0].Position())
	return order < 0 != r.back
}
func (r *runs) Swap(i, j int) { r.of[i], r.of[j] = r.of[j], r.of[i] }
func (r *runs) Push(x any)    { r.of = append(r.of, x.([]Event)) }
func (r *runs) Pop() any {
	last := r.of[len(r.of)-1]
	r.of = r.of[:len(r.of)-1]
	return last
}
