package journal

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEscape(t *testing.T) {
	for _, row := range []struct{ name, want string }{
		{"eni-0a1b-all", "eni-0a1b-all"},
		{"/aws/vpc/flow", "%2Faws%2Fvpc%2Fflow"},
		{"2026/01/02/[$LATEST]abc", "2026%2F01%2F02%2F%5B%24LATEST%5Dabc"},
		{".", "%2E"},
		{"..", "%2E."},
		{"../../etc", "%2E.%2F..%2Fetc"},
		{"a.b", "a.b"},
		{"%2F", "%252F"},
		{"~", "%7E"},
		{"@", "%40"},
		{"é\x00", "%C3%A9%00"},
		{strings.Repeat("a", longest), strings.Repeat("a", longest)},
	} {
		got := escape(row.name)
		if got != row.want {
			t.Errorf("escape(%q) = %q, want %q", row.name, got, row.want)
		}
		if name, ok := unescape(got); name != row.name || !ok {
			t.Errorf("unescape(%q) = %q, %v", got, name, ok)
		}
	}
	long := strings.Repeat("/", 512)
	if a, b := escape(long), escape(long[:511]); a == b || len(a) > longest {
		t.Errorf("%q, %q", a, b)
	}
	if name, ok := unescape(escape(long)); ok {
		t.Errorf("a name that is not kept is %q", name)
	}
}

func FuzzPath(f *testing.F) {
	f.Add("/vpc/flow", "eni-0a", "..", ".")
	f.Add(strings.Repeat("é", 300), "a", "a", strings.Repeat("é", 301))
	f.Fuzz(func(t *testing.T, group, stream, otherGroup, otherStream string) {
		a := Stream{Account: "1", Region: "r", Group: group, Name: stream, Created: time.Unix(1, 0)}
		b := Stream{Account: "1", Region: "r", Group: otherGroup, Name: otherStream, Created: time.Unix(1, 0)}
		if group == "" || otherGroup == "" {
			t.Skip("the API has no such group")
		}
		for _, s := range []Stream{a, b} {
			parts := strings.Split(s.path(), string(filepath.Separator))
			if len(parts) != 4 || !filepath.IsLocal(s.path()) {
				t.Errorf("path %q", s.path())
			}
			for _, part := range parts {
				if len(part) > 255 || strings.ContainsRune(part, 0) {
					t.Errorf("path %q", s.path())
				}
			}
		}
		if (a == b) != (a.path() == b.path()) {
			t.Errorf("%q and %q", a.path(), b.path())
		}
	})
}

func TestSegmentName(t *testing.T) {
	for _, first := range []uint64{0, 1, 255, 1<<64 - 1} {
		if got, ok := parseSegmentName(segmentName(first)); !ok || got != first {
			t.Errorf("%d: %d, %v", first, got, ok)
		}
	}
	for _, name := range []string{"", ".log", "1.log", "0000000000000000", "000000000000000g.log", "00000000000000000.log"} {
		if _, ok := parseSegmentName(name); ok {
			t.Errorf("%q is a segment", name)
		}
	}
}
