package policy

import "testing"

func TestConditions(t *testing.T) {
	one := func(value string) map[string][]string { return map[string][]string{"aws:k": {value}} }
	many := func(values ...string) map[string][]string { return map[string][]string{"aws:k": values} }
	for _, c := range []struct {
		condition string // of the key aws:K
		context   map[string][]string
		want      bool
	}{
		// Strings.
		{`"StringEquals":{"aws:K":["a","b"]}`, one("b"), true},
		{`"StringEquals":{"aws:K":"a"}`, one("A"), false},
		{`"StringEquals":{"aws:K":"a*"}`, one("ab"), false},
		{`"StringEquals":{"aws:K":[]}`, one("a"), false},
		{`"StringNotEquals":{"aws:K":[]}`, one("a"), true},
		{`"StringEquals":{"aws:K":"a"}`, nil, false},
		{`"StringNotEquals":{"aws:K":["a","b"]}`, one("b"), false},
		{`"StringNotEquals":{"aws:K":["a","b"]}`, one("c"), true},
		{`"StringNotEquals":{"aws:K":"a"}`, nil, true},
		{`"StringEqualsIgnoreCase":{"aws:K":"aB"}`, one("Ab"), true},
		{`"StringNotEqualsIgnoreCase":{"aws:K":"aB"}`, one("Ab"), false},
		{`"StringEqualsIgnoreCase":{"aws:K":"X${aws:User}"}`, map[string][]string{"aws:k": {"xAnn"}, "aws:user": {"ANN"}}, true},
		{`"StringLike":{"aws:K":"vpce-0?*"}`, one("vpce-0a1b"), true},
		{`"StringNotLike":{"aws:K":"vpce-*"}`, one("vpce-0a1b"), false},
		{`"StringLike":{"aws:K":"${aws:User}/*"}`, map[string][]string{"aws:k": {"ann/x"}, "aws:user": {"ann"}}, true},

		// IfExists: an absent key passes.
		{`"StringEqualsIfExists":{"aws:K":"a"}`, nil, true},
		{`"StringEqualsIfExists":{"aws:K":"a"}`, one("b"), false},
		{`"StringNotEqualsIfExists":{"aws:K":"a"}`, one("a"), false},

		// Null.
		{`"Null":{"aws:K":"true"}`, nil, true},
		{`"Null":{"aws:K":true}`, one("a"), false},
		{`"Null":{"aws:K":"false"}`, one(""), true},
		{`"Null":{"aws:K":"false"}`, many(), false},
		{`"Null":{"aws:K":["true","false"]}`, nil, true},

		// Several values in the request.
		{`"ForAllValues:StringEquals":{"aws:K":["a","b"]}`, many("a", "b"), true},
		{`"ForAllValues:StringEquals":{"aws:K":["a","b"]}`, many("a", "c"), false},
		{`"ForAllValues:StringEquals":{"aws:K":"a"}`, nil, true},
		{`"ForAllValues:StringNotEquals":{"aws:K":"a"}`, many("b", "c"), true},
		{`"ForAllValues:StringNotEquals":{"aws:K":"a"}`, many("a", "c"), false},
		{`"ForAnyValue:StringEquals":{"aws:K":["a","b"]}`, many("c", "b"), true},
		{`"ForAnyValue:StringEquals":{"aws:K":"a"}`, nil, false},
		{`"ForAnyValue:StringEqualsIfExists":{"aws:K":"a"}`, nil, true},
		{`"ForAnyValue:StringNotEquals":{"aws:K":"a"}`, many("a", "c"), true},
		{`"ForAnyValue:StringNotEquals":{"aws:K":"a"}`, many("a"), false},
		{`"ForAnyValue:StringNotEquals":{"aws:K":"a"}`, nil, false},
		{`"StringEquals":{"aws:K":"a"}`, many("a", "b"), true},
		// For a set operator an empty string is an empty set.
		{`"ForAllValues:StringEquals":{"aws:K":"a"}`, one(""), true},
		{`"ForAnyValue:StringEquals":{"aws:K":""}`, one(""), false},
		{`"ForAllValues:StringEquals":{"aws:K":"a"}`, many("", "b"), false},
		{`"ForAllValues:StringEquals":{"aws:K":[]}`, one("a"), false},
		{`"ForAllValues:StringNotLike":{"aws:K":[]}`, one("a"), true},
		{`"StringNotEquals":{"aws:K":"a"}`, many("a", "b"), false},

		// ARNs: both operators know wildcards, part by part.
		{`"ArnEquals":{"aws:K":"arn:aws:iam::*:role/app-*"}`, one("arn:aws:iam::111122223333:role/app-1"), true},
		{`"ArnLike":{"aws:K":"arn:aws:iam::*:role/*"}`, one("arn:aws:iam::111122223333:user/a"), false},
		{`"ArnLike":{"aws:K":"arn:*:role/app"}`, one("arn:aws:iam::111122223333:role/app"), false},
		{`"ArnNotLike":{"aws:K":"arn:aws:iam::*:role/*"}`, one("arn:aws:iam::111122223333:user/a"), true},
		{`"ArnNotEquals":{"aws:K":"arn:aws:iam::*:role/*"}`, nil, true},

		// Booleans and bytes.
		{`"Bool":{"aws:K":"true"}`, one("TRUE"), true},
		{`"Bool":{"aws:K":false}`, one("true"), false},
		{`"Bool":{"aws:K":"false"}`, nil, false},
		{`"BinaryEquals":{"aws:K":"QmluYXJ5"}`, one("QmluYXJ5"), true},
		{`"BinaryEquals":{"aws:K":"QmluYXJ5"}`, one("!"), false},

		{`"BinaryEquals":{"aws:K":"QmluYXJ5"}`, one("Binary"), true},
		{`"Bool":{"aws:K":"${aws:Other}"}`, map[string][]string{"aws:k": {"True"}, "aws:other": {"true"}}, true},
		{`"Bool":{"aws:K":"yes"}`, one("yes"), false},

		// Addresses.
		{`"IpAddress":{"aws:K":"10.0.0.0/16"}`, one("10.0.255.1"), true},
		{`"IpAddress":{"aws:K":"10.0.0.0/16"}`, one("10.1.0.1"), false},
		{`"IpAddress":{"aws:K":"10.0.0.5"}`, one("10.0.0.5"), true},
		{`"IpAddress":{"aws:K":"10.0.0.0/16"}`, one("::ffff:10.0.0.1"), true},
		{`"IpAddress":{"aws:K":["10.0.0.0/8","2001:db8::/32"]}`, one("2001:db8:1::1"), true},
		{`"IpAddress":{"aws:K":"0.0.0.0/0"}`, one("2001:db8::1"), false},
		{`"IpAddress":{"aws:K":"0.0.0.0/0"}`, one("somewhere"), false},
		{`"IpAddress":{"aws:K":"0.0.0.0/0"}`, nil, false},
		{`"IpAddress":{"aws:K":"10.0.9.9/16"}`, one("10.0.0.1"), true}, // host bits do not count
		{`"IpAddress":{"aws:K":"::ffff:10.0.0.0/112"}`, one("10.0.255.1"), true},
		{`"IpAddress":{"aws:K":"::ffff:10.0.0.0/112"}`, one("10.1.0.1"), false},
		{`"IpAddress":{"aws:K":"2001:db8::1"}`, one("2001:DB8:0::1"), true},
		{`"IpAddress":{"aws:K":"10.0.0.0/33"}`, one("10.0.0.1"), false},
		{`"NotIpAddress":{"aws:K":"10.0.0.0/16"}`, one("somewhere"), true},
		{`"NotIpAddress":{"aws:K":["10.0.0.0/16","10.1.0.0/16"]}`, one("10.1.0.1"), false},
		{`"NotIpAddress":{"aws:K":"10.0.0.0/16"}`, one("10.0.0.1"), false},
		{`"NotIpAddress":{"aws:K":"10.0.0.0/16"}`, nil, true}, // why Deny NotIpAddress aws:SourceIp hits endpoints

		// Numbers.
		{`"NumericEquals":{"aws:K":"10"}`, one("1e1"), true},
		{`"NumericNotEquals":{"aws:K":10}`, one("10.0"), false},
		{`"NumericNotEquals":{"aws:K":10}`, one("ten"), true},
		{`"NumericLessThan":{"aws:K":10}`, one("10"), false},
		{`"NumericLessThanEquals":{"aws:K":10}`, one("10"), true},
		{`"NumericGreaterThan":{"aws:K":-1}`, one("-0.5"), true},
		{`"NumericGreaterThanEquals":{"aws:K":10}`, one("9.99"), false},
		{`"NumericLessThan":{"aws:K":10}`, one("0x1"), false},
		{`"NumericEquals":{"aws:K":"ten"}`, one("ten"), false},
		{`"NumericNotEquals":{"aws:K":"ten"}`, one("10"), true},
		{`"NumericNotEquals":{"aws:K":[1,2]}`, one("2"), false},
		{`"NumericEquals":{"aws:K":"9007199254740993"}`, one("9007199254740992"), false},
		{`"NumericLessThanIfExists":{"aws:K":10}`, nil, true},

		// Dates: ISO 8601 in any zone, or seconds since 1970.
		{`"DateEquals":{"aws:K":"2026-01-02T03:04:05Z"}`, one("2026-01-02T04:04:05+01:00"), true},
		{`"DateLessThan":{"aws:K":"2026-01-02"}`, one("2026-01-01T23:59:59Z"), true},
		{`"DateGreaterThan":{"aws:K":1767225600}`, one("2026-01-01T00:00:01Z"), true},
		{`"DateGreaterThanEquals":{"aws:K":"2026"}`, one("1767225600"), true},
		{`"DateNotEquals":{"aws:K":"2026"}`, one("1767225600"), false},
		{`"DateLessThanEquals":{"aws:K":"2026-01-01T00:00Z"}`, one("1767225601"), false},

		{`"DateEquals":{"aws:K":"2026-01-02T03:04:05"}`, one("2026-01-02T03:04:05.000Z"), true},
		{`"DateLessThan":{"aws:K":"2026-01-02"}`, one("yesterday"), false},
		{`"DateLessThan":{"aws:K":"2026-01-02"}`, nil, false},
		{`"DateNotEquals":{"aws:K":"2026-01-02"}`, nil, true},

		// Operators are compared without case.
		{`"stringequals":{"aws:K":"a"}`, one("a"), true},
		{`"foranyvalue:STRINGLIKEifexists":{"aws:K":"a*"}`, many("b", "ab"), true},
		{`"NOTIPADDRESS":{"aws:K":"10.0.0.0/8"}`, one("10.0.0.1"), false},

		// A key that no vendor prefaces is a key that no request has.
		{`"StringEquals":{"K":"a"}`, one("a"), false},

		// All conditions must hold; the key's case does not count.
		{`"StringEquals":{"aws:K":"a"},"StringLike":{"AWS:k":"b*"}`, one("a"), false},
		{`"StringEquals":{"AWS:k":"a"},"StringLike":{"aws:k":"a*"}`, one("a"), true},
	} {
		d, err := Parse(statement(plain + `,"Condition":{` + c.condition + `}`))
		if err != nil {
			t.Errorf("%s: %v", c.condition, err)
			continue
		}
		got := decide(Request{Action: "eks:X", Resource: "*", Context: MakeKeys(c.context)}, d) == Allowed
		if got != c.want {
			t.Errorf("%s with %v: %v, want %v", c.condition, c.context, got, c.want)
		}
	}
}
