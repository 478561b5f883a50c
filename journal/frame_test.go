package journal

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testLog(b *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func TestFrame(t *testing.T) {
	events := []Event{
		{Time: -1 << 62, Ingested: 7, Sequence: 40, Message: ""},
		{Time: 5, Ingested: 7, Sequence: 41, Message: "é\x00\n"},
		{Time: 1 << 61, Ingested: 7, Sequence: 42, Message: strings.Repeat("y", 300)},
	}
	b := appendFrame([]byte("before"), 7, events)[len("before"):]
	got, size, err := decodeFrame(append(b, "after"...), 40)
	if err != nil || size != len(b) {
		t.Fatalf("size = %d of %d, err = %v", size, len(b), err)
	}
	if d := cmp.Diff(events, got); d != "" {
		t.Error(d)
	}
	for n := range b {
		if _, _, err := decodeFrame(b[:n], 0); !errors.Is(err, errCut) {
			t.Errorf("first %d bytes: %v", n, err)
		}
	}
	for bit := range 8 * len(b) {
		flipped := append([]byte(nil), b...)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, _, err := decodeFrame(flipped, 0); err == nil {
			t.Errorf("bit %d flipped: no error", bit)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 100))
	f.Add(appendFrame(nil, 1, []Event{{Time: 1, Message: "a"}, {Time: 2}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, size, err := decodeFrame(b, 3)
		if err == nil {
			same(t, events)
			if size > len(b) {
				t.Errorf("frame of %d bytes in %d", size, len(b))
			}
		}
		// Behind the checksum, where few inputs get.
		if events, err := decodeBody(b, 3); err == nil {
			same(t, events)
		}
	})
}

// same encodes what was decoded and decodes it again.
func same(t *testing.T, events []Event) {
	t.Helper()
	again, _, err := decodeFrame(appendFrame(nil, events[0].Ingested, events), 3)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(events, again); d != "" {
		t.Error(d)
	}
}
