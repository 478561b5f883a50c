package wire

import (
	"bytes"
	"encoding/xml"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// xmlWriter writes structures as the answers of the XML protocols: an element
// for each member that is set, lists as a wrapper around their items.
type xmlWriter struct {
	bytes.Buffer
	*tables
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func (w *xmlWriter) open(name string)  { w.element("<", name) }
func (w *xmlWriter) close(name string) { w.element("</", name) }

func (w *xmlWriter) element(bracket, name string) {
	w.WriteString(bracket)
	w.WriteString(name)
	w.WriteByte('>')
}

func (w *xmlWriter) text(name, text string) {
	w.open(name)
	if plain(text) && !strings.ContainsAny(text, "<>&'") {
		w.WriteString(text)
	} else {
		_ = xml.EscapeText(w, []byte(text)) // a Buffer takes everything
	}
	w.close(name)
}

// members writes what is in a structure. Lists at the top of an answer are
// written even where they are empty.
func (w *xmlWriter) members(v reflect.Value, top bool) {
	for i := range w.plans[v.Type()].fields {
		f := &w.plans[v.Type()].fields[i]
		w.member(v.Field(f.index), f, top)
	}
}

func (w *xmlWriter) member(v reflect.Value, f *field, top bool) {
	switch {
	case v.Type() == bytesType:
		if v.Len() > 0 {
			w.value(f.name, v)
		}
	case v.Kind() == reflect.Slice:
		w.list(v, f, top)
	case v.Kind() == reflect.Map:
		w.entries(v, f)
	case !v.IsNil():
		w.value(f.name, v.Elem())
	}
}

func (w *xmlWriter) list(v reflect.Value, f *field, top bool) {
	switch {
	case v.Len() > 0:
		w.open(f.name)
		for i := range v.Len() {
			w.value(f.item, v.Index(i))
		}
		w.close(f.name)
	case top || f.empty || !v.IsNil():
		w.WriteString("<" + f.name + "/>")
	}
}

func (w *xmlWriter) entries(v reflect.Value, f *field) {
	if v.Len() == 0 {
		return
	}
	w.open(f.name)
	for _, key := range sortedKeys(v) {
		w.open("entry")
		w.text("key", key.String())
		w.value("value", v.MapIndex(key))
		w.close("entry")
	}
	w.close(f.name)
}

func (w *xmlWriter) value(name string, v reflect.Value) {
	if v.Kind() == reflect.Struct && v.Type() != timeType {
		w.open(name)
		w.members(v, false)
		w.close(name)
		return
	}
	w.text(name, formatScalar(v))
}

// formatScalar is the text of a value in XML, a path, a query string or a
// header.
func formatScalar(v reflect.Value) string {
	switch {
	case v.Type() == timeType:
		return v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.000Z")
	case v.Type() == bytesType:
		return encodeBase64(v.Bytes())
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.Kind() == reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	default:
		return strconv.FormatInt(v.Int(), 10)
	}
}
