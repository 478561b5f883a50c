package sigv4

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text that the client signed, made again from what
// arrived, behind b. payload is the hexadecimal SHA-256 of the body.
func canonicalRequest(b []byte, r *http.Request, s *Signature, payload string) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendEscaped(b, rawPath(r), "/")
	b = append(b, '\n')
	b = append(b, canonicalQuery(r.URL.RawQuery, s)...)
	b = append(b, '\n')
	for _, name := range s.headers {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range s.headers {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return append(b, payload...)
}

// rawPath is the path as the client sent it, percent signs and all. URL keeps
// it only where it is well formed; the request line always has it. It is
// encoded a second time, as every service but S3 does: %2F becomes %252F.
func rawPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path = r.URL.EscapedPath()
	}
	if path == "" {
		return "/"
	}
	return path
}

// canonicalQuery decodes the parameters, encodes them in AWS's way and sorts
// them. The signature itself is not part of what a presigned URL signs. The
// query was parsed before, so it is well formed.
func canonicalQuery(raw string, s *Signature) string {
	if raw == "" {
		return ""
	}
	type parameter struct{ name, value string }
	var all []parameter
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		switch {
		case part == "",
			s.Presigned && name == "X-Amz-Signature",
			s.tokenAdded && name == "X-Amz-Security-Token":
			continue
		}
		all = append(all, parameter{encode(name), encode(value)})
	}
	slices.SortFunc(all, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range all {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String()
}

// appendHeader appends a signed header's value: several are joined by commas,
// white space is trimmed and runs of spaces become one. The server has taken
// some headers out of r.Header.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	if name == "host" {
		return appendTrimmed(b, r.Host)
	}
	values := r.Header[canonicalName(name)]
	switch {
	case name == "content-length" && len(values) == 0:
		return strconv.AppendInt(b, r.ContentLength, 10)
	case name == "transfer-encoding" && len(values) == 0:
		values = r.TransferEncoding
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTrimmed(b, v)
	}
	return b
}

// canonicalName is http.CanonicalHeaderKey, without an allocation for the
// headers that almost every client signs.
func canonicalName(name string) string {
	switch name {
	case "x-amz-date":
		return "X-Amz-Date"
	case "x-amz-content-sha256":
		return "X-Amz-Content-Sha256"
	case "x-amz-security-token":
		return "X-Amz-Security-Token"
	case "x-amz-target":
		return "X-Amz-Target"
	}
	return http.CanonicalHeaderKey(name)
}

// appendTrimmed appends v without spaces around it and with single ones in it.
func appendTrimmed(b []byte, v string) []byte {
	v = strings.Trim(v, " ")
	for i := range len(v) {
		if v[i] != ' ' || v[i-1] != ' ' {
			b = append(b, v[i])
		}
	}
	return b
}

// unsigned returns the name of an X-Amz-… header that the signature does not
// cover: somebody else may have put it there, and some choose the operation.
func unsigned(h http.Header, signed []string) string {
	const prefix = "x-amz-"
	for name := range h {
		if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
			continue
		}
		if !slices.ContainsFunc(signed, func(s string) bool { return strings.EqualFold(s, name) }) {
			return strings.ToLower(name)
		}
	}
	return ""
}

func encode(s string) string { return string(appendEscaped(nil, s, "")) }

// appendEscaped appends s as RFC 3986 has it: unreserved characters and those
// of keep stay.
func appendEscaped(b []byte, s, keep string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}
