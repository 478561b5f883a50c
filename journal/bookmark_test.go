package journal

import "testing"

func TestBookmark(t *testing.T) {
	at := func(time int64, sequence uint64) Position { return Position{Time: time, Sequence: sequence} }
	p := Bookmark{Time: 5, Stream: "b", Sequence: 9}
	again, ok := ParseBookmark(p.String())
	if !ok || again != p {
		t.Errorf("%v, %v", again, ok)
	}
	if p.in("a") != at(6, 0) || p.in("b") != at(5, 9) || p.in("c") != at(5, 0) {
		t.Errorf("in streams: %v %v %v", p.in("a"), p.in("b"), p.in("c"))
	}
}

func FuzzBookmark(f *testing.F) {
	f.Add(Bookmark{1, "111122223333/us-east-1", 7}.String())
	f.Add("e30")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		p, ok := ParseBookmark(token)
		if !ok {
			return
		}
		again, ok := ParseBookmark(p.String())
		if !ok || again.Time != p.Time || again.Sequence != p.Sequence {
			t.Errorf("%q is %+v, %+v, %v", token, p, again, ok)
		}
	})
}
