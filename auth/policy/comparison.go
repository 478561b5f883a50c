package policy

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// order is what a comparison accepts: the signs of got - want.
type order struct{ less, equal, greater bool }

// findOrder returns what the end of an operator's name accepts, in lower case.
func findOrder(name string) (order, bool) {
	switch name {
	case "equals", "notequals":
		return order{equal: true}, true
	case "lessthan":
		return order{less: true}, true
	case "lessthanequals":
		return order{less: true, equal: true}, true
	case "greaterthan":
		return order{greater: true}, true
	case "greaterthanequals":
		return order{greater: true, equal: true}, true
	}
	return order{}, false
}

func (o order) accepts(sign int) bool {
	return sign < 0 && o.less || sign == 0 && o.equal || sign > 0 && o.greater
}

func numericTest(o order) func(string, bool) test {
	return func(want string, _ bool) test {
		w, ok := parseNumber(want)
		if !ok {
			return nil
		}
		return func(got string, _ Context) bool {
			g, ok := parseNumber(got)
			return ok && o.accepts(g.compare(w))
		}
	}
}

// decimal is an integer, exactly, or a fraction.
type decimal struct {
	whole    int64
	fraction float64
	exact    bool // it is whole
}

func parseNumber(s string) (decimal, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return decimal{whole: n, fraction: float64(n), exact: true}, true
	}
	if strings.Trim(s, "+-.0123456789eE") != "" { // no Inf, NaN, hexadecimal
		return decimal{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return decimal{fraction: f}, err == nil
}

func (n decimal) compare(m decimal) int {
	if n.exact && m.exact {
		return cmp.Compare(n.whole, m.whole)
	}
	return cmp.Compare(n.fraction, m.fraction)
}

func dateTest(o order) func(string, bool) test {
	return func(want string, _ bool) test {
		w, ok := parseDate(want)
		if !ok {
			return nil
		}
		return func(got string, _ Context) bool {
			g, ok := parseDate(got)
			return ok && o.accepts(g.Compare(w))
		}
	}
}

// dateLayouts is the W3C profile of ISO 8601. A time without a zone is UTC.
var dateLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006",
}

// parseDate accepts ISO 8601 and seconds since 1970. Four digits are a year.
func parseDate(s string) (time.Time, bool) {
	if len(s) != 4 {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.Unix(n, 0), true
		}
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
