package logs

import (
	"fmt"
	"hash/fnv"
	"strconv"

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
