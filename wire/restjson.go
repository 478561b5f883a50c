package wire

import (
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// The rest-json protocol: method and path name the operation; members are in
// the path, the query string, headers and a JSON body. A path that no
// operation has is answered with 404 and UnknownOperationException.

func (s *Service) decodeREST(v reflect.Value, op *Operation, r *http.Request, body []byte) error {
	if err := s.decodeBody(v, body); err != nil {
		return err
	}
	var query url.Values
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return serialization("The query string contains a syntax error.")
		}
	}
	route, path := s.codec().routeOf[op], segments(r.URL.EscapedPath())
	plan := s.codec().plans[v.Type()]
	for i := range plan.fields {
		f := &plan.fields[i]
		var texts []string
		switch f.location {
		case "uri":
			texts = []string{route.label(path, f.name)}
		case "querystring":
			texts = query[f.name]
		case "header":
			texts = r.Header[textproto.CanonicalMIMEHeaderKey(f.name)]
		}
		if len(texts) == 0 {
			continue
		}
		if err := setTexts(v.Field(f.index), f.name, texts); err != nil {
			return err
		}
	}
	return nil
}

// setTexts stores what a path, query string or header has for one member.
func setTexts(v reflect.Value, name string, texts []string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return serialization("The value of " + name + " is not valid UTF-8.")
		}
	}
	if v.Kind() == reflect.Slice && v.Type() != bytesType {
		v.Set(reflect.MakeSlice(v.Type(), len(texts), len(texts)))
		for i, text := range texts {
			if err := setTexts(v.Index(i), name, []string{text}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(texts) > 1 {
		return serialization("The parameter " + name + " is given twice.")
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if !parseScalar(v, texts[0]) {
		return serialization("STRING_VALUE can not be converted to " + typeKind(v.Type()))
	}
	return nil
}

func (s *Service) encodeREST(w http.ResponseWriter, op *Operation, requestID string, v reflect.Value) {
	status := op.Status
	plan := s.codec().plans[v.Type()]
	for i := range plan.fields {
		f := &plan.fields[i]
		member := v.Field(f.index)
		if f.location == "" || member.Kind() != reflect.Pointer || member.IsNil() {
			continue
		}
		switch f.location {
		case "header":
			w.Header().Set(f.name, formatScalar(member.Elem()))
		case "statusCode":
			status = int(member.Elem().Int())
		}
	}
	s.sendBody(w, requestID, "application/json", status, v)
}

func (s *Service) encodeRESTError(w http.ResponseWriter, requestID string, status int, e *Error) {
	w.Header().Set("X-Amzn-Errortype", e.Code)
	send(w, requestID, "application/json", status, marshal(errorBody(e, s.Errors[e.Code])))
}

// matchPath finds the operation whose method and URI pattern the request has.
func (s *Service) matchPath(r *http.Request) (*Operation, error) {
	path := segments(r.URL.EscapedPath())
	for _, route := range s.codec().routes {
		if route.match(r.Method, path) {
			return route.op, nil
		}
	}
	return nil, unknownOperation(http.StatusNotFound, r.Method+" "+strconv.QuoteToASCII(shorten(r.URL.Path)))
}
