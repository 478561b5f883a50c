package wire

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// jsonWriter writes structures as the bodies of the JSON protocols: a member
// for everything that is set, times as seconds since 1970.
type jsonWriter struct {
	bytes.Buffer
	*tables
}

// object writes a structure's members that belong into the body. Lists and
// maps at the top of an answer are written even where they are nil.
func (w *jsonWriter) object(v reflect.Value, top bool) {
	w.WriteByte('{')
	first := true
	for i := range w.plans[v.Type()].fields {
		f := &w.plans[v.Type()].fields[i]
		member := v.Field(f.index)
		if f.location != "" || member.IsNil() && !(top && member.Kind() != reflect.Pointer) {
			continue
		}
		w.comma(&first)
		w.text(f.name)
		w.WriteByte(':')
		w.value(member)
	}
	w.WriteByte('}')
}

func (w *jsonWriter) comma(first *bool) {
	if !*first {
		w.WriteByte(',')
	}
	*first = false
}

func (w *jsonWriter) value(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		w.value(v.Elem())
	case v.Type() == timeType:
		w.WriteString(epoch(v.Interface().(time.Time)))
	case v.Type() == bytesType:
		w.text(encodeBase64(v.Bytes()))
	case v.Kind() == reflect.Struct:
		w.object(v, false)
	case v.Kind() == reflect.Slice:
		w.array(v)
	case v.Kind() == reflect.Map:
		w.entries(v)
	case v.Kind() == reflect.String:
		w.text(v.String())
	default:
		w.WriteString(formatScalar(v))
	}
}

func (w *jsonWriter) array(v reflect.Value) {
	w.WriteByte('[')
	first := true
	for i := range v.Len() {
		w.comma(&first)
		w.value(v.Index(i))
	}
	w.WriteByte(']')
}

func (w *jsonWriter) entries(v reflect.Value) {
	w.WriteByte('{')
	first := true
	for _, key := range sortedKeys(v) {
		w.comma(&first)
		w.text(key.String())
		w.WriteByte(':')
		w.value(v.MapIndex(key))
	}
	w.WriteByte('}')
}

// text writes a string; marshalling one cannot fail.
func (w *jsonWriter) text(s string) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	w.Truncate(w.Len() - 1) // Encode ends with a newline
}

// epoch is a time in seconds since 1970, to the millisecond.
func epoch(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

func encodeBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// sortedKeys gives answers one order.
func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
}
