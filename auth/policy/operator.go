package policy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator without its quantifier and IfExists.
type operator struct {
	negated  bool // …Not…: holds where no value matches
	presence bool // Null
	compile  func(value string, variables bool) (test, *Error)
}

// findOperator returns the operator of that name, which is case-sensitive.
func findOperator(name string) (operator, bool) {
	o := operator{negated: strings.Contains(name, "Not")}
	switch name {
	case "StringEquals", "StringNotEquals":
		o.compile = stringTest(false, false)
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		o.compile = stringTest(false, true)
	case "StringLike", "StringNotLike":
		o.compile = stringTest(true, false)
	case "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike": // all know wildcards
		o.compile = arnTest
	case "IpAddress", "NotIpAddress":
		o.compile = addressTest
	case "Bool":
		o.compile = boolTest
	case "BinaryEquals":
		o.compile = binaryTest
	case "Null":
		o.compile, o.presence = boolTest, true
	default:
		return findComparison(name)
	}
	return o, true
}

// findComparison returns an operator of the families that have an order.
func findComparison(name string) (operator, bool) {
	family := dateTest
	comparison, ok := strings.CutPrefix(name, "Date")
	if !ok {
		family = numericTest
		comparison, ok = strings.CutPrefix(name, "Numeric")
	}
	accept, known := findOrder(comparison)
	return operator{negated: comparison == "NotEquals", compile: family(accept)}, ok && known
}

func stringTest(wildcards, fold bool) func(string, bool) (test, *Error) {
	return func(want string, variables bool) (test, *Error) {
		if fold {
			want = strings.ToLower(want)
		}
		p, err := compile(want, dialect{wildcards: wildcards, variables: variables})
		if err != nil {
			return nil, err
		}
		return func(got string, context Context) bool {
			if fold {
				got, context = strings.ToLower(got), lower(context, p.variables)
			}
			return p.match(got, context)
		}, nil
	}
}

// lower returns the values of some variables in lower case.
func lower(context Context, variables []variable) Context {
	low := Keys{}
	for _, v := range variables {
		for _, s := range context.Values(v.key) {
			low[v.key] = append(low[v.key], strings.ToLower(s))
		}
	}
	return low
}

func arnTest(want string, variables bool) (test, *Error) {
	p, err := compileARN(want, dialect{wildcards: true, variables: variables})
	if err != nil {
		return nil, err
	}
	return p.match, nil
}

func boolTest(want string, _ bool) (test, *Error) {
	w := strings.ToLower(want)
	if w != "true" && w != "false" {
		return nil, malformed("", "Invalid boolean: %q.", want)
	}
	return func(got string, _ Context) bool { return strings.ToLower(got) == w }, nil
}

func binaryTest(want string, _ bool) (test, *Error) {
	w, err := base64.StdEncoding.DecodeString(want)
	if err != nil {
		return nil, malformed("", "Invalid base64: %q.", want)
	}
	return func(got string, _ Context) bool {
		g, err := base64.StdEncoding.DecodeString(got)
		return err == nil && string(g) == string(w)
	}, nil
}

// addressTest compares addresses of both families. An IPv4 address mapped
// into IPv6 is the IPv4 address.
func addressTest(want string, _ bool) (test, *Error) {
	prefix, err := netip.ParsePrefix(want)
	if err != nil {
		a, err := netip.ParseAddr(want)
		if err != nil || a.Zone() != "" {
			return nil, malformed("", "Invalid IP address or CIDR: %q.", want)
		}
		prefix = netip.PrefixFrom(a, a.BitLen())
	}
	return func(got string, _ Context) bool {
		a, err := netip.ParseAddr(got)
		return err == nil && prefix.Contains(a.Unmap())
	}, nil
}

// order is what a comparison accepts: the signs of got - want.
type order struct{ less, equal, greater bool }

func findOrder(name string) (order, bool) {
	switch name {
	case "Equals", "NotEquals":
		return order{equal: true}, true
	case "LessThan":
		return order{less: true}, true
	case "LessThanEquals":
		return order{less: true, equal: true}, true
	case "GreaterThan":
		return order{greater: true}, true
	case "GreaterThanEquals":
		return order{greater: true, equal: true}, true
	}
	return order{}, false
}

func (o order) accepts(sign int) bool {
	return sign < 0 && o.less || sign == 0 && o.equal || sign > 0 && o.greater
}

func numericTest(o order) func(string, bool) (test, *Error) {
	return func(want string, _ bool) (test, *Error) {
		w, err := parseNumber(want)
		if err != nil {
			return nil, malformed("", "Invalid number: %q.", want)
		}
		return func(got string, _ Context) bool {
			g, err := parseNumber(got)
			return err == nil && (g < w && o.less || g == w && o.equal || g > w && o.greater)
		}, nil
	}
}

// parseNumber accepts decimal integers and fractions.
func parseNumber(s string) (float64, error) {
	if strings.Trim(s, "+-.0123456789eE") != "" { // no Inf, NaN, hexadecimal
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

func dateTest(o order) func(string, bool) (test, *Error) {
	return func(want string, _ bool) (test, *Error) {
		w, ok := parseDate(want)
		if !ok {
			return nil, malformed("", "Invalid date: %q.", want)
		}
		return func(got string, _ Context) bool {
			g, ok := parseDate(got)
			return ok && o.accepts(g.Compare(w))
		}, nil
	}
}

// parseDate accepts the W3C profile of ISO 8601 and seconds since 1970. Four
// digits are a year.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}
