package sigv4

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm      = "AWS4-HMAC-SHA256"
	algorithmA     = "AWS4-ECDSA-P256-SHA256" // SigV4A
	terminator     = "aws4_request"
	timeFormat     = "20060102T150405Z"
	maxExpires     = 7 * 24 * time.Hour
	defaultExpires = 15 * time.Minute // of a presigned URL that names none
)

// Signature is what a request says about how it was signed.
type Signature struct {
	AccessKey string
	Region    string
	Service   string // signing name: eks
	Presigned bool   // in the query
	Time      time.Time
	Token     string // session token; long-term credentials have none

	stamp   string // Time in timeFormat
	date    string // of the scope, YYYYMMDD
	headers []string
	mac     []byte
	expires time.Duration // of a presigned URL

	tokenAdded bool // the session token was added to the URL after it was signed
}

// Parse reads the signature of a request. The error is an *Error of kind
// Missing or Incomplete.
func Parse(r *http.Request) (Signature, error) {
	var query url.Values
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return Signature{}, refuse(Incomplete, "The query string is malformed.")
		}
	}
	header := r.Header.Values("Authorization")
	presigned := query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature")
	var s Signature
	var wrong *Error
	switch {
	case len(header) == 0 && !presigned:
		return s, refuse(Missing, "Missing Authentication Token")
	case len(header) > 0 && presigned, len(header) > 1:
		return s, refuse(Incomplete, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified")
	case presigned:
		s, wrong = parseQuery(query)
	default:
		s, wrong = parseHeader(header[0], r.Header)
	}
	if wrong != nil {
		return Signature{}, wrong
	}
	if s.Token, wrong = parseToken(query, r.Header); wrong != nil {
		return Signature{}, wrong
	}
	return s, nil
}

// parseHeader reads
// AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…
// and the time beside it.
func parseHeader(authorization string, h http.Header) (Signature, *Error) {
	name, rest, _ := strings.Cut(authorization, " ")
	if err := checkAlgorithm(name); err != nil {
		return Signature{}, err
	}
	names := [...]string{"Credential", "Signature", "SignedHeaders"}
	var fields [len(names)]string
	var given [len(names)]bool
	for part := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return Signature{}, refuse(Incomplete, "'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", key, authorization)
		}
		i := slices.Index(names[:], key)
		if i < 0 {
			continue
		}
		if given[i] {
			return Signature{}, refuse(Incomplete, "Authorization header has '%s' twice.", key)
		}
		fields[i], given[i] = value, true
	}
	var missing []string
	for i, key := range names {
		if fields[i] == "" {
			missing = append(missing, "Authorization header requires '"+key+"' parameter.")
		}
	}
	if len(missing) > 0 {
		return Signature{}, refuse(Incomplete, "%s Authorization=%s", strings.Join(missing, " "), name)
	}
	var s Signature
	if err := s.parse(fields[0], fields[2], fields[1]); err != nil {
		return s, err
	}
	return s, s.parseHeaderTime(h)
}

// parseHeaderTime reads X-Amz-Date, otherwise Date, which may be in HTTP's
// format.
func (s *Signature) parseHeaderTime(h http.Header) *Error {
	values := h.Values("X-Amz-Date")
	if len(values) == 0 {
		values = h.Values("Date")
	}
	if len(values) != 1 {
		return refuse(Incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=%s", algorithm)
	}
	if h.Get("X-Amz-Date") == "" {
		if t, err := http.ParseTime(values[0]); err == nil {
			s.Time = t.UTC()
			s.stamp = s.Time.Format(timeFormat)
			return nil
		}
	}
	return s.parseTime(values[0])
}

// parseQuery reads the X-Amz-… parameters of a presigned URL.
func parseQuery(query url.Values) (Signature, *Error) {
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if len(query[name]) != 1 || query[name][0] == "" {
			return Signature{}, refuse(Incomplete, "AWS query-string parameters must include '%s'. Re-examine the query-string parameters.", name)
		}
	}
	if err := checkAlgorithm(query.Get("X-Amz-Algorithm")); err != nil {
		return Signature{}, err
	}
	s := Signature{Presigned: true, expires: defaultExpires}
	if err := s.parse(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature")); err != nil {
		return s, err
	}
	if query.Has("X-Amz-Expires") {
		seconds, err := strconv.ParseUint(query.Get("X-Amz-Expires"), 10, 32)
		if err != nil || len(query["X-Amz-Expires"]) != 1 {
			return s, refuse(Incomplete, "X-Amz-Expires should be a number")
		}
		s.expires = time.Duration(seconds) * time.Second
		if s.expires < time.Second || s.expires > maxExpires {
			return s, refuse(Incomplete, "X-Amz-Expires must be between 1 and 604800 seconds.")
		}
	}
	return s, s.parseTime(query.Get("X-Amz-Date"))
}

// parseToken reads the session token, which is beside the signature or, with
// either, in the other place.
func parseToken(query url.Values, h http.Header) (string, *Error) {
	tokens := append(h.Values("X-Amz-Security-Token"), query["X-Amz-Security-Token"]...)
	switch len(tokens) {
	case 0:
		return "", nil
	case 1:
		return tokens[0], nil
	}
	return "", refuse(Incomplete, "There is more than one 'X-Amz-Security-Token'.")
}

func checkAlgorithm(name string) *Error {
	switch name {
	case algorithm:
		return nil
	case algorithmA:
		return refuse(Incomplete, "Unsupported AWS 'algorithm': '%s' (Signature Version 4A). Sign with %s.", name, algorithm)
	}
	return refuse(Incomplete, "Unsupported AWS 'algorithm': '%s'.", name)
}

// parse reads the three values that both forms have.
func (s *Signature) parse(credential, headers, mac string) *Error {
	var parts [5]string
	n := 0
	for part := range strings.SplitSeq(credential, "/") {
		if n < len(parts) {
			parts[n] = part
		}
		n++
	}
	if n != len(parts) || slices.Contains(parts[:], "") {
		return refuse(Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	if parts[4] != terminator {
		return refuse(Incomplete, "Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, parts[4])
	}
	s.AccessKey, s.date, s.Region, s.Service = parts[0], parts[1], parts[2], parts[3]

	s.headers = strings.Split(headers, ";")
	for i, name := range s.headers {
		if name == "" || name != strings.ToLower(name) || i > 0 && name <= s.headers[i-1] {
			return refuse(Incomplete, "'SignedHeaders' must be lower-case names in order, each once, got '%s'.", headers)
		}
	}

	var err error
	if s.mac, err = hex.DecodeString(mac); err != nil || len(s.mac) != 32 {
		return refuse(Incomplete, "'Signature' must be 64 hexadecimal digits.")
	}
	return nil
}

func (s *Signature) parseTime(text string) *Error {
	t, ok := parseBasic(text)
	if !ok {
		var err error
		if t, err = time.Parse(timeFormat, text); err != nil {
			return refuse(Incomplete, "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", text)
		}
		text = t.Format(timeFormat) // a fraction of a second is not signed
	}
	s.Time, s.stamp = t, text
	return nil
}

// parseBasic reads a time that is exactly as timeFormat writes it: time.Parse,
// for the layout that almost every request has.
func parseBasic(text string) (time.Time, bool) {
	if len(text) != len(timeFormat) || text[8] != 'T' || text[15] != 'Z' {
		return time.Time{}, false
	}
	number := func(from, to int) (n int) {
		for _, c := range []byte(text[from:to]) {
			n = 10*n + int(c-'0')
		}
		return n
	}
	for i := range len(text) - 1 {
		if i != 8 && (text[i] < '0' || text[i] > '9') {
			return time.Time{}, false
		}
	}
	month, day, hour, minute, second := number(4, 6), number(6, 8), number(9, 11), number(11, 13), number(13, 15)
	t := time.Date(number(0, 4), time.Month(month), day, hour, minute, second, 0, time.UTC)
	exact := int(t.Month()) == month && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return t, exact // such as 31 February is not
}
