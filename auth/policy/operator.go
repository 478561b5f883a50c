package policy

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strings"
)

// operator is a condition operator without its quantifier and IfExists.
type operator struct {
	family   family
	negated  bool // …Not…: holds where no value matches
	presence bool // Null
	// compile makes a test of a value of the policy, nil where the value is
	// not of the operator's type.
	compile func(value string, variables bool) test
}

type family byte

const (
	stringFamily family = iota
	arnFamily
	addressFamily
	boolFamily
	binaryFamily
	nullFamily
	numericFamily
	dateFamily
)

// findOperator returns the operator of that name, in lower case.
func findOperator(name string) (operator, bool) {
	o := operator{negated: strings.Contains(name, "not")}
	switch name {
	case "stringequals", "stringnotequals":
		o.compile = stringTest(dialect{})
	case "stringequalsignorecase", "stringnotequalsignorecase":
		o.compile = foldTest
	case "stringlike", "stringnotlike":
		o.compile = stringTest(dialect{wildcards: true})
	case "arnequals", "arnnotequals", "arnlike", "arnnotlike": // all know wildcards
		o.family, o.compile = arnFamily, arnTest
	case "ipaddress", "notipaddress":
		o.family, o.compile = addressFamily, addressTest
	case "bool":
		o.family, o.compile = boolFamily, boolTest
	case "binaryequals":
		o.family, o.compile = binaryFamily, binaryTest
	case "null":
		o.family, o.compile, o.presence = nullFamily, nullTest, true
	default:
		return findComparison(name)
	}
	return o, true
}

// findComparison returns an operator of the families that have an order.
func findComparison(name string) (operator, bool) {
	o := operator{family: dateFamily}
	comparison, ok := strings.CutPrefix(name, "date")
	if !ok {
		o.family = numericFamily
		comparison, ok = strings.CutPrefix(name, "numeric")
	}
	accept, known := findOrder(comparison)
	o.negated = comparison == "notequals"
	if o.compile = numericTest(accept); o.family == dateFamily {
		o.compile = dateTest(accept)
	}
	return o, ok && known
}

func stringTest(d dialect) func(string, bool) test {
	return func(want string, variables bool) test {
		d.variables = variables
		p := compile(want, d)
		if !d.wildcards && p.variables == 0 {
			want = p.String()
			return func(got string, _ Context) bool { return got == want }
		}
		return p.match
	}
}

// foldTest compares without case. Its patterns have no wildcards.
func foldTest(want string, variables bool) test {
	p := compile(want, dialect{variables: variables})
	if p.variables == 0 {
		want = p.String()
		return func(got string, _ Context) bool { return strings.EqualFold(got, want) }
	}
	return func(got string, context Context) bool {
		expanded, ok := p.expand(context)
		return ok && strings.EqualFold(got, expanded.String())
	}
}

func arnTest(want string, variables bool) test {
	p := compileARN(want, dialect{wildcards: true, variables: variables})
	return p.match
}

func boolTest(want string, variables bool) test {
	if p := compile(want, dialect{variables: variables}); p.variables > 0 {
		return foldTest(want, variables)
	}
	if want = strings.ToLower(want); want != "true" && want != "false" {
		return nil
	}
	return func(got string, _ Context) bool { return strings.EqualFold(got, want) }
}

// nullTest compares presence; it has no variables.
func nullTest(want string, _ bool) test { return boolTest(want, false) }

// binaryTest compares bytes with those that the policy has in base64. The
// request has them in base64, too, or as they are.
func binaryTest(want string, _ bool) test {
	w, err := base64.StdEncoding.DecodeString(want)
	if err != nil {
		return nil
	}
	return func(got string, _ Context) bool {
		g, err := base64.StdEncoding.DecodeString(got)
		return err == nil && bytes.Equal(g, w) || got == string(w)
	}
}

// addressTest compares addresses of both families. An IPv4 address mapped
// into IPv6 is the IPv4 address. What stands behind a prefix's length does
// not count.
func addressTest(want string, _ bool) test {
	prefix, ok := parsePrefix(want)
	if !ok {
		return nil
	}
	return func(got string, _ Context) bool {
		a, err := netip.ParseAddr(got)
		return err == nil && a.Zone() == "" && prefix.Contains(a.Unmap())
	}
}

// parsePrefix reads a CIDR, or an address, which stands for itself.
func parsePrefix(s string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(a, a.BitLen())
	}
	if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix, true
}
