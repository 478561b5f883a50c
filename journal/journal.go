package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// Config says where the files are.
type Config struct {
	Dir          string       // required; made if missing, with mode 0700
	SegmentBytes int64        // a file is not extended beyond; default 16 MiB
	Log          *slog.Logger // damaged files; optional
}

// Journal holds the events of all streams.
type Journal struct {
	dir          string
	segmentBytes int64
	log          *slog.Logger

	mu      sync.Mutex
	streams map[string]*stream // by path
}

// Open opens the journal in c.Dir. Nothing but this Journal may use the
// folder. There is nothing to close.
func Open(c Config) (*Journal, error) {
	if c.SegmentBytes == 0 {
		c.SegmentBytes = 16 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Journal{dir: c.Dir, segmentBytes: c.SegmentBytes, log: c.Log, streams: make(map[string]*stream)}, nil
}

// stream returns the stream's files, which may not exist yet.
func (j *Journal) stream(s Stream) *stream {
	j.mu.Lock()
	defer j.mu.Unlock()
	path := s.path()
	if j.streams[path] == nil {
		j.streams[path] = &stream{dir: filepath.Join(j.dir, path), segmentBytes: j.segmentBytes, log: j.log}
	}
	return j.streams[path]
}

// Append adds events to a stream and returns when they would survive the end
// of the process. The events become visible all together or, after an error,
// perhaps a part of them. Sequence and Ingested of the events are not used.
func (j *Journal) Append(s Stream, ingested int64, events []Event) error {
	if err := j.stream(s).append(ingested, events); err != nil {
		return fmt.Errorf("append to log stream %s of %s: %w", s.Name, s.Group, err)
	}
	return nil
}

// Forward returns a cursor over the events at and after a position, the
// oldest first.
func (j *Journal) Forward(s Stream, from Position) (*Cursor, error) {
	return j.cursor(s, from, false)
}

// Backward returns a cursor over the events before a position, the newest
// first.
func (j *Journal) Backward(s Stream, before Position) (*Cursor, error) {
	return j.cursor(s, before, true)
}

func (j *Journal) cursor(s Stream, at Position, back bool) (*Cursor, error) {
	files := j.stream(s)
	index, err := files.snapshot()
	if err != nil {
		return nil, fmt.Errorf("read log stream %s of %s: %w", s.Name, s.Group, err)
	}
	return newCursor(files.dir, index, at, back), nil
}

// Status describes what a stream holds.
type Status struct {
	Events      bool  // there are some; otherwise the times are 0
	First, Last int64 // times of the oldest and the newest event
	Ingested    int64 // the last ingestion
	Next        uint64
	Bytes       int64 // on disk
}

// Status returns the status of a stream.
func (j *Journal) Status(s Stream) (Status, error) {
	index, err := j.stream(s).snapshot()
	if err != nil {
		return Status{}, fmt.Errorf("read log stream %s of %s: %w", s.Name, s.Group, err)
	}
	return index.status(), nil
}

// Trim removes the files of which all events are older than a time.
func (j *Journal) Trim(s Stream, before int64) error {
	if err := j.stream(s).trim(before); err != nil {
		return fmt.Errorf("trim log stream %s of %s: %w", s.Name, s.Group, err)
	}
	return nil
}

// Shed removes the oldest file of a stream that holds events, and returns how
// many bytes that were; 0 where the stream holds none.
func (j *Journal) Shed(s Stream) (int64, error) {
	n, err := j.stream(s).shed()
	if err != nil {
		return 0, fmt.Errorf("shed log stream %s of %s: %w", s.Name, s.Group, err)
	}
	return n, nil
}

// Place is an account in a Region.
type Place struct{ Account, Region string }

// Places lists where there are folders of streams, in the order of their
// names.
func (j *Journal) Places() ([]Place, error) {
	found, err := filepath.Glob(filepath.Join(escapeGlob(j.dir), "*", "*"))
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var places []Place
	for _, dir := range found {
		account, ok1 := unescape(filepath.Base(filepath.Dir(dir)))
		region, ok2 := unescape(filepath.Base(dir))
		if ok1 && ok2 {
			places = append(places, Place{account, region})
		}
	}
	return places, nil
}

// Remove removes a stream's files, and the folder of its group if it was the
// last one.
func (j *Journal) Remove(s Stream) error {
	files := j.stream(s)
	j.mu.Lock()
	delete(j.streams, s.path())
	j.mu.Unlock()
	if err := files.remove(); err != nil {
		return fmt.Errorf("remove log stream %s of %s: %w", s.Name, s.Group, err)
	}
	os.Remove(filepath.Dir(files.dir)) // fails while there are others, as it should
	return nil
}

// Size returns how many bytes a group's streams take on disk.
func (j *Journal) Size(account, region, group string) (int64, error) {
	var size int64
	dir := filepath.Join(j.dir, groupPath(account, region, group))
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return ignoreMissing(err)
	})
	if err != nil {
		return 0, fmt.Errorf("measure log group %s: %w", group, err)
	}
	return size, nil
}

// ignoreMissing drops the error about a file that went away meanwhile.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Sweep removes the folders of streams that are not among those to keep: what
// is left when the process ends between the removal of a stream's record and
// that of its files. It must not run beside other calls.
func (j *Journal) Sweep(keep iter.Seq[Stream]) error {
	wanted := make(map[string]bool)
	for s := range keep {
		wanted[s.path()] = true
	}
	found, err := filepath.Glob(filepath.Join(escapeGlob(j.dir), "*", "*", "*", "*"))
	if err != nil {
		return fmt.Errorf("sweep journal: %w", err)
	}
	for _, dir := range found {
		path, err := filepath.Rel(j.dir, dir)
		if err != nil {
			return fmt.Errorf("sweep journal: %w", err)
		}
		if wanted[path] {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("sweep journal: %w", err)
		}
		os.Remove(filepath.Dir(dir)) // fails while there are others, as it should
	}
	return nil
}
