package wire

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// jsonWriter writes structures as the bodies of the JSON protocols: a member
// for everything that is set, times as seconds since 1970.
type jsonWriter struct{ out []byte }

// sendBody writes the answer whose body is a structure.
func (s *Service) sendBody(w http.ResponseWriter, requestID, contentType string, status int, v reflect.Value) {
	t := s.codec()
	j, _ := t.writers.Get().(*jsonWriter)
	if j == nil {
		j = &jsonWriter{}
	}
	j.out = j.out[:0]
	j.object(v, t.plans[v.Type()], true)
	send(w, requestID, contentType, status, j.out)
	if cap(j.out) <= keptBody {
		t.writers.Put(j)
	}
}

// keptBody is the largest body in bytes whose memory is used again.
const keptBody = 64 << 10

// object writes a structure's members that belong into the body. Lists and
// maps at the top of an answer are written even where they are nil.
func (w *jsonWriter) object(v reflect.Value, p *plan, top bool) {
	w.open('{')
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.location != "" || member.IsNil() && !(top && member.Kind() != reflect.Pointer) {
			continue
		}
		w.out = append(w.out, f.member...)
		w.value(member, f.below)
		w.next()
	}
	w.close('}')
}

func (w *jsonWriter) open(bracket byte) { w.out = append(w.out, bracket) }

// next separates what was written from what follows; close takes the last
// comma back.
func (w *jsonWriter) next() { w.out = append(w.out, ',') }

func (w *jsonWriter) close(bracket byte) {
	if last := len(w.out) - 1; w.out[last] == ',' {
		w.out[last] = bracket
	} else {
		w.out = append(w.out, bracket)
	}
}

// value writes any value; below is the plan of the structures in it.
func (w *jsonWriter) value(v reflect.Value, below *plan) {
	switch v.Kind() {
	case reflect.Pointer:
		w.value(v.Elem(), below)
	case reflect.String:
		w.text(v.String())
	case reflect.Struct:
		if below == nil {
			w.out = appendEpoch(w.out, v.Interface().(time.Time))
			return
		}
		w.object(v, below, false)
	case reflect.Slice:
		if v.Type() == bytesType {
			w.text(encodeBase64(v.Bytes()))
			return
		}
		w.array(v, below)
	case reflect.Map:
		w.entries(v, below)
	default:
		w.out = append(w.out, formatScalar(v)...)
	}
}

func (w *jsonWriter) array(v reflect.Value, below *plan) {
	w.open('[')
	for i := range v.Len() {
		w.value(v.Index(i), below)
		w.next()
	}
	w.close(']')
}

func (w *jsonWriter) entries(v reflect.Value, below *plan) {
	w.open('{')
	for _, key := range sortedKeys(v) {
		w.text(key.String())
		w.out = append(w.out, ':')
		w.value(v.MapIndex(key), below)
		w.next()
	}
	w.close('}')
}

func (w *jsonWriter) text(s string) { w.out = appendText(w.out, s) }

// appendText appends a string. Almost all of them stand as they are; what
// encoding/json does about the others is right here, too.
func appendText(b []byte, s string) []byte {
	if plain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always marshals, and a newline follows it
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

// plain reports whether a string is printable ASCII that nothing in JSON
// escapes.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendEpoch appends a time in seconds since 1970, to the millisecond.
func appendEpoch(b []byte, t time.Time) []byte {
	return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
}

func encodeBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// sortedKeys gives answers one order.
func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
}
