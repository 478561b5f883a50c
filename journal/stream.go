package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// stream is the folder of one log stream. Its lock is the order of the bytes
// in its files, so it is held while they are written; readers hold it only to
// take the index.
type stream struct {
	dir          string
	segmentBytes int64
	log          *slog.Logger

	mu     sync.Mutex
	loaded bool
	index
}

// frame says where a frame is and what it holds.
type frame struct {
	segment  uint64 // first sequence of the file
	offset   int64
	size     int64
	first    uint64 // sequence
	count    uint64
	min, max int64 // times
}

// segment is one file.
type segment struct {
	first uint64
	size  int64
}

// append writes events, in as many frames as they need.
func (s *stream) append(ingested int64, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return Position{a.Time, 0}.Compare(Position{b.Time, 0}) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	for _, part := range split(events) {
		if err := s.write(ingested, part); err != nil {
			s.loaded = false // the next use cuts off what was half written
			return err
		}
	}
	return nil
}

// split cuts events into parts that fit into a frame.
func split(events []Event) [][]Event {
	const overhead, most = 20, 1 << 20
	var parts [][]Event
	start, size := 0, 0
	for i, e := range events {
		if i > start && size+len(e.Message)+overhead > most {
			parts = append(parts, events[start:i])
			start, size = i, 0
		}
		size += len(e.Message) + overhead
	}
	return append(parts, events[start:])
}

func (s *stream) write(ingested int64, events []Event) error {
	size := frameHeader + maxFrameHead
	for _, e := range events {
		size += len(e.Message) + maxEventHead
	}
	b := appendFrame(make([]byte, 0, size), ingested, events)
	if len(b) > frameHeader+maxBody {
		return fmt.Errorf("event of %d bytes is too large", len(events[0].Message))
	}
	last := s.segment()
	if last == nil || last.size > 0 && last.size+int64(len(b)) > s.segmentBytes {
		last = s.begin(s.next)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(s.file(last.first), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	s.add(frame{
		segment: last.first, offset: last.size, size: int64(len(b)), first: s.next, count: uint64(len(events)),
		min: events[0].Time, max: events[len(events)-1].Time,
	}, ingested)
	return nil
}

func (s *stream) file(first uint64) string { return filepath.Join(s.dir, segmentName(first)) }

// snapshot returns an index that does not change any more.
func (s *stream) snapshot() (index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return index{}, err
	}
	return s.index.clone(), nil
}

// load builds the index from the files, unless it is there.
func (s *stream) load() error {
	if s.loaded {
		return nil
	}
	s.index = index{}
	entries, err := os.ReadDir(s.dir)
	if ignoreMissing(err) != nil {
		return err
	}
	var firsts []uint64 // in the order of their names
	for _, e := range entries {
		if first, ok := parseSegmentName(e.Name()); ok {
			firsts = append(firsts, first)
		}
	}
	for i, first := range firsts {
		if err := s.loadSegment(first, i == len(firsts)-1); err != nil {
			return err
		}
	}
	s.loaded = true
	return nil
}

// loadSegment indexes one file. What follows the last good frame is cut off
// in the newest file, where a crash can leave it, and left alone in others.
func (s *stream) loadSegment(first uint64, newest bool) error {
	b, err := os.ReadFile(s.file(first))
	if err != nil {
		return err
	}
	s.next = max(s.next, first)
	s.begin(first)
	rest := b
	for len(rest) > 0 {
		events, size, err := decodeFrame(rest, s.next)
		if err != nil {
			return s.cut(first, int64(len(b)-len(rest)), newest, err)
		}
		s.add(frame{
			segment: first, offset: int64(len(b) - len(rest)), size: int64(size), first: s.next, count: uint64(len(events)),
			min: events[0].Time, max: events[len(events)-1].Time,
		}, events[0].Ingested)
		rest = rest[size:]
	}
	return nil
}

func (s *stream) cut(first uint64, offset int64, newest bool, cause error) error {
	if !newest {
		s.log.Warn("log events are lost: damaged segment", "file", s.file(first), "offset", offset, "err", cause)
		return nil
	}
	s.log.Warn("cut off an incomplete write of log events", "file", s.file(first), "offset", offset, "err", cause)
	return os.Truncate(s.file(first), offset)
}

// trim removes files that hold only events before a time.
func (s *stream) trim(before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	return s.discard(s.older(before))
}

// shed removes the oldest file that holds events and returns its size.
func (s *stream) shed() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(s.segments, func(g segment) bool { return g.size > 0 })
	if i < 0 {
		return 0, nil
	}
	g := s.segments[i]
	return g.size, s.discard([]uint64{g.first})
}

// discard removes files. If those are all, an empty one goes on with the
// sequence.
func (s *stream) discard(gone []uint64) error {
	if len(gone) == 0 {
		return nil
	}
	if last := s.segment(); slices.Contains(gone, last.first) {
		f, err := os.OpenFile(s.file(s.next), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		s.begin(s.next)
	}
	s.drop(gone)
	var errs []error
	for _, first := range gone {
		errs = append(errs, ignoreMissing(os.Remove(s.file(first))))
	}
	return errors.Join(errs...)
}

func (s *stream) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index, s.loaded = index{}, false
	return os.RemoveAll(s.dir)
}

// readAt reads a part of a segment; nil where the file is gone.
func readAt(dir string, first uint64, offset, size int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, segmentName(first)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, size)
	if _, err := f.ReadAt(b, offset); err != nil {
		return nil, err
	}
	return b, nil
}

// escapeGlob makes a path that matches itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
