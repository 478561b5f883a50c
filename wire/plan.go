package wire

import (
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"
)

// tables is what a service's codec looks up for each request. It is built
// once, when the service is first used, and never changes but for the writers.
type tables struct {
	operations map[string]*Operation
	routes     []*route
	routeOf    map[*Operation]*route
	plans      map[reflect.Type]*plan
	patterns   map[string]*regexp.Regexp // by constraint
	writers    sync.Pool                 // of *jsonWriter
}

// plan says how a structure is written on the wire.
type plan struct {
	fields []field
	byName map[string]*field // by the name in requests
}

// field is one member of a structure.
type field struct {
	index    int
	name     string // in requests and answers, but in EC2 requests
	member   string // JSON: the quoted name and a colon
	below    *plan  // of the structure that the member is, or has in a list or map; nil: there is none
	query    string // in EC2 and query requests
	item     string // XML: element of a list's items
	location string // rest-json: uri, querystring, header, statusCode; "" is the body
	required bool
	empty    bool // an empty list is sent as an empty element
	shape    string
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// codec returns the service's tables.
func (s *Service) codec() *tables {
	s.once.Do(func() {
		t := &tables{operations: map[string]*Operation{}, plans: map[reflect.Type]*plan{}, patterns: map[string]*regexp.Regexp{}}
		for _, op := range s.Operations {
			t.operations[op.Name] = op
			if op.Input != nil {
				t.add(op.Input, s.Protocol)
				t.add(op.Output, s.Protocol)
			}
		}
		for name, c := range s.Constraints {
			if c.Pattern != "" {
				t.patterns[name] = compilePattern(c.Pattern)
			}
		}
		t.routes = routes(s.Operations)
		t.routeOf = map[*Operation]*route{}
		for _, r := range t.routes {
			t.routeOf[r.op] = r
		}
		s.tables = t
	})
	return s.tables
}

// add plans the structures below a type, and returns the plan of the first;
// nil where there is none.
func (t *tables) add(typ reflect.Type, protocol Protocol) *plan {
	switch {
	case typ == timeType || typ == bytesType:
		return nil
	case typ.Kind() == reflect.Pointer, typ.Kind() == reflect.Slice, typ.Kind() == reflect.Map:
		return t.add(typ.Elem(), protocol)
	case typ.Kind() != reflect.Struct || t.plans[typ] != nil:
		return t.plans[typ]
	}
	p := &plan{fields: make([]field, typ.NumField()), byName: map[string]*field{}}
	t.plans[typ] = p
	for i := range p.fields {
		f := &p.fields[i]
		*f = readField(typ.Field(i), protocol)
		f.index = i
		if protocol == EC2 || protocol == Query {
			p.byName[f.query] = f
		} else {
			p.byName[f.name] = f
		}
		f.below = t.add(typ.Field(i).Type, protocol)
	}
	return p
}

// readField reads the tags that the generator writes.
func readField(sf reflect.StructField, protocol Protocol) field {
	var f field
	if protocol == EC2 || protocol == Query {
		f.name, f.item, _ = strings.Cut(sf.Tag.Get("xml"), ">")
	} else {
		f.name, _, _ = strings.Cut(sf.Tag.Get("json"), ",")
	}
	f.member = string(appendText(nil, f.name)) + ":"
	f.query = f.name
	if protocol == EC2 {
		f.query = strings.ToUpper(f.name[:1]) + f.name[1:]
	}
	for option := range strings.SplitSeq(sf.Tag.Get("wire"), ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "required":
			f.required = true
		case "empty":
			f.empty = true
		case "query":
			f.query = value
		case "shape":
			f.shape = value
		case "uri", "querystring", "header", "statusCode":
			f.location = key
		}
	}
	return f
}
