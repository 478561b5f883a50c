package policy

import (
	"regexp"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	wild, both := dialect{wildcards: true}, dialect{wildcards: true, variables: true}
	context := Keys{"aws:username": {"ann"}, "aws:star": {"*"}, "aws:tagkeys": {"a", "b"}}
	for _, c := range []struct {
		dialect dialect
		pattern string
		text    string
		want    bool
	}{
		{wild, "", "", true},
		{wild, "", "a", false},
		{wild, "*", "", true},
		{wild, "**", "abc", true},
		{wild, "a*c", "abbc", true},
		{wild, "a*c", "abcb", false},
		{wild, "a*b*c", "a-b-b-c", true},
		{wild, "*ab", "aab", true},
		{wild, "?", "", false},
		{wild, "?", "é", true}, // a character, not a byte
		{wild, "a?c", "abbc", false},
		{wild, "*?", "", false},
		{wild, "*é?", "xéé", true},
		{dialect{}, "a*", "ab", false},
		{dialect{}, "a*", "a*", true},

		// Variables: one value, or the default, or no match at all.
		{both, "${aws:username}/*", "ann/x", true},
		{both, "${aws:UserName}", "ann", true},
		{both, "${aws:nobody}*", "", false},
		{both, "${aws:nobody, 'guest'}", "guest", true},
		{both, "${aws:username, 'guest'}", "ann", true},
		{both, "${aws:tagkeys}", "a", false},
		{both, "${aws:tagkeys,'z'}", "z", true},
		// What a client sends is never a wildcard.
		{both, "${aws:star}", "x", false},
		{both, "${aws:star}", "*", true},
		{both, "${*}${?}${$}", "*?$", true},
		{both, "a${aws:username}b${aws:username}c", "aannbannc", true},
		{both, "*${aws:username}?${aws:username}", "xannannxannyann", true},
		{both, "*${aws:username}*${aws:other, 'q'}", "annannq", true},
		// What is no variable: nothing closes it, or the default is not quoted.
		{both, "${aws:username", "${aws:username", true},
		{both, "${aws:nobody, guest}", "guest", false},
		{both, "${aws:nobody,''}x", "x", true},
		{both, "${*}", "x", false},
		{wild, "${aws:username}", "${aws:username}", true},
	} {
		p := compile(c.pattern, c.dialect)
		if got := p.match(c.text, context); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

func TestResourcePattern(t *testing.T) {
	context := Keys{"aws:username": {"ann"}, "aws:principalarn": {"arn:aws:iam::111122223333:user/ann"}, "aws:odd": {"x:y"}}
	for _, c := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", "*", true},
		{"*", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-east-1:111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-east-1:111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/A", false},
		{"arn:aws:eks:*:*:cluster/*", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-*-1:111122223333:*", "arn:aws:eks:us-east-1:111122223333:nodegroup/a/b", true},
		{"arn:aws:eks:us-east-?:111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		// A wildcard stays in its part …
		{"arn:aws:eks:us-*-1:111122223333:cluster/a", "arn:aws:eks:us-x:444455556666:cluster/x-1:111122223333:cluster/a", false},
		{"arn:aws:eks:us-east-1?111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		{"arn:aws:*ks:us-east-1:111122223333:cluster/a", "arn:aws:x:y:ks:us-east-1:111122223333:cluster/a", false},
		// … but for a * at its end.
		{"arn:aws:logs:*:log-group:g:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:s", true},
		{"arn:aws:logs:us-*:log-group:g:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:s", true},
		{"arn:aws:logs:us-*:log-group:h:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:s", false},
		{"arn:aw?:logs:us-*:log-group:g:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:s", true},
		// In the last part may be colons.
		{"arn:aws:logs:*:*:log-group:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s", true},
		{"arn:aws:logs:*:*:log-group:?:*:s", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s", true},
		// An ARN that ends early is completed.
		{"arn:aws:eks", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:ec2", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		{"arn:aws:eks:*:cluster/*", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		{"arn:aws:e?s", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		// What is not an ARN matches only *.
		{"arn:*", "*", false},
		{"arn:aws:eks:*:*:*", "cluster/a", false},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111122223333:user/ann", true},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111122223333:user/bob", false},
		{"arn:aws:iam::*:user/${aws:absent}", "arn:aws:iam::111122223333:user/", false},
		{"arn:aws:i?m::*:user/${aws:username}/*", "arn:aws:iam::111122223333:user/ann/x", true},
		{"arn:aws:${aws:odd}:us-*-1:1:r", "arn:aws:x:y:us-east-1:1:r", false},
		{"${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/ann", true},
	} {
		p := compileResource(c.pattern, dialect{wildcards: true, variables: true})
		if got := p.match(c.arn, context); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.arn, got, c.want)
		}
	}
}

func TestARNPattern(t *testing.T) {
	context := Keys{"aws:username": {"ann"}, "aws:principalarn": {"arn:aws:iam::111122223333:user/ann"}, "aws:account": {"111122223333"}}
	for _, c := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", "anything", true},
		{"arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/app", true},
		{"arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/App", false},
		{"arn:aws:iam::*:role/a??", "arn:aws:iam::111122223333:role/app", true},
		// The documentation's example: a wildcard stays in its part.
		{"arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:us-east-2:111122223333:finance/document.txt", true},
		{"arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false},
		{"arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:111122223333:topic", false},
		{"arn:aws:logs:*:*:log-group:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s", true},
		// All six parts are compared.
		{"arn:aws:iam::*", "arn:aws:iam::111122223333:role/app", false},
		{"arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:", true},
		{"arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333", false},
		{"arn:*:*:*:*:*", "*", false},
		{"arn:aws:iam::111122223333:user/${aws:username}", "arn:aws:iam::111122223333:user/ann", true},
		{"arn:aws:iam::111122223333:user/${aws:absent}", "arn:aws:iam::111122223333:user/ann", false},
		{"arn:aws:iam::${aws:account}:user/*", "arn:aws:iam::111122223333:user/ann", true},
		{"arn:aws:iam::${aws:absent, '111122223333'}:user/*", "arn:aws:iam::111122223333:user/ann", true},
		{"${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/ann", true},
		{"${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/bob", false},
		{"${aws:username}", "ann", false},
	} {
		p := compileARN(c.pattern, dialect{wildcards: true, variables: true})
		if got := p.match(c.arn, context); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.arn, got, c.want)
		}
	}
}

// likeRegexp is the matcher written a second time, by way of a regular
// expression.
func likeRegexp(pattern, text string) bool {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(quoted, `\*`, `.*`)
	quoted = strings.ReplaceAll(quoted, `\?`, `.`)
	return regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(text)
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*a*", "aaa")
	f.Add("é?*", "ééé")
	f.Fuzz(func(t *testing.T, text, other string) {
		text, other = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(other, "?")
		if len(text) > 100 || len(other) > 1000 {
			return
		}
		p := compile(text, dialect{wildcards: true})
		if got, want := p.match(other, nil), likeRegexp(text, other); got != want {
			t.Fatalf("%q matches %q: %v, want %v", text, other, got, want)
		}
	})
}

// TestMatchTime keeps the cost of a hostile pair polynomial: the naive
// recursive matcher would not end.
func TestMatchTime(t *testing.T) {
	p := compile(strings.Repeat("*a", 200)+"b", dialect{wildcards: true})
	if p.match(strings.Repeat("a", 5000), nil) {
		t.Error("a text without b matched")
	}
}
