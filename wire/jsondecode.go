package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxNesting bounds the depth of a JSON body, known members or not.
const maxNesting = 64

// jsonDecoder reads a JSON body into a structure, token by token, so that it
// never holds more than the request. Members that the structure does not have
// are passed over, as the services do; a member given twice is refused.
type jsonDecoder struct {
	*tables
	*json.Decoder
	depth int
}

// decodeBody reads a body of one JSON object. An empty body is an object
// without members.
func (s *Service) decodeBody(v reflect.Value, body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return serialization("The body is not valid UTF-8.")
	}
	d := &jsonDecoder{tables: s.codec(), Decoder: json.NewDecoder(bytes.NewReader(body))}
	d.UseNumber()
	token, err := d.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return serialization("The body must be a JSON object.")
	}
	if err := d.object(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return serialization("There is more after the end of the body.")
	}
	return nil
}

func serialization(message string) error {
	return &Error{Code: "SerializationException", Message: message}
}

// token returns the next token and keeps count of the nesting.
func (d *jsonDecoder) token() (json.Token, error) {
	token, err := d.Token()
	if err != nil {
		return nil, serialization("The body is not valid JSON.")
	}
	switch token {
	case json.Delim('{'), json.Delim('['):
		if d.depth++; d.depth > maxNesting {
			return nil, serialization("The body is nested too deeply.")
		}
	case json.Delim('}'), json.Delim(']'):
		d.depth--
	}
	return token, nil
}

// object reads the members of a structure whose brace has been read.
func (d *jsonDecoder) object(v reflect.Value) error {
	plan := d.plans[v.Type()]
	return d.members(func(name string) error {
		f := plan.byName[name]
		if f == nil || f.location != "" {
			return d.skip()
		}
		return d.value(v.Field(f.index))
	})
}

// members calls member for each name of an object; member reads the value.
func (d *jsonDecoder) members(member func(name string) error) error {
	seen := map[string]bool{}
	for {
		token, err := d.token()
		if err != nil || token == json.Delim('}') {
			return err
		}
		name := token.(string) // the decoder gives nothing else here
		if seen[name] {
			return serialization("The member " + shorten(name) + " is given twice.")
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
}

// skip passes over one value.
func (d *jsonDecoder) skip() error {
	start := d.depth
	for {
		if _, err := d.token(); err != nil || d.depth == start {
			return err
		}
	}
}

func (d *jsonDecoder) value(v reflect.Value) error {
	token, err := d.token()
	if err != nil || token == nil { // null: not set
		return err
	}
	return d.set(v, token)
}

// set stores the value that begins with token.
func (d *jsonDecoder) set(v reflect.Value, token json.Token) error {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.set(v.Elem(), token)
	case v.Type() == timeType || v.Type() == bytesType:
		return setScalar(v, token)
	case v.Kind() == reflect.Struct:
		if token != json.Delim('{') {
			return serialization("Expected a structure or null.")
		}
		return d.object(v)
	case v.Kind() == reflect.Slice:
		if token != json.Delim('[') {
			return serialization("Expected list or null.")
		}
		return d.array(v)
	case v.Kind() == reflect.Map:
		if token != json.Delim('{') {
			return serialization("Expected map or null.")
		}
		return d.entries(v)
	}
	return setScalar(v, token)
}

func (d *jsonDecoder) array(v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for {
		token, err := d.token()
		if err != nil || token == json.Delim(']') {
			return err
		}
		if token == nil {
			return serialization("A list may not contain null.")
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.set(element, token); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
}

func (d *jsonDecoder) entries(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.members(func(name string) error {
		token, err := d.token()
		if err != nil || token == nil {
			return err
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.set(element, token); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name), element)
		return nil
	})
}

// setScalar stores a token that must be a scalar of v's type.
func setScalar(v reflect.Value, token json.Token) error {
	var ok bool
	switch x := token.(type) {
	case json.Delim:
		if x == '[' {
			return serialization("Start of list found where not expected.")
		}
		return serialization("Start of structure or map found where not expected.")
	case string:
		ok = setText(v, x)
	case json.Number:
		ok = setNumber(v, string(x))
	case bool:
		if ok = v.Kind() == reflect.Bool; ok {
			v.SetBool(x)
		}
	}
	if !ok {
		return serialization(tokenKind(token) + " can not be converted to " + typeKind(v.Type()))
	}
	return nil
}

func setText(v reflect.Value, text string) bool {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return true
	case v.Type() == bytesType:
		b, err := base64.StdEncoding.DecodeString(text)
		v.SetBytes(b)
		return err == nil
	case v.Type() == timeType:
		return parseScalar(v, text)
	}
	return false
}

func setNumber(v reflect.Value, text string) bool {
	switch {
	case v.Type() == timeType:
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(seconds) > 1e11 {
			return false
		}
		v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()))
		return true
	case v.Kind() == reflect.Float64 || v.CanInt():
		return parseScalar(v, text)
	}
	return false
}

// tokenKind and typeKind are the words of the services' own decoder.
func tokenKind(token json.Token) string {
	switch x := token.(type) {
	case bool:
		if x {
			return "TRUE_VALUE"
		}
		return "FALSE_VALUE"
	case string:
		return "STRING_VALUE"
	default:
		return "NUMBER_VALUE"
	}
}

func typeKind(t reflect.Type) string {
	switch {
	case t == timeType:
		return "a Date"
	case t == bytesType:
		return "a Blob"
	}
	return map[reflect.Kind]string{
		reflect.String: "a String", reflect.Bool: "a Boolean", reflect.Int32: "an Integer", reflect.Int64: "a Long", reflect.Float64: "a Double",
	}[t.Kind()]
}
