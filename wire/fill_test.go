package wire_test

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/wire"
)

func cmpString(a, b string) int { return cmp.Compare(a, b) }

// filler sets every member of a shape to a value of its own that the rules of
// the model allow.
type filler struct {
	rules    map[string]*wire.Constraint
	required bool // only the required members
	n        int
}

var timeType = reflect.TypeFor[time.Time]()

func (f *filler) fill(v reflect.Value, shape string) {
	f.n++
	rule := f.rules[shape]
	if rule == nil {
		rule = &wire.Constraint{}
	}
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(time.UnixMilli(1767323045000 + int64(f.n)).UTC()))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		required := f.required
		f.required = required && hasRequired(v.Type().Elem())
		f.fill(v.Elem(), shape)
		f.required = required
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag.Get("wire")
			if !f.required || strings.Contains(tag, "required") {
				f.fill(v.Field(i), shapeOf(tag))
			}
		}
	case v.Kind() == reflect.Slice:
		n := 2
		if rule.Max != nil {
			n = min(n, int(*rule.Max))
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		required := f.required
		f.required = false // an element without members would not be on the wire
		for i := range n {
			f.fill(v.Index(i), rule.Member)
		}
		f.required = required
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, rule.Key)
			f.fill(value, rule.Value)
			v.SetMapIndex(key, value)
		}
	case v.Kind() == reflect.String:
		v.SetString(f.text(rule))
	case v.Kind() == reflect.Bool:
		v.SetBool(f.rules != nil || f.n%2 == 0) // the SDK does not send every false
	case v.Kind() == reflect.Float64:
		v.SetFloat(float64(f.n) + 0.5)
	case v.Kind() == reflect.Uint8:
		v.SetUint(uint64(f.n % 256))
	default:
		v.SetInt(f.number(rule))
	}
}

// hasRequired reports whether a structure has a required member: without one it
// would not be on the wire at all.
func hasRequired(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	for i := range t.NumField() {
		if strings.Contains(t.Field(i).Tag.Get("wire"), "required") {
			return true
		}
	}
	return false
}

func (f *filler) text(rule *wire.Constraint) string {
	switch {
	case len(rule.Enum) > 0:
		return rule.Enum[f.n%len(rule.Enum)]
	case strings.Contains(rule.Pattern, `\d{12}`):
		return "111122223333"
	case strings.Contains(rule.Pattern, `(\u002F)|`), strings.HasPrefix(rule.Pattern, `((/`), strings.HasPrefix(rule.Pattern, `\u002F[`):
		return fmt.Sprintf("/path%d/", f.n)
	case strings.HasPrefix(rule.Pattern, "v["):
		return fmt.Sprintf("v%d", f.n)
	case rule.Pattern == `[\d]*`:
		return f.fit(fmt.Sprint(100000+f.n), rule)
	case rule.Pattern != "":
		return f.fit(fmt.Sprintf("text%d", f.n), rule)
	}
	return f.fit(fmt.Sprintf("a/b %d%%2F+&=\"<é>\n.", f.n), rule)
}

// fit makes a text as long as the rule wants it.
func (f *filler) fit(text string, rule *wire.Constraint) string {
	if rule.Min != nil {
		for len([]rune(text)) < int(*rule.Min) {
			text += "x"
		}
	}
	if rule.Max != nil && len([]rune(text)) > int(*rule.Max) {
		text = string([]rune(text)[:*rule.Max])
	}
	return text
}

func (f *filler) number(rule *wire.Constraint) int64 {
	n := int64(f.n)
	if rule.Min != nil {
		n = max(n, *rule.Min)
	}
	if rule.Max != nil {
		n = min(n, *rule.Max)
	}
	return n
}

func shapeOf(tag string) string {
	_, rest, _ := strings.Cut(tag, "shape=")
	name, _, _ := strings.Cut(rest, ",")
	return name
}

// mapping copies between our shapes and the SDK's, member by member of the
// same name. A member that the other side does not have fails the test.
type mapping struct{ t *testing.T }

func (m *mapping) copy(dst, src reflect.Value, path string) {
	switch {
	case src.Kind() == reflect.Pointer && src.IsNil(), src.Kind() == reflect.Slice && src.IsNil(), src.Kind() == reflect.Map && src.IsNil():
	case dst.Kind() == reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		m.copy(dst.Elem(), src, path)
	case src.Kind() == reflect.Pointer:
		m.copy(dst, src.Elem(), path)
	case src.Type() == timeType:
		dst.Set(reflect.ValueOf(src.Interface().(time.Time).UTC()))
	case src.Kind() == reflect.Struct:
		m.structure(dst, src, path)
	case src.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			m.copy(dst.Index(i), src.Index(i), path)
		}
	case src.Kind() == reflect.Map:
		dst.Set(reflect.MakeMap(dst.Type()))
		for _, key := range src.MapKeys() {
			value := reflect.New(dst.Type().Elem()).Elem()
			m.copy(value, src.MapIndex(key), path)
			dst.SetMapIndex(key.Convert(dst.Type().Key()), value)
		}
	default:
		dst.Set(src.Convert(dst.Type()))
	}
}

func (m *mapping) structure(dst, src reflect.Value, path string) {
	ours := dst
	if strings.Contains(src.Type().PkgPath(), "postern") {
		ours = src
	}
	for i := range ours.NumField() {
		name := ours.Type().Field(i).Name
		from, to := src.FieldByName(name), dst.FieldByName(name)
		if !from.IsValid() || !to.IsValid() {
			m.t.Errorf("the SDK has no member %s.%s", path, name)
			continue
		}
		m.copy(to, from, path+"."+name)
	}
}
