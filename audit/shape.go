package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern/postern/wire"
)

// maxParameters is the longest requestParameters or responseElements that is
// written, as in CloudTrail.
const maxParameters = 100 << 10

// shapes writes the shapes of the wire as CloudTrail shows them: the members
// that are set, by their names on the wire with a small first letter; in EC2
// a list is an object with its items. It belongs to one goroutine.
type shapes struct {
	members map[reflect.Type][]member
}

// member is a field of a shape.
type member struct {
	index  int
	name   string
	secret bool
}

// form is one shape being written.
type form struct {
	bytes.Buffer
	*shapes
	items bool // lists are {"items":[…]}
	seen  func(string)
}

// write returns the JSON of a shape, nil where nothing is set. Every string in it
// that is no secret is shown to seen.
func (s *shapes) write(protocol wire.Protocol, shape any, kind string, seen func(string)) json.RawMessage {
	v := reflect.ValueOf(shape)
	if !v.IsValid() || v.IsNil() {
		return nil
	}
	f := form{shapes: s, items: protocol == wire.EC2, seen: seen}
	f.object(v.Elem())
	if f.Len() == len("{}") { // nothing is set
		return nil
	}
	if f.Len() > maxParameters {
		return json.RawMessage(`{"omitted":true,"originalSize":` + strconv.Itoa(f.Len()) + `,"reason":"` + kind + ` too large"}`)
	}
	return f.Bytes()
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

func (s *shapes) of(t reflect.Type) []member {
	if m, ok := s.members[t]; ok {
		return m
	}
	var all []member
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" {
			name, _, _ = strings.Cut(sf.Tag.Get("xml"), ">")
		}
		all = append(all, member{index: i, name: lowerFirst(name), secret: isSecret(name) || isSecret(sf.Name)})
	}
	if s.members == nil {
		s.members = map[reflect.Type][]member{}
	}
	s.members[t] = all
	return all
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func (f *form) object(v reflect.Value) {
	f.WriteByte('{')
	first := true
	for _, m := range f.of(v.Type()) {
		field := v.Field(m.index)
		if isEmpty(field) {
			continue
		}
		f.key(&first, m.name)
		if m.secret {
			f.WriteString(`"` + hidden + `"`)
		} else {
			f.value(field)
		}
	}
	f.WriteByte('}')
}

// isEmpty says that a member is not set: an empty list or map, a nil pointer.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return false
}

func (f *form) key(first *bool, name string) {
	if !*first {
		f.WriteByte(',')
	}
	*first = false
	f.text(name)
	f.WriteByte(':')
}

func (f *form) value(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		f.value(v.Elem())
	case v.Type() == timeType:
		f.text(v.Interface().(time.Time).UTC().Format(time.RFC3339))
	case v.Type() == bytesType:
		f.text(base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Struct:
		f.object(v)
	case v.Kind() == reflect.Slice:
		f.list(v)
	case v.Kind() == reflect.Map:
		f.entries(v)
	case v.Kind() == reflect.String:
		f.seen(v.String())
		f.text(v.String())
	default:
		f.scalar(v)
	}
}

func (f *form) list(v reflect.Value) {
	if f.items {
		f.WriteString(`{"items":`)
		defer f.WriteByte('}')
	}
	f.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			f.WriteByte(',')
		}
		f.value(v.Index(i))
	}
	f.WriteByte(']')
}

func (f *form) entries(v reflect.Value) {
	f.WriteByte('{')
	first := true
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		f.key(&first, key.String())
		if isSecret(key.String()) {
			f.WriteString(`"` + hidden + `"`)
		} else {
			f.value(v.MapIndex(key))
		}
	}
	f.WriteByte('}')
}

// text writes a string; marshalling one cannot fail.
func (f *form) text(s string) {
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	f.Truncate(f.Len() - 1) // Encode ends with a newline
}

// scalar writes a number or a boolean; a number that JSON does not have is null.
func (f *form) scalar(v reflect.Value) {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		b = []byte("null")
	}
	f.Write(b)
}
