package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Stream is the identity of a log stream.
type Stream struct {
	Account string
	Region  string
	Group   string
	Name    string
	Created time.Time
}

// path is the stream's folder, relative to the journal's.
func (s Stream) path() string {
	created := strconv.FormatInt(s.Created.UnixNano(), 36)
	return filepath.Join(groupPath(s.Account, s.Region, s.Group), escape(s.Name)+"@"+created)
}

func groupPath(account, region, group string) string {
	return filepath.Join(escape(account), escape(region), escape(group))
}

const (
	longest = 160 // of an escaped name; a file name has at most 255 bytes
	kept    = 100 // of the start of a longer one
)

// escape turns any name into the name of one file: other names give other
// files, none is "." or "..", and none is too long. A long name ends in its
// digest after a ~, which no short one has.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plain(c) || c == '.' && i > 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	if b.Len() <= longest {
		return b.String()
	}
	sum := sha256.Sum256([]byte(name))
	return b.String()[:kept] + "~" + hex.EncodeToString(sum[:16])
}

// unescape is the name behind that of a file; false where the name was too
// long to be kept in it.
func unescape(file string) (name string, ok bool) {
	name, err := url.PathUnescape(file)
	return name, err == nil && escape(name) == file
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

const segmentSuffix = ".log"

// segmentName names a segment by its first sequence, so that names sort in
// the order of arrival.
func segmentName(first uint64) string {
	digits := strconv.FormatUint(first, 16)
	return strings.Repeat("0", 16-len(digits)) + digits + segmentSuffix
}

func parseSegmentName(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 16, 64)
	return first, err == nil
}
