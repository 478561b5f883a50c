package audit

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

func TestReadInBothDirections(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	for i := range 6 {
		c := listClusters(fmt.Sprint(i), root)
		c.Time = at(time.Duration(i) * time.Minute)
		if i%2 == 1 {
			c.Caller.Account, c.Arrival = other, through(account)
		}
		l.Record(c)
	}
	for range 2 { // and once more after a restart
		abroad := vpc.Owner{Account: other, Region: region}
		for _, row := range []struct {
			name string
			q    Query
			want string
		}{
			{"everything once", Query{}, "0 1 2 3 4 5"},
			{"the newest first", Query{Newest: true}, "5 4 3 2 1 0"},
			{"pages", Query{Limit: 2}, "0 1 2 3 4 5"},
			{"pages, the newest first", Query{Limit: 1, Newest: true}, "5 4 3 2 1 0"},
			{"the caller's journal", Query{Owner: abroad}, "1 3 5"},
			{"the endpoint owner's journal", Query{Owner: home}, "0 1 2 3 4 5"},
			{"both ends are included", Query{From: at(time.Minute), To: at(4 * time.Minute)}, "1 2 3 4"},
			{"both ends, the newest first", Query{From: at(time.Minute), To: at(4 * time.Minute), Newest: true}, "4 3 2 1"},
			{"match", Query{Match: func(r *Record) bool { return r.RequestID > "3" }, Limit: 1}, "4 5"},
			{"nobody", Query{Owner: vpc.Owner{Account: "000000000000", Region: region}}, ""},
		} {
			if got := ids(t, l, row.q); got != row.want {
				t.Errorf("%s: %q, want %q", row.name, got, row.want)
			}
		}
		if r, ok, err := l.Call(t.Context(), "2"); err != nil || !ok || r.RequestID != "2" {
			t.Errorf("call 2: %v, %v, %v", r.RequestID, ok, err)
		}
		if _, ok, err := l.Call(t.Context(), "6"); err != nil || ok {
			t.Errorf("call 6: %v, %v", ok, err)
		}
		l.Close()
		l = open(t, Config{Dir: dir})
	}
	if _, err := l.Read(t.Context(), Query{After: "x"}); err != ErrToken {
		t.Errorf("nonsense for a token: %v", err)
	}
}

// TestRecordsOfCallsSideBySide wants every record, readable as soon as it was
// handed over.
func TestRecordsOfCallsSideBySide(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	var calls sync.WaitGroup
	for w := range 8 {
		calls.Go(func() {
			for i := range 200 {
				c := listClusters(fmt.Sprintf("%d-%d", w, i), root)
				c.Time = time.Now()
				l.Record(c)
			}
		})
	}
	calls.Wait()
	if n := len(strings.Fields(ids(t, l, Query{}))); n+int(l.Lost()) != 1600 || l.Lost() > 0 {
		t.Errorf("%d records, %d lost", n, l.Lost())
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := open(t, Config{Dir: dir})
	l.Record(listClusters("1", root))
	ids(t, l, Query{})
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

// TestCutOffRecord leaves a half-written record, as a crash does.
func TestCutOffRecord(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	for i := range 3 {
		l.Record(listClusters(fmt.Sprint(i), root))
		ids(t, l, Query{}) // writes it
	}
	l.Close()
	file := files(t, dir)[0]
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, int64(len(b)-7)); err != nil {
		t.Fatal(err)
	}
	l = open(t, Config{Dir: dir})
	l.Record(listClusters("3", root))
	if got := ids(t, l, Query{}); got != "0 1 3" {
		t.Errorf("after a crash: %q", got)
	}
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l := open(t, Config{Dir: dir, Retention: 24 * time.Hour})
		call := func(id string) {
			c := listClusters(id, root)
			c.Time = time.Now()
			l.Record(c)
			ids(t, l, Query{})
		}
		call("old")
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if got := ids(t, l, Query{}); got != "" {
			t.Errorf("after retention: %q", got)
		}
		call("new")
		time.Sleep(22 * time.Hour)
		synctest.Wait()
		if got := ids(t, l, Query{}); got != "new" {
			t.Errorf("before retention: %q", got)
		}
		l.Close()
	})
}

// TestBatchIsWrittenInTime waits for the writer alone.
func TestBatchIsWrittenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l := open(t, Config{Dir: dir})
		l.Record(listClusters("1", root))
		synctest.Wait()
		if n := len(files(t, dir)); n != 0 {
			t.Errorf("%d files at once: a call is a write of its own", n)
		}
		time.Sleep(batchTime)
		synctest.Wait()
		if n := len(files(t, dir)); n != 1 {
			t.Errorf("%d files after %v", n, batchTime)
		}
		l.Close()
	})
}

// TestLargestJournalGivesWay fills one account's journal over the limit.
func TestLargestJournalGivesWay(t *testing.T) {
	dir := t.TempDir()
	const most = 12 << 20
	l := open(t, Config{Dir: dir, MaxBytes: most})
	quiet := listClusters("quiet", root)
	quiet.Caller.Account = other
	l.Record(quiet)
	pad := strings.Repeat("x", 60<<10)
	for i := range 300 {
		c := describe(fmt.Sprint(i), root, pad)
		c.Outcome.Resources = []string{"*"}
		l.Record(c)
		if i%100 == 0 {
			ids(t, l, Query{Newest: true, Limit: 1, Match: func(*Record) bool { return true }, From: at(time.Hour)}) // keeps pace
		}
	}
	noisy := ids(t, l, Query{Owner: home})
	if !strings.HasSuffix(noisy, "299") || strings.HasPrefix(noisy, "0 ") {
		t.Errorf("left of the largest journal: %.40s … of %d", noisy, len(strings.Fields(noisy)))
	}
	if got := ids(t, l, Query{Owner: vpc.Owner{Account: other, Region: region}}); got != "quiet" {
		t.Errorf("left of the other: %q", got)
	}
	size := int64(0)
	for _, f := range files(t, dir) {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > most {
		t.Errorf("%d bytes on disk", size)
	}
}

// TestFullQueue stops the writer's files: calls go on, and what is lost is
// counted and logged.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		l := &Log{queue: make(chan *Call, 1), ended: make(chan struct{}), log: slog.New(slog.NewTextHandler(&text, nil)), maxBytes: 1}
		l.pending = nil
		l.Record(listClusters("1", root))
		start := time.Now()
		l.Record(listClusters("2", root))
		if d := time.Since(start); d != patience || l.Lost() != 1 {
			t.Errorf("a call waited %v, %d are lost", d, l.Lost())
		}
		l.write()
		l.write()
		if n := strings.Count(text.String(), "count=1"); n != 1 {
			t.Errorf("the loss is logged %d times: %s", n, &text)
		}
	})
}

func TestRecordAfterClose(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	l.Close()
	l.Record(listClusters("1", root))
	if l.Lost() != 1 {
		t.Errorf("lost = %d", l.Lost())
	}
}

func TestTooLargeParameters(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	l.Record(describe("1", root, strings.Repeat("x", 200<<10)))
	p, err := l.Read(t.Context(), Query{})
	if err != nil || len(p.Records) != 1 {
		t.Fatalf("%d records, %v", len(p.Records), err)
	}
	if got := string(p.Records[0].Parameters); got != `{"omitted":true,"originalSize":204811,"reason":"requestParameters too large"}` {
		t.Errorf("parameters = %.200s", got)
	}
}

func TestOddTexts(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	c := listClusters("1", root)
	c.UserAgent = "\xff\x00" + strings.Repeat("é", 2000)
	c.Error = &wire.Error{Code: "X", Message: "a\nb<&>\xff"}
	l.Record(c)
	p, err := l.Read(t.Context(), Query{})
	if err != nil || len(p.Records) != 1 {
		t.Fatalf("%d records, %v", len(p.Records), err)
	}
	if r := p.Records[0]; r.ErrorMessage != "a\nb<&>\uFFFD" || len(r.UserAgent) > maxText+4 {
		t.Errorf("message %q, agent of %d bytes", r.ErrorMessage, len(r.UserAgent))
	}
}

// files are those of the log that hold something.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A record that cannot be made is lost, and no other.
func TestARecordThatPanics(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	bad := listClusters("1", root)
	bad.In = 1 // no shape
	l.Record(bad)
	l.Record(listClusters("2", root))
	if got := ids(t, l, Query{}); got != "2" {
		t.Errorf("records %q, want only the second", got)
	}
	if l.Lost() != 1 {
		t.Errorf("%d lost, want 1", l.Lost())
	}
}

func BenchmarkRecord(b *testing.B) {
	l, err := Open(Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c := listClusters("1", root)
	b.ReportAllocs()
	for b.Loop() {
		l.Record(c)
	}
	b.ReportMetric(float64(l.Lost()), "lost")
}
