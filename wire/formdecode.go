package wire

import (
	"encoding/base64"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// formDecoder reads the parameters of a form into a structure. The two form
// protocols differ in their lists (EC2: SubnetId.1, query: Tags.member.1) and
// in what becomes of a parameter that the operation does not have (EC2
// refuses it, query services pass over it).
type formDecoder struct {
	*tables
	ec2 bool
}

func (s *Service) decodeForm(v reflect.Value, r *http.Request, body []byte) error {
	form, err := parseForm(r, body)
	if err != nil {
		return err
	}
	d := formDecoder{s.codec(), s.Protocol == EC2}
	form.names = slices.DeleteFunc(form.names, func(name string) bool { return name == "Action" || name == "Version" })
	return d.structure(v, form, "")
}

func (d formDecoder) structure(v reflect.Value, p *param, path string) error {
	if p.set {
		return invalidParameter(path, p.value)
	}
	plan := d.plans[v.Type()]
	for _, name := range p.names {
		below := p.below[name]
		full := join(path, name)
		f := plan.byName[name]
		if f == nil {
			if d.ec2 {
				return unknownParameter(below.first(full))
			}
			continue
		}
		if err := d.value(v.Field(f.index), below, full, f); err != nil {
			return err
		}
	}
	return nil
}

func (d formDecoder) value(v reflect.Value, p *param, path string, f *field) error {
	if v.Type() == bytesType {
		return d.scalar(v, p, path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), p, path, f)
	case reflect.Struct:
		if v.Type() != timeType {
			return d.structure(v, p, path)
		}
	case reflect.Slice:
		return d.list(v, p, path, f)
	case reflect.Map:
		return d.entries(v, p, path, f)
	}
	return d.scalar(v, p, path)
}

// list reads Name.1, Name.2, …; in the query protocol Name.member.1. Gaps in
// the numbers do not matter, their order does. A list's own name with an
// empty value is the empty list.
func (d formDecoder) list(v reflect.Value, p *param, path string, f *field) error {
	if p.set {
		if p.value != "" || len(p.names) > 0 {
			return unknownParameter(path)
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return nil
	}
	if !d.ec2 {
		item := p.below[f.item]
		if item == nil {
			return unknownParameter(p.first(path))
		}
		p, path = item, join(path, f.item)
	}
	indices := make([]int, 0, len(p.names))
	for _, name := range p.names {
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 || index > math.MaxInt32 || strconv.Itoa(index) != name {
			return unknownParameter(p.below[name].first(join(path, name)))
		}
		indices = append(indices, index)
	}
	slices.Sort(indices)
	list := reflect.MakeSlice(v.Type(), len(indices), len(indices))
	for i, index := range indices {
		name := strconv.Itoa(index)
		if err := d.value(list.Index(i), p.below[name], join(path, name), f); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// entries reads a map: Name.entry.1.key and Name.entry.1.value.
func (d formDecoder) entries(v reflect.Value, p *param, path string, f *field) error {
	entries := p.below["entry"]
	if p.set || entries == nil {
		return unknownParameter(p.first(path))
	}
	m := reflect.MakeMap(v.Type())
	for _, name := range entries.names {
		entry, full := entries.below[name], join(path, "entry."+name)
		key, value := entry.below["key"], entry.below["value"]
		if key == nil || value == nil || !key.set {
			return unknownParameter(entry.first(full))
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(element, value, join(full, "value"), f); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(key.value), element)
	}
	v.Set(m)
	return nil
}

func (d formDecoder) scalar(v reflect.Value, p *param, path string) error {
	if len(p.names) > 0 {
		return unknownParameter(p.first(path))
	}
	if !parseScalar(v, p.value) {
		return invalidParameter(path, p.value)
	}
	return nil
}

// first is the full name of the first parameter that the request has at or
// below p, whose own name is path.
func (p *param) first(path string) string {
	for !p.set && len(p.names) > 0 {
		path = join(path, p.names[0])
		p = p.below[p.names[0]]
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// parseScalar sets v from its text in a form, path, query string or header.
func parseScalar(v reflect.Value, text string) bool {
	var err error
	switch {
	case v.Type() == timeType:
		var t time.Time
		if t, err = parseTime(text); err == nil {
			v.Set(reflect.ValueOf(t))
		}
	case v.Type() == bytesType:
		var b []byte
		if b, err = base64.StdEncoding.DecodeString(text); err == nil {
			v.SetBytes(b)
		}
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	case v.Kind() == reflect.Float64:
		var x float64
		if x, err = strconv.ParseFloat(text, 64); err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
			return false
		}
		v.SetFloat(x)
	default:
		var n int64
		n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	}
	return err == nil
}

// parseTime reads an ISO 8601 time; without an offset it is UTC.
func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC(), nil
	}
	return time.Parse("2006-01-02T15:04:05.999999999", text)
}
