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
// arrived. payload is the hexadecimal SHA-256 of the body.
func canonicalRequest(r *http.Request, s Signature, payload string) string {
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(rawPath(r)))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(r.URL.RawQuery, s.Presigned))
	b.WriteByte('\n')
	for _, name := range s.headers {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(headerValue(r, name))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(s.headers, ";"))
	b.WriteByte('\n')
	b.WriteString(payload)
	return b.String()
}

// rawPath is the path as the client sent it, percent signs and all. URL keeps
// it only where it is well formed; the request line always has it.
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

// canonicalPath encodes the path a second time, as every service but S3 does:
// %2F becomes %252F.
func canonicalPath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		escape(&b, path[i], path[i] == '/')
	}
	return b.String()
}

// canonicalQuery decodes the parameters, encodes them in AWS's way and sorts
// them. The signature itself is not part of what a presigned URL signs. The
// query was parsed before, so it is well formed.
func canonicalQuery(raw string, presigned bool) string {
	type parameter struct{ name, value string }
	var all []parameter
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		if part == "" || presigned && name == "X-Amz-Signature" {
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

// headerValue is a signed header's value: several are joined by commas, white
// space is trimmed and runs of spaces become one. The server has taken some
// headers out of r.Header.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		values = []string{r.Host}
	case name == "content-length" && len(values) == 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	case name == "transfer-encoding" && len(values) == 0:
		values = r.TransferEncoding
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' }), " ")
	}
	return strings.Join(trimmed, ",")
}

// unsigned returns the name of an X-Amz-… header that the signature does not
// cover: somebody else may have put it there, and some choose the operation.
func unsigned(h http.Header, signed []string) string {
	for name := range h {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return name
		}
	}
	return ""
}

func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		escape(&b, s[i], false)
	}
	return b.String()
}

// escape writes a byte as RFC 3986 has it: unreserved characters stay.
func escape(b *strings.Builder, c byte, keep bool) {
	const digits = "0123456789ABCDEF"
	if keep || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
		b.WriteByte(c)
		return
	}
	b.Write([]byte{'%', digits[c>>4], digits[c&15]})
}
