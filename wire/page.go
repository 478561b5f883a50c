package wire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"sort"
)

// cursor is what a page token holds. Tokens are opaque to clients and belong
// to one operation.
type cursor struct {
	Operation string `json:"o"`
	Served    int    `json:"n"`           // items on the pages before
	Last      string `json:"k,omitempty"` // the last of them
}

// Page cuts the whole result of an operation to the page that its input asks
// for, and sets the token for the next one. Result lists that continue one
// another are cut as if they were one. A page begins after the last item
// of the page before, wherever that is now; where it is gone, at the next
// item in the order of the list, so that items that come and go between two
// calls neither repeat nor hide others. An operation that does not page is
// left alone. The error is an *Error about the token.
func Page(op *Operation, in, out any) error {
	p := op.Paging
	if p == nil {
		return nil
	}
	input, output := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
	keys := p.keys(output)
	start := 0
	if token := text(input.FieldByName(p.InputToken)); token != "" {
		c, ok := parseCursor(token)
		if !ok || c.Operation != op.Name {
			return &Error{Code: p.BadToken, Message: "The specified " + lower(p.InputToken) + " is not valid."}
		}
		start = resume(keys, c)
	}
	end := min(start+p.size(input), len(keys))
	if end < len(keys) {
		next := cursor{op.Name, end, keys[end-1]}.String()
		output.FieldByName(p.OutputToken).Set(reflect.ValueOf(&next))
	}
	if p.More != "" {
		output.FieldByName(p.More).Set(reflect.ValueOf(Ptr(end < len(keys))))
	}
	p.cut(output, start, end)
	return nil
}

// size is how many items the page may have.
func (p *Paging) size(input reflect.Value) int {
	if limit := input.FieldByName(p.Limit); !limit.IsNil() && limit.Elem().Int() > 0 {
		return int(min(limit.Elem().Int(), int64(p.Max)))
	}
	if p.Default > 0 {
		return p.Default
	}
	return math.MaxInt / 2 // everything, without overflow when added to
}

// keys identify the items of the result, those of its further lists behind.
func (p *Paging) keys(output reflect.Value) []string {
	var keys []string
	for _, name := range append([]string{p.Result}, p.Further...) {
		list := output.FieldByName(name)
		for i := range list.Len() {
			keys = append(keys, p.key(list.Index(i)))
		}
	}
	return keys
}

// resume is the index of the first item that was not served before.
func resume(keys []string, c cursor) int {
	if c.Last == "" {
		return min(c.Served, len(keys))
	}
	if i := slices.Index(keys, c.Last); i >= 0 {
		return i + 1
	}
	if slices.IsSorted(keys) {
		return sort.SearchStrings(keys, c.Last)
	}
	return min(c.Served, len(keys))
}

// key identifies an item; "" where the items have nothing that does.
func (p *Paging) key(item reflect.Value) string {
	switch {
	case item.Kind() == reflect.String:
		return item.String()
	case p.Key != "":
		return text(item.FieldByName(p.Key))
	}
	return ""
}

// cut leaves items start to end in the result, and in the lists that run in
// parallel to it.
func (p *Paging) cut(output reflect.Value, start, end int) {
	length := output.FieldByName(p.Result).Len()
	for _, name := range p.Parallel {
		if also := output.FieldByName(name); also.Len() == length {
			also.Set(also.Slice(start, end))
		}
	}
	for _, name := range append([]string{p.Result}, p.Further...) {
		list := output.FieldByName(name)
		length := list.Len()
		list.Set(list.Slice(min(start, length), min(end, length)))
		start, end = max(0, start-length), max(0, end-length)
	}
}

func text(p reflect.Value) string {
	if p.IsNil() {
		return ""
	}
	return p.Elem().String()
}

func (c cursor) String() string {
	b, _ := json.Marshal(c) // strings and a number always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(token string) (cursor, bool) {
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return cursor{}, false
	}
	return c, c.Served > 0
}
