package journal

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
)

// Bookmark is a position in the order of several streams that are read side by
// side: by time, stream and sequence.
type Bookmark struct {
	Time     int64  `json:"t"`
	Stream   string `json:"s"` // as the Merge knows it
	Sequence uint64 `json:"n"`
}

// String is a token for a client.
func (p Bookmark) String() string {
	b, _ := json.Marshal(p) // numbers and a string always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseBookmark reads a token; false for what String does not make.
func ParseBookmark(token string) (Bookmark, bool) {
	var p Bookmark
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Time == math.MaxInt64 {
		return Bookmark{}, false
	}
	return p, true
}

// in is the position in one stream that corresponds to p.
func (p Bookmark) in(stream string) Position {
	switch strings.Compare(stream, p.Stream) {
	case -1:
		return Position{Time: p.Time + 1}
	case 1:
		return Position{Time: p.Time}
	}
	return Position{Time: p.Time, Sequence: p.Sequence}
}
