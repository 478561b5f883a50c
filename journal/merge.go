package journal

import "container/heap"

// Merge reads streams side by side, as they were when they were added. Like its
// cursors it belongs to one goroutine and needs no closing.
type Merge struct {
	journal *Journal
	from    Bookmark
	end     int64 // time of the last event
	heads   heads
}

// Merge begins to read at a bookmark, up to the time end, which is included:
// forward, or with back backward from before it.
func (j *Journal) Merge(from Bookmark, end int64, back bool) *Merge {
	return &Merge{journal: j, from: from, end: end, heads: heads{back: back}}
}

// Add adds a stream, by a name that no other of the Merge has.
func (m *Merge) Add(name string, s Stream) error {
	c, err := m.journal.cursor(s, m.from.in(name), m.heads.back)
	if err != nil {
		return err
	}
	e, ok, err := c.Next()
	if err != nil {
		return err
	}
	if ok && m.within(e) {
		heap.Push(&m.heads, head{name, e, c})
	}
	return nil
}

// Peek returns the next event and the name of its stream; false after the last
// one.
func (m *Merge) Peek() (e Event, stream string, ok bool) {
	if m.heads.Len() == 0 {
		return Event{}, "", false
	}
	next := m.heads.of[0]
	return next.event, next.stream, true
}

// Bookmark is where another Merge in the same direction begins with the next
// event.
func (m *Merge) Bookmark() Bookmark {
	e, stream, _ := m.Peek()
	p := Bookmark{e.Time, stream, e.Sequence}
	if m.heads.back { // what is read begins before its bookmark
		p.Sequence++
	}
	return p
}

// Advance goes past the next event.
func (m *Merge) Advance() error {
	e, ok, err := m.heads.of[0].cursor.Next()
	if err != nil {
		return err
	}
	if !ok || !m.within(e) {
		heap.Pop(&m.heads)
		return nil
	}
	m.heads.of[0].event = e
	heap.Fix(&m.heads, 0)
	return nil
}

func (m *Merge) within(e Event) bool {
	if m.heads.back {
		return e.Time >= m.end
	}
	return e.Time <= m.end
}

// head is the next event of one stream.
type head struct {
	stream string
	event  Event
	cursor *Cursor
}

// heads is a heap of streams by their next events.
type heads struct {
	of   []head
	back bool
}

func (h *heads) Len() int { return len(h.of) }
func (h *heads) Less(i, j int) bool {
	a, b := h.of[i], h.of[j]
	if a.event.Time != b.event.Time {
		return a.event.Time < b.event.Time != h.back
	}
	return a.stream < b.stream != h.back
}
func (h *heads) Swap(i, j int) { h.of[i], h.of[j] = h.of[j], h.of[i] }
func (h *heads) Push(x any)    { h.of = append(h.of, x.(head)) }
func (h *heads) Pop() any {
	last := h.of[len(h.of)-1]
	h.of = h.of[:len(h.of)-1]
	return last
}
