package journal

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var flow = Stream{Account: "111122223333", Region: "us-east-1", Group: "/vpc/flow", Name: "eni-0a-all", Created: time.Unix(1, 5)}

func openDir(t testing.TB, dir string, segmentBytes int64) *Journal {
	t.Helper()
	j, err := Open(Config{Dir: dir, SegmentBytes: segmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func put(t testing.TB, j *Journal, s Stream, events ...Event) {
	t.Helper()
	if err := j.Append(s, 100, events); err != nil {
		t.Fatal(err)
	}
}

// read returns everything that a cursor yields, as "time:message".
func read(t testing.TB, c *Cursor, err error) string {
	t.Helper()
	var words []string
	for err == nil {
		var e Event
		var ok bool
		if e, ok, err = c.Next(); !ok {
			break
		}
		words = append(words, fmt.Sprintf("%d:%s", e.Time, e.Message))
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(words, " ")
}

func all(t testing.TB, j *Journal, s Stream) string {
	t.Helper()
	c, err := j.Forward(s, Position{Time: math.MinInt64})
	return read(t, c, err)
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 0)
	put(t, j, flow, Event{Time: 20, Message: "c"}, Event{Time: 10, Message: "a"}, Event{Time: 20, Message: "d"})
	put(t, j, flow, Event{Time: 15, Message: "b"}, Event{Time: 20, Message: "e"})
	put(t, j, flow, Event{Time: -5, Message: "before 1970"})
	put(t, j, flow)
	for _, j := range []*Journal{j, openDir(t, dir, 0)} {
		if got, want := all(t, j, flow), "-5:before 1970 10:a 15:b 20:c 20:d 20:e"; got != want {
			t.Errorf("forward: %s", got)
		}
		for _, row := range []struct {
			at      Position
			forward string
			back    string
		}{
			{Position{15, 0}, "15:b 20:c 20:d 20:e", "10:a -5:before 1970"},
			{Position{15, 3}, "15:b 20:c 20:d 20:e", "10:a -5:before 1970"}, // the event itself
			{Position{15, 4}, "20:c 20:d 20:e", "15:b 10:a -5:before 1970"},
			{Position{20, 2}, "20:d 20:e", "20:c 15:b 10:a -5:before 1970"},
			{Position{21, 0}, "", "20:e 20:d 20:c 15:b 10:a -5:before 1970"},
			{Position{-9, 0}, "-5:before 1970 10:a 15:b 20:c 20:d 20:e", ""},
		} {
			c, err := j.Forward(flow, row.at)
			if got := read(t, c, err); got != row.forward {
				t.Errorf("forward from %v: %s", row.at, got)
			}
			c, err = j.Backward(flow, row.at)
			if got := read(t, c, err); got != row.back {
				t.Errorf("backward from %v: %s", row.at, got)
			}
		}
		status, err := j.Status(flow)
		if err != nil || !status.Events || status.First != -5 || status.Last != 20 || status.Next != 6 || status.Ingested != 100 {
			t.Errorf("status = %+v, %v", status, err)
		}
	}
	if got := all(t, j, Stream{Account: "1", Region: "r", Group: "g", Name: "other"}); got != "" {
		t.Errorf("a stream without files holds %s", got)
	}
}

// TestModel compares the journal with a sorted slice, for appends in any order of
// time, cut into small files, read from any position, before and after it is
// opened anew.
func TestModel(t *testing.T) {
	run := 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		run++
		s := flow
		s.Name = fmt.Sprint(run)
		j := openDir(t, dir, rapid.Int64Range(1, 400).Draw(rt, "segment bytes"))
		times := rapid.Int64Range(0, 30)
		batches := rapid.SliceOfN(rapid.SliceOfN(times, 1, 8), 0, 12).Draw(rt, "batches")
		orderly := rapid.Bool().Draw(rt, "orderly")
		var model []Event
		for n, batch := range batches {
			var events []Event
			for _, at := range batch {
				if orderly {
					at += int64(30 * n)
				}
				events = append(events, Event{Time: at, Message: strings.Repeat("x", int(at)%7)})
			}
			put(t, j, s, events...)
			slices.SortStableFunc(events, func(a, b Event) int { return Position{a.Time, 0}.Compare(Position{b.Time, 0}) })
			for _, e := range events {
				e.Sequence, e.Ingested = uint64(len(model)), 100
				model = append(model, e)
			}
		}
		slices.SortFunc(model, func(a, b Event) int { return a.Position().Compare(b.Position()) })
		if rapid.Bool().Draw(rt, "reopen") {
			j = openDir(t, dir, 0)
		}
		at := Position{rapid.Int64Range(-1, 400).Draw(rt, "time"), rapid.Uint64Range(0, 50).Draw(rt, "sequence")}
		i := 0
		for i < len(model) && model[i].Position().Compare(at) < 0 {
			i++
		}
		forward, err := j.Forward(s, at)
		compare(rt, "forward", model[i:], forward, err)
		back, err := j.Backward(s, at)
		before := slices.Clone(model[:i])
		slices.Reverse(before)
		compare(rt, "backward", before, back, err)
	})
}

func compare(t *rapid.T, what string, want []Event, c *Cursor, err error) {
	var got []Event
	for err == nil {
		var e Event
		var ok bool
		if e, ok, err = c.Next(); !ok {
			break
		}
		got = append(got, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(want) > 0 || len(got) > 0 {
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s: %s", what, d)
		}
	}
}

func segments(t *testing.T, dir string, s Stream) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, s.path(), "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestCutTail ends the file at every byte, as a crash in the middle of a write may.
func TestCutTail(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 0)
	ends := []int64{0}
	for i := range 3 {
		put(t, j, flow, Event{Time: int64(i), Message: "m"})
		status, err := j.Status(flow)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, status.Bytes)
	}
	file := segments(t, dir, flow)[0]
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(whole) + 1 {
		for _, tail := range []int{0, 1, 100} { // zeros that a file system may leave
			if err := os.WriteFile(file, append(whole[:size:size], make([]byte, tail)...), 0o600); err != nil {
				t.Fatal(err)
			}
			kept := 0
			for kept < 3 && ends[kept+1] <= int64(size) {
				kept++
			}
			want := strings.Join([]string{"0:m", "1:m", "2:m"}[:kept], " ")
			j := openDir(t, dir, 0)
			if got := all(t, j, flow); got != want {
				t.Fatalf("cut at %d with %d zeros: %q, want %q", size, tail, got, want)
			}
			put(t, j, flow, Event{Time: 9, Message: "new"})
			if got := all(t, openDir(t, dir, 0), flow); got != strings.TrimSpace(want+" 9:new") {
				t.Fatalf("cut at %d with %d zeros, after an append: %q", size, tail, got)
			}
		}
	}
}

func TestDamagedSegment(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 40) // two frames a file
	for i := range 6 {
		put(t, j, flow, Event{Time: int64(i), Message: "m"})
	}
	files := segments(t, dir, flow)
	if len(files) != 3 {
		t.Fatalf("%d segments, want 3", len(files))
	}
	b, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(files[1], b, 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	j, err = Open(Config{Dir: dir, SegmentBytes: 40, Log: testLog(&log)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := all(t, j, flow), "0:m 1:m 2:m 4:m 5:m"; got != want {
		t.Errorf("around a damaged frame: %s", got)
	}
	if !strings.Contains(log.String(), files[1]) {
		t.Errorf("log = %q does not name the file", log.String())
	}
	if after, _ := os.ReadFile(files[1]); len(after) != len(b) {
		t.Error("the damaged file was changed")
	}
}

func TestTrim(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 1) // a frame a file
	for i := range 4 {
		put(t, j, flow, Event{Time: int64(10 * i), Message: "m"})
	}
	trim := func(before int64, want string, files int) {
		t.Helper()
		held, err := j.Forward(flow, Position{}) // reads through the removal
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Trim(flow, before); err != nil {
			t.Fatal(err)
		}
		if got := read(t, held, nil); got != want {
			t.Errorf("trim before %d under a cursor: %q, want %q", before, got, want)
		}
		for _, j := range []*Journal{j, openDir(t, dir, 1)} {
			if got := all(t, j, flow); got != want {
				t.Errorf("trim before %d: %q, want %q", before, got, want)
			}
		}
		if n := len(segments(t, dir, flow)); n != files {
			t.Errorf("trim before %d: %d files, want %d", before, n, files)
		}
	}
	trim(0, "0:m 10:m 20:m 30:m", 4)
	trim(11, "20:m 30:m", 2)
	trim(30, "30:m", 1)
	trim(31, "", 1) // an empty file keeps the sequence
	trim(31, "", 1)
	put(t, j, flow, Event{Time: 50, Message: "new"})
	if status, err := openDir(t, dir, 1).Status(flow); err != nil || status.Next != 5 {
		t.Errorf("next sequence = %d, %v, want 5", status.Next, err)
	}
}

func TestShed(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 1) // a frame a file
	for i := range 3 {
		put(t, j, flow, Event{Time: int64(i), Message: "m"})
	}
	for _, want := range []string{"1:m 2:m", "2:m", ""} {
		before, err := j.Status(flow)
		if err != nil {
			t.Fatal(err)
		}
		n, err := j.Shed(flow)
		if err != nil {
			t.Fatal(err)
		}
		after, err := j.Status(flow)
		if err != nil {
			t.Fatal(err)
		}
		if n <= 0 || before.Bytes-after.Bytes != n {
			t.Errorf("shed %d bytes, %d are gone", n, before.Bytes-after.Bytes)
		}
		for _, j := range []*Journal{j, openDir(t, dir, 1)} {
			if got := all(t, j, flow); got != want {
				t.Errorf("left: %q, want %q", got, want)
			}
		}
	}
	if n, err := j.Shed(flow); n != 0 || err != nil {
		t.Errorf("shed %d bytes of nothing, %v", n, err)
	}
	if status, err := openDir(t, dir, 1).Status(flow); err != nil || status.Next != 3 {
		t.Errorf("next sequence = %d, %v, want 3", status.Next, err)
	}
}

func TestPlaces(t *testing.T) {
	j := openDir(t, t.TempDir(), 0)
	other := flow
	other.Account, other.Region = "999900001111", "eu-west-1"
	for _, s := range []Stream{flow, other} {
		put(t, j, s, Event{Message: "m"})
	}
	got, err := j.Places()
	if want := []Place{{flow.Account, flow.Region}, {other.Account, other.Region}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("places %v, %v, want %v", got, err, want)
	}
}

func TestRemoveAndSweep(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, 0)
	again := flow
	again.Created = flow.Created.Add(1)
	other := flow
	other.Group = "other"
	for _, s := range []Stream{flow, other} {
		put(t, j, s, Event{Time: 1, Message: "m"})
	}
	if size, err := j.Size(flow.Account, flow.Region, flow.Group); err != nil || size == 0 {
		t.Errorf("size = %d, %v", size, err)
	}
	if size, err := j.Size(flow.Account, flow.Region, "/vpc"); err != nil || size != 0 {
		t.Errorf("size of a group without files = %d, %v", size, err)
	}
	if err := j.Remove(flow); err != nil {
		t.Fatal(err)
	}
	if got := all(t, j, flow) + all(t, j, again); got != "" {
		t.Errorf("after remove: %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, groupPath(flow.Account, flow.Region, flow.Group))); !os.IsNotExist(err) {
		t.Errorf("the group's folder: %v", err)
	}
	put(t, j, flow, Event{Time: 1, Message: "late"}) // by one who did not know of the removal
	put(t, j, again, Event{Time: 2, Message: "again"})
	j = openDir(t, dir, 0)
	if err := j.Sweep(slices.Values([]Stream{again, other})); err != nil {
		t.Fatal(err)
	}
	if got := all(t, j, flow) + "," + all(t, j, again) + "," + all(t, j, other); got != ",2:again,1:m" {
		t.Errorf("after sweep: %s", got)
	}
}

func TestLargeAppend(t *testing.T) {
	j := openDir(t, t.TempDir(), 3<<20)
	var events []Event
	for i := range 10 {
		events = append(events, Event{Time: int64(i), Message: strings.Repeat("x", 900<<10)})
	}
	put(t, j, flow, events...)
	c, err := j.Backward(flow, Position{Time: 100})
	if got := read(t, c, err); len(got) != 10*(900<<10+3)-1 {
		t.Errorf("read %d bytes", len(got))
	}
	if err := j.Append(flow, 0, []Event{{Message: strings.Repeat("x", maxBody)}}); err == nil {
		t.Error("wrote a frame that nobody would read")
	}
	if got, _ := j.Status(flow); got.Next != 10 {
		t.Errorf("next sequence = %d after a refused append", got.Next)
	}
}

func TestConcurrentUse(t *testing.T) {
	j := openDir(t, t.TempDir(), 2000)
	const writers, appends = 4, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range appends {
				if err := j.Append(flow, 1, []Event{{Time: int64(i), Message: fmt.Sprint(w)}, {Time: int64(i + 3), Message: "x"}}); err != nil {
					t.Error(err)
				}
				c, err := j.Forward(flow, Position{})
				if err != nil {
					t.Error(err)
					return
				}
				last := Position{}
				for {
					e, ok, err := c.Next()
					if err != nil {
						t.Error(err)
					}
					if !ok {
						break
					}
					if e.Position().Compare(last) < 0 {
						t.Errorf("%v after %v", e.Position(), last)
					}
					last = e.Position()
				}
			}
		})
	}
	wg.Wait()
	if n := len(strings.Fields(all(t, j, flow))); n != 2*writers*appends {
		t.Errorf("%d events, want %d", n, 2*writers*appends)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	j := openDir(t, dir, 0)
	put(t, j, flow, Event{Message: "m"})
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
