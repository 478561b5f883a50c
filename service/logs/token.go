package logs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"

	"github.com/postern/postern/journal"
)

// A token of GetLogEvents looks like AWS's: f/ or b/ and 56 digits, which are
// a position in the stream.
const (
	forward  = "f/"
	backward = "b/"

	timeDigits     = 20
	sequenceDigits = 36
)

func eventToken(direction string, p journal.Position) string {
	return fmt.Sprintf("%s%0*d%0*d", direction, timeDigits, unsigned(p.Time), sequenceDigits, p.Sequence)
}

func parseEventToken(token string) (direction string, p journal.Position, err error) {
	direction, digits := token[:min(2, len(token))], token[min(2, len(token)):]
	if direction != forward && direction != backward || len(digits) != timeDigits+sequenceDigits {
		return "", p, errToken()
	}
	at, err1 := strconv.ParseUint(digits[:timeDigits], 10, 64)
	sequence, err2 := strconv.ParseUint(digits[timeDigits:], 10, 64)
	if err1 != nil || err2 != nil {
		return "", p, errToken()
	}
	return direction, journal.Position{Time: signed(at), Sequence: sequence}, nil
}

// unsigned maps times to numbers without a sign in the same order.
func unsigned(t int64) uint64 { return uint64(t) ^ 1<<63 }
func signed(t uint64) int64   { return int64(t ^ 1<<63) }

// eventID is an event's id in FilterLogEvents: 56 digits, different for each
// event of a group, in the order of time.
func eventID(stream string, e journal.Event) string {
	h := fnv.New64a()
	h.Write([]byte(stream)) // never fails
	return fmt.Sprintf("%020d%020d%016d", unsigned(e.Time), h.Sum64(), e.Sequence%1e16)
}

// place is a position in the order of all streams of a group: by time, stream
// and sequence. It is what a token of FilterLogEvents holds.
type place struct {
	Time     int64  `json:"t"`
	Stream   string `json:"s"`
	Sequence uint64 `json:"n"`
}

func (p place) String() string {
	b, _ := json.Marshal(p) // numbers and a string always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePlace(token string) (place, error) {
	var p place
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Time == math.MaxInt64 {
		return place{}, errToken()
	}
	return p, nil
}

// in is the position in one stream that corresponds to p.
func (p place) in(stream string) journal.Position {
	switch strings.Compare(stream, p.Stream) {
	case -1:
		return journal.Position{Time: p.Time + 1}
	case 1:
		return journal.Position{Time: p.Time}
	}
	return journal.Position{Time: p.Time, Sequence: p.Sequence}
}
